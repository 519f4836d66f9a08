"""The judge: one content and one style, and any number of results."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

import numpy as np

from ..architecture import CHANNELS
from ..errors import ImageError
from ..files import quoted
from ..losses.statistics import directions
from ..network.vgg19 import VGG19
from ..network.weights import Weights
from ..pictures.read import load_image, picture_shape
from ..pictures.sizes import resize_to, without_upsizing
from ..transfer.inputs import SLACK_OF_SHAPES, Picture, as_source, check_proportions, read_once
from .content import similarity_divergence, ssim
from .copies import copied_share
from .gaussians import E_LAYERS, Gaussian, e_statistic, gaussian
from .photos import features, photo_axes
from .sliced import sliced_distance

#: Layers of `Verdict.style_distance`. No recipe of the package uses one of them, and VGG16, which
#: most methods that match features are written for, has neither.
STYLE_LAYERS = ("block3_conv4", "block4_conv4")

#: Layer of `Verdict.content_distance`.
CONTENT_LAYER = "block3_conv1"

#: Layer of `Verdict.copied`.
COPY_LAYER = "block3_conv4"

SMALLEST = 64  # pixels: of 48 on, block3_conv1 has more places than E has axes there


@dataclass(frozen=True)
class Verdict:
    """What the judge says of one result. No number alone says whether it is good.

    Attributes
    ----------
    style_distance : float
        Sliced Wasserstein distance of the features from the style's at `STYLE_LAYERS`, with
        maximum pooling, as a share of the content's distance, and the mean of the layers. 0 the
        style picture, 1 the content, more is possible; less is better.
    E : float
        The E statistic of Yeh et al. (2020): 0.7468 E_1 + 0.2557 E_2 + 2.3768 E_3, E_l = -ln KL of
        the features' Gaussians at the first layers of blocks 1 to 3, where most recipes optimize
        much the same. 46.7 the style picture itself, photos near -14, results between; more is
        better. The weights were fitted to people's choices among results of parametric methods,
        such as Gram matrices: do not rank matching methods (NNST, STROTSS) by it. Its axes are
        those of nine photos of ours (`photos.PHOTOS`), not of the authors' 200, so that values can
        be compared with each other only.
    content_distance : float
        How much has changed in which places look alike, at `CONTENT_LAYER`
        (`similarity_divergence`, after StyleID's CFSD). 0 the content; less is better. Results gave
        0.4 to 1.3, pictures of something else 1.2 to 1.6.
    ssim : float
        Structural similarity with the content's luminance, -1 to 1. 1 the content; more is better.
    copied : float
        Share of the places that are nearly the same in the style picture, at `COPY_LAYER`
        (`copied_share`), 0 to 1. 1 the style picture; less is better.
    """

    style_distance: float
    E: float
    content_distance: float
    ssim: float
    copied: float


class Judge:
    """Judge results against their content and style.

    The network is loaded, and the content and the style are looked at, when the first result is.

    Parameters
    ----------
    content, style : str, path, array or whatever else `load_image` reads
        Files, or names that `data.names` lists.
    size : int
        Longest side in pixels at which all are judged; nothing is enlarged. Best is the size at
        which the results were made, since strokes of other sizes are other strokes.
    weights : Weights, optional
        From `load_weights`; by default the pretrained ones.

    Raises
    ------
    ImageError, DataError
        If a picture cannot be read or is too small, or both are the same.
    WeightsError
        With the first result, if the weights cannot be had.
    """

    def __init__(
        self, content: Picture, style: Picture, size: int = 256, weights: Weights | None = None
    ) -> None:
        self.content = _opened("content", content, size)
        self.style = _opened("style", style, size)
        if np.array_equal(self.content, self.style):
            raise ImageError("The content and the style are the same picture; give two.")
        self._weights = weights

    def open(self, result: Picture) -> np.ndarray:
        """Return a result as it is judged, or say why it cannot be; the network is not needed.

        Returns
        -------
        numpy.ndarray
            Float32, RGB in [0, 1], of the content's shape.

        Raises
        ------
        ImageError, DataError
            If it cannot be read, has other proportions than the content, or is smaller.
        """
        source = as_source(read_once(result))
        height, width = picture_shape(source)
        rows, columns = self.content.shape[:2]
        name = quoted(result) if isinstance(result, str | os.PathLike) else "The result"
        check_proportions(name, (height, width), (rows, columns))
        if min(height / rows, width / columns) < 1 - SLACK_OF_SHAPES:
            raise ImageError(
                f"{name} has {width} x {height} pixels, less than the {columns} x {rows} at which "
                f"it is judged; judge at size {max(height, width)} or less."
            )
        image = load_image(source, min(max(rows, columns), max(height, width)))
        return resize_to(image, (rows, columns))

    def __call__(self, result: Picture) -> Verdict:
        """Judge one result: about 2.6 s of processor time at 256 pixels, ten times that at 512.

        Parameters
        ----------
        result : str, path, array or whatever else `load_image` reads
            With the proportions of the content, and not smaller than it is judged.

        Raises
        ------
        ImageError, DataError
            If it cannot be read, has other proportions than the content, or is smaller.
        WeightsError
            If the weights cannot be had.
        """
        image = self.open(result)
        seen = features(self._network, image)
        return Verdict(
            style_distance=float(np.mean(self._style_distances(seen) / self._whole)),
            E=self._e_statistic(seen),
            content_distance=similarity_divergence(
                self._content_features[CONTENT_LAYER], seen[CONTENT_LAYER]
            ),
            ssim=ssim(image, self.content),
            copied=copied_share(seen[COPY_LAYER], self._style_features[COPY_LAYER]),
        )

    @functools.cached_property
    def _network(self) -> VGG19:
        return VGG19([*E_LAYERS, *STYLE_LAYERS], self._weights)

    @functools.cached_property
    def _directions(self) -> dict[str, np.ndarray]:
        return {name: directions(CHANNELS[name]).numpy() for name in STYLE_LAYERS}

    @functools.cached_property
    def _content_features(self) -> dict[str, np.ndarray]:
        return features(self._network, self.content)

    @functools.cached_property
    def _style_features(self) -> dict[str, np.ndarray]:
        return features(self._network, self.style)

    @functools.cached_property
    def _style_gaussians(self) -> dict[str, Gaussian]:
        return self._gaussians(self._style_features)

    @functools.cached_property
    def _whole(self) -> np.ndarray:
        """The distance of the content from the style at each layer."""
        return self._style_distances(self._content_features)

    def _gaussians(self, seen: dict[str, np.ndarray]) -> dict[str, Gaussian]:
        axes = photo_axes(self._network.weights)
        return {name: gaussian(seen[name]).along(axes[name]) for name in E_LAYERS}

    def _style_distances(self, seen: dict[str, np.ndarray]) -> np.ndarray:
        style, lines = self._style_features, self._directions
        return np.array(
            [sliced_distance(seen[name], style[name], lines[name]) for name in STYLE_LAYERS]
        )

    def _e_statistic(self, seen: dict[str, np.ndarray]) -> float:
        style, result = self._style_gaussians, self._gaussians(seen)
        return sum(
            weight * e_statistic(result[name], style[name])
            for name, (_, weight) in E_LAYERS.items()
        )


def _opened(role: str, picture: Picture, size: int) -> np.ndarray:
    """Return the content or the style as it is judged, or say that it is too small."""
    source = as_source(read_once(picture))
    height, width = without_upsizing(picture_shape(source), size, "longest")
    if min(height, width) < SMALLEST:
        raise ImageError(
            f"The {role} has {width} x {height} pixels where it is judged, and each side needs "
            f"{SMALLEST}; take a larger picture or size, or crop it."
        )
    return load_image(source, size)
