"""Every choice of a run as one frozen value, and each published system as one such value.

Lesson 06 puts the recipes side by side. The released code of the field uses mean squared errors
where the paper writes sums, which moves its weights by many orders of magnitude: the `content` and
`style` normalizations say which is meant, and no weight has a meaning without them.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

from .errors import RecipeError
from .options import (
    Activation,
    ContentNormalization,
    LayerWeighting,
    OptimizerName,
    Pooling,
    Precision,
    Preprocessing,
    Resample,
    SizeRule,
    Start,
    StyleNormalization,
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
        Layers whose Gram matrices are matched; empty leaves the style out.
    content_weight : float
        alpha.
    style_weight : float
        beta.
    variation_weight : float
        Weight of the total variation, which smooths; not in the paper.
    content_normalization : {"paper", "sum", "mean"}
        1/2 sum of squares (eq. 1), sum, or mean; see `losses.content_loss`.
    style_normalization : {"paper", "mean", "mean_per_channel"}
        E_l of eq. 4, or 4 E_l, or 4 E_l / N_l^2; see `losses.style_loss`.
    variation_normalization : {"squared_mean", "absolute_sum"}
        See `losses.total_variation`.
    layer_weights : {"mean", "one", "inverse_square"}
        w_l of L style layers: 1/L, 1, or 1/N_l^2 with N_l channels.
    pooling : {"max", "average"}
        The network was trained with max; the paper takes average.
    activation : {"relu", "linear"}
        Features after the ReLU, or before it.
    preprocessing : {"caffe", "none"}
        What the network was trained on, or RGB in [0, 1] as it is (a mistake, kept for study).
    normalize_network : bool
        Rescale the network to mean activation 1, as in the paper.
    start : {"content", "style", "noise"}
        The first image. Noise is uniform in [0, 1].
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
    pyramid : tuple of (float, int)
        Coarse to fine: for each scale its share of `size` and its number of steps.
    coarsest : int
        Scales below this many pixels are left out, and their steps go to the next: in a picture
        that small the content layer no longer sees objects.
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

    content_layers: tuple[str, ...] = ("block4_conv2",)
    style_layers: tuple[str, ...] = FIRST_OF_EACH_BLOCK
    content_weight: float = 1.0
    style_weight: float = 1e2
    variation_weight: float = 0.0
    content_normalization: ContentNormalization = "mean"
    style_normalization: StyleNormalization = "mean"
    variation_normalization: VariationNormalization = "squared_mean"
    layer_weights: LayerWeighting = "inverse_square"
    pooling: Pooling = "average"
    activation: Activation = "relu"
    preprocessing: Preprocessing = "caffe"
    normalize_network: bool = False
    start: Start = "content"
    start_noise: float = 0.0
    size: int = 512
    size_rule: SizeRule = "longest"
    style_scale: float = 1.0
    resample: Resample = "lanczos"
    pyramid: tuple[tuple[float, int], ...] = ((0.4, 60), (0.7, 40), (1.0, 25))
    coarsest: int = 192
    optimizer: OptimizerName = "lbfgs"
    learning_rate: float = 4.0
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    history: int = 20
    clip: bool = True
    precision: Precision = "auto"
    tile: int = 1024
    seed: int = 0

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            _check_choice(name, getattr(self, name), kind)
        for name in ("content_weight", "style_weight", "variation_weight"):
            _require(_is_weight(getattr(self, name)), name, "a finite number, 0 or more")
        for name in ("learning_rate", "style_scale", "epsilon"):
            _require(0 < getattr(self, name) < math.inf, name, "a finite number above 0")
        for name in ("beta_1", "beta_2"):
            _require(0 <= getattr(self, name) < 1, name, "at least 0 and below 1")
        _require(0 <= self.start_noise <= 1, "start_noise", "between 0 and 1")
        _require(self.size >= 16, "size", "at least 16 pixels, what block5 of VGG19 needs")
        _require(self.tile >= 16, "tile", "at least 16 pixels")
        _require(self.history >= 1, "history", "at least 1")
        _require(_is_pyramid(self.pyramid), "pyramid", "pairs of (share in (0, 1], steps >= 1)")
        for name in ("content_layers", "style_layers"):
            _require(not isinstance(getattr(self, name), str), name, "a tuple of layer names")
        _require(bool(self.layers), "style_layers", "not empty, or content_layers must not be")

    @property
    def steps(self) -> int:
        """Steps over all scales."""
        return sum(steps for _, steps in self.pyramid)

    @property
    def scales(self) -> tuple[tuple[float, int], ...]:
        """The pyramid without the scales below `coarsest`."""
        kept, steps = [], 0
        for scale in self.pyramid:
            share, more = scale
            steps += more
            if share * self.size >= self.coarsest or scale is self.pyramid[-1]:
                kept.append((share, steps))
                steps = 0
        return tuple(kept)

    @property
    def layers(self) -> tuple[str, ...]:
        """Content and style layers together."""
        return (*self.content_layers, *self.style_layers)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, ready for JSON."""
        return dataclasses.asdict(self)


def _require(condition: bool, name: str, what: str) -> None:
    if not condition:
        raise RecipeError(f"The recipe's {name} must be {what}.")


def _check_choice(name: str, value: Any, kind: Any) -> None:
    if isinstance(get_origin(kind), type) or not get_args(kind) or value in get_args(kind):
        return
    raise RecipeError(f"The recipe's {name} is {value!r}; choose from {', '.join(get_args(kind))}.")


def _is_weight(value: float) -> bool:
    return math.isfinite(value) and value >= 0


def _is_pyramid(pyramid: tuple[tuple[float, int], ...]) -> bool:
    return bool(pyramid) and all(0 < share <= 1 and steps >= 1 for share, steps in pyramid)


# The paper's text: noise start, average pooling, rescaled network, L-BFGS, w_l = 1/5, no clipping.
# Its alpha/beta = 1e-3 is read as a ratio of mean squared errors on the rescaled network, as in the
# authors' released settings (content 1e6, style 1e9 / 5); the text alone does not decide this.
GATYS2016 = Recipe(
    style_weight=1e3,
    layer_weights="mean",
    normalize_network=True,
    start="noise",
    pyramid=((1.0, 500),),
    clip=False,
)

# The authors' PyTorch notebook: max pooling and content start, against the paper's text.
GATYS_CODE = Recipe(
    style_weight=1e3,
    pooling="max",
    size_rule="shortest",
    resample="bilinear",
    pyramid=((1.0, 500),),
    clip=False,
)

# Second part of the tutorial: with total variation, on [0, 1] images clipped at every step.
TENSORFLOW_TUTORIAL = Recipe(
    content_layers=("block5_conv2",),
    content_weight=1e4,
    style_weight=1e-2,
    variation_weight=30.0,
    variation_normalization="absolute_sum",
    layer_weights="mean",
    pooling="max",
    pyramid=((1.0, 1000),),
    optimizer="adam",
    learning_rate=0.02 * 255,
    beta_1=0.99,
    epsilon=0.1,
)

# The tutorial counts convolutions, so its conv_1 ... conv_5 are not the first of each block.
# It uses torchvision's weights; these are the Caffe ones, so its losses differ in scale.
PYTORCH_TUTORIAL = Recipe(
    content_layers=("block2_conv2",),
    style_layers=("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1"),
    style_weight=1e6,
    style_normalization="mean_per_channel",
    layer_weights="one",
    pooling="max",
    activation="linear",
    pyramid=((1.0, 300),),
)

# A widely copied summary of the method, as printed: no preprocessing, a deep content layer.
PATTERN_CARD = Recipe(
    content_layers=("block5_conv2",),
    style_weight=1.0,
    layer_weights="mean",
    pooling="max",
    preprocessing="none",
    size=256,
    pyramid=((1.0, 1000),),
    optimizer="adam",
    learning_rate=0.02 * 255,
    epsilon=1e-7,
)

RECIPES: dict[str, Recipe] = {
    "default": Recipe(),
    "gatys2016": GATYS2016,
    "gatys_code": GATYS_CODE,
    "tensorflow_tutorial": TENSORFLOW_TUTORIAL,
    "pytorch_tutorial": PYTORCH_TUTORIAL,
    "pattern_card": PATTERN_CARD,
}


def get_recipe(name: str) -> Recipe:
    """Return a published recipe by name.

    Raises
    ------
    RecipeError
        If there is none of that name; the message suggests the nearest.

    Examples
    --------
    >>> get_recipe("gatys2016").pooling
    'average'
    """
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, n=1, cutoff=0.0)[0]
        raise RecipeError(
            f"There is no recipe {name!r}; did you mean {near!r}? All: {', '.join(RECIPES)}."
        )
    return RECIPES[name]
