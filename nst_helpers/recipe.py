"""A run as one frozen value that checks itself (lesson 07).

The released code of the field uses mean squared errors where the paper writes sums, which moves its
weights by many orders of magnitude: the `content` and `style` normalizations say which is meant,
and no weight has a meaning without them.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from .errors import RecipeError
from .fields import (
    Average,
    Count,
    Layers,
    Pixels,
    Positive,
    Pyramid,
    Share,
    Weight,
    checked,
    checkers,
)
from .options import (
    Activation,
    Color,
    ContentNormalization,
    LayerWeighting,
    OptimizerName,
    Padding,
    Pooling,
    Precision,
    Preprocessing,
    Resample,
    SizeRule,
    Start,
    StyleNormalization,
    StyleStatistic,
    VariationNormalization,
)

FIRST_OF_EACH_BLOCK = tuple(f"block{block}_conv1" for block in range(1, 6))


@dataclass(frozen=True)
class Recipe:
    """The settings of a run. `dataclasses.replace(recipe, size=512)` changes one.

    Weights multiply the terms as the normalizations define them:

        total = content_weight * sum over content layers
              + style_weight * sum over style layers of w_l E_l
              + variation_weight * total variation

    Attributes
    ----------
    content_layers : tuple of str
        Layers whose features are kept, by Keras' names; empty leaves the content out.
    style_layers : tuple of str
        Layers whose statistic is matched; empty leaves the style out.
    content_weight : float
        alpha.
    style_weight : float
        beta.
    variation_weight : float
        Weight of the total variation, which smooths; not in the paper.
    statistic : str
        What is matched of the style layers' features. Layer by layer: "gram", the matrices of the
        paper; "mean_covariance"; "wasserstein", the distance of Gaussians with these; "sliced", the
        sliced Wasserstein distance of the whole distribution; "shifted_gram", Gram matrices of
        features some distance apart too. For all layers together: "transport", see
        `losses.transport`, which also compares the content, by self-similarity, with
        `content_weight`; "neighbors", see `losses.neighbors`, with a last pass on a scale that the
        pyramid repeats.
    content_normalization : {"paper", "sum", "mean"}
        1/2 sum of squares (eq. 1), sum, or mean; see `losses.content_loss`.
    style_normalization : {"paper", "mean", "mean_per_channel"}
        E_l of eq. 4, or 4 E_l, or 4 E_l / N_l^2; see `losses.style_loss`. Wasserstein distances
        are divided by N_l.
    variation_normalization : {"squared_mean", "absolute_sum"}
        See `losses.total_variation`.
    layer_weights : {"mean", "one", "inverse_square"}
        w_l of L style layers: 1/L, 1, or 1/N_l^2 with N_l channels.
    pooling : {"max", "average"}
        The network was trained with max; the paper takes average.
    padding : {"zero", "reflect"}
        What convolutions see beyond the border; it was trained with zeros, which leave a rim.
    activation : {"relu", "linear"}
        Features after the ReLU, or before it.
    preprocessing : {"caffe", "none"}
        What the network was trained on, or RGB in [0, 1] as it is (a mistake, kept for study).
    normalize_network : bool
        Rescale the network to mean activation 1, as in the paper.
    start : {"content", "style", "gray", "noise", "blurred", "edges"}
        The first image. Gray is the mean color that the network subtracts, noise uniform in [0, 1],
        blurred the content without details, edges its details on the style's mean color.
    start_noise : float
        Share of noise blended into the start, 0 to 1.
    size : int
        Final size in pixels, as `size_rule` measures it.
    size_rule : {"longest", "shortest", "area"}
        `size` is this side, or the side of a square with as many pixels.
    style_scale : float
        Size of the style picture relative to `size`: larger means larger strokes.
    resample : {"lanczos", "bilinear"}
        Filter that scales the pictures.
    color : {"style", "luminance", "match_cholesky", "match_symmetric", "match_optimal_transport"}
        The style's colors, or the content's: "luminance" paints in gray, with the style as light
        as the content, and puts the content's color back; "match_..." gives the style the content's
        colors before the run, by that method of `match_colors`.
    pyramid : tuple of (float, int)
        Coarse to fine: for each scale its share of `size` and its number of steps.
    coarsest : int
        Scales on which the picture has fewer pixels than this, measured as `size` is, are left
        out, and their steps go to the next: the content layer no longer sees objects there.
    optimizer : {"adam", "lbfgs"}
        L-BFGS needs fewer steps, Adam less memory.
    learning_rate : float
        Adam's step, in gray values of 255.
    beta_1 : float
        Adam's averaging of the gradient.
    beta_2 : float
        Adam's averaging of the squared gradient.
    epsilon : float
        Adam's floor of the denominator, in units of the gradient of the total.
    history : int
        Pairs that L-BFGS remembers.
    laplacian_levels : int
        Levels of the Laplacian pyramid whose numbers are optimized; 1 means the pixels themselves.
    clip : bool
        Project the image into [0, 1] after every step.
    precision : {"auto", "float32", "bfloat16"}
        Arithmetic of the network; "auto" takes bfloat16 where a probe finds it faster.
    tile : int
        Pictures with a longer side are computed by tiles of this many pixels: the same result in
        bounded memory, for about twice the time.
    seed : int
        Seed of the start's noise.
    """

    content_layers: Layers = ("block4_conv2",)
    style_layers: Layers = FIRST_OF_EACH_BLOCK
    content_weight: Weight = 1.0
    style_weight: Weight = 1e2
    variation_weight: Weight = 0.0
    statistic: StyleStatistic = "gram"
    content_normalization: ContentNormalization = "mean"
    style_normalization: StyleNormalization = "mean"
    variation_normalization: VariationNormalization = "squared_mean"
    layer_weights: LayerWeighting = "inverse_square"
    pooling: Pooling = "average"
    padding: Padding = "reflect"
    activation: Activation = "relu"
    preprocessing: Preprocessing = "caffe"
    normalize_network: bool = False
    start: Start = "content"
    start_noise: Share = 0.0
    size: Pixels = 512
    size_rule: SizeRule = "longest"
    style_scale: Positive = 1.0
    resample: Resample = "lanczos"
    color: Color = "style"
    pyramid: Pyramid = ((0.4, 60), (0.7, 40), (1.0, 25))
    coarsest: Count = 192
    optimizer: OptimizerName = "lbfgs"
    learning_rate: Positive = 4.0
    beta_1: Average = 0.9
    beta_2: Average = 0.999
    epsilon: Positive = 1e-8
    history: Count = 20
    laplacian_levels: Count = 1
    clip: bool = True
    precision: Precision = "auto"
    tile: Pixels = 1024
    seed: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        for name, checker in _checkers().items():
            object.__setattr__(self, name, checked(name, getattr(self, name), checker))
        if not self.layers:
            raise RecipeError("The recipe has neither content_layers nor style_layers; name some.")

    @property
    def steps(self) -> int:
        """Steps over all scales."""
        return sum(steps for _, steps in self.pyramid)

    @property
    def layers(self) -> tuple[str, ...]:
        """Content and style layers together."""
        return (*self.content_layers, *self.style_layers)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, ready for JSON."""
        return dataclasses.asdict(self)


@functools.cache
def _checkers() -> Mapping[str, TypeAdapter[Any]]:
    return checkers(Recipe)


def check_seconds(seconds: float) -> float:
    """Return a time for a run in seconds, if it is one.

    Raises
    ------
    RecipeError
        If it is not a finite number above 0.
    """
    if not 0 < seconds < math.inf:
        raise RecipeError(f"The time must be a number of seconds above 0, not {seconds}.")
    return seconds
