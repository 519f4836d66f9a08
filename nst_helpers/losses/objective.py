"""The weighted total loss as a function of the image alone (lesson 06).

Whatever depends on the content and style pictures is computed once: P of the content layers and A
of the style layers. After that, image in, loss terms and gradient out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._tensorflow import tf
from ..architecture import CHANNELS
from ..network.vgg19 import VGG19
from ..recipe import Recipe
from .statistics import gram_matrix
from .terms import content_loss, style_loss, total_variation


class Objective:
    """Total loss of a recipe for one content picture and one or more style pictures.

    Parameters
    ----------
    extractor : VGG19
        Must give all layers of the recipe.
    recipe : Recipe
    content : ndarray, float32, shape (H, W, 3)
        RGB in [0, 1], at the size of the result.
    styles : sequence of ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]; sizes may differ. With several, their Gram matrices are averaged.
    style_shares : sequence of float
        The weight of each style in that average; scaled to sum to 1.

    Attributes
    ----------
    names : tuple of str
        The terms in the order of `terms`: ``"content/block4_conv2"``, ``"style/block1_conv1"``,
        ..., ``"variation"``.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, eqs. 1, 4, 5 and 7.
    """

    def __init__(
        self,
        extractor: VGG19,
        recipe: Recipe,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        style_shares: Sequence[float] = (1.0,),
    ) -> None:
        self.extractor, self.recipe = extractor, recipe
        features = self._content_features(content)
        self.compiled: dict[Any, Any] = {}  # the steps of transfer, kept as long as the objective
        self.content_targets = {name: tf.Variable(target) for name, target in features.items()}
        self.style_targets = self._mean_grams(styles, style_shares)
        self.names = (
            *(f"content/{name}" for name in self.content_targets),
            *(f"style/{name}" for name in self.style_targets),
            *(["variation"] if recipe.variation_weight else []),
        )

    def replace_content(self, content: np.ndarray) -> None:
        """Take another content picture of the same size; what was compiled stays valid.

        Parameters
        ----------
        content : ndarray, float32, shape (H, W, 3)
            RGB in [0, 1].
        """
        for name, features in self._content_features(content).items():
            self.content_targets[name].assign(features)

    def terms(self, images: tf.Tensor) -> tf.Tensor:
        """Return the weighted terms, which sum to the total loss.

        Parameters
        ----------
        images : tensor, float32, shape (B, H, W, 3)
            RGB in [0, 1].

        Returns
        -------
        tensor, float32, shape (B, T)
            In the order of `names`.
        """
        features, normalization = self.extractor(images), self.recipe.content_normalization
        contents = {
            name: content_loss(features[name], target, normalization)
            for name, target in self.content_targets.items()
        }
        grams = {name: gram_matrix(features[name]) for name in self.style_targets}
        return self._weigh(contents, grams, images)

    def terms_and_gradient(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the weighted terms and the gradient of their sum with respect to `images`.

        Returns
        -------
        terms : tensor, float32, shape (B, T)
        gradient : tensor, float32, shape (B, H, W, 3)
            Per unit of [0, 1], not per gray value.
        """
        with tf.GradientTape() as tape:
            tape.watch(images)
            terms = self.terms(images)
            total = tf.reduce_sum(terms)
        return terms, tape.gradient(total, images)

    def _weigh(
        self, contents: dict[str, tf.Tensor], grams: dict[str, tf.Tensor], images: tf.Tensor
    ) -> tf.Tensor:
        recipe = self.recipe
        terms = [recipe.content_weight * contents[name] for name in self.content_targets]
        terms += [
            recipe.style_weight
            * self._layer_weight(name)
            * style_loss(grams[name], target, recipe.style_normalization)
            for name, target in self.style_targets.items()
        ]
        if recipe.variation_weight:
            variation = total_variation(images, recipe.variation_normalization)
            terms.append(recipe.variation_weight * variation)
        return tf.stack(terms, axis=-1)

    def _content_features(self, content: np.ndarray) -> dict[str, tf.Tensor]:
        features = self.extractor(tf.constant(content[None]))
        return {name: features[name] for name in self.recipe.content_layers}

    def _style_grams(self, style: np.ndarray) -> dict[str, tf.Tensor]:
        features = self.extractor(tf.constant(style[None]))
        return {name: gram_matrix(features[name]) for name in self.recipe.style_layers}

    def _mean_grams(
        self, styles: Sequence[np.ndarray], shares: Sequence[float]
    ) -> dict[str, tf.Tensor]:
        grams = [self._style_grams(style) for style in styles]
        weighted = list(zip(np.divide(shares, sum(shares)), grams, strict=True))
        return {
            name: tf.add_n([share * gram[name] for share, gram in weighted])
            for name in self.recipe.style_layers
        }

    def _layer_weight(self, name: str) -> float:
        weightings = {
            "mean": 1 / len(self.recipe.style_layers),
            "one": 1.0,
            "inverse_square": 1 / CHANNELS[name] ** 2,
        }
        return weightings[self.recipe.layer_weights]
