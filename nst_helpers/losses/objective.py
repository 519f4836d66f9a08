"""What a run minimizes: weighted terms as a function of the image alone (lesson 07).

Whatever depends on the content and style pictures is computed once: P of the content layers and A
of the style layers. After that, image in, loss terms and gradient out. Objectives add, and a number
times an objective is one:

    content(network, photo, layers) + 1e3 * style(network, [painting], others)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._tensorflow import tf
from ..errors import RecipeError
from ..network.vgg19 import VGG19
from ..options import ContentNormalization, VariationNormalization
from .slot import Statistic
from .terms import content_loss, total_variation

Maps = dict[str, tf.Tensor]


class Objective:
    """A sum of weighted terms. The loop needs `names` and `terms_and_gradient`, and no more.

    Parameters
    ----------
    names : sequence of str
        The terms in order: ``"content/block4_conv2"``, ``"style/block1_conv1"``, ...
    network : VGG19, optional
        Whose features `measure` gets; it is run once for all objectives that were added.
    """

    def __init__(self, names: Sequence[str], network: VGG19 | None = None) -> None:
        self.names, self.network = tuple(names), network

    @property
    def counters(self) -> tuple[tf.Variable, ...]:
        """What is counted from step to step, where the terms depend on it: random positions."""
        return ()

    def measure(self, features: Maps, images: tf.Tensor) -> tf.Tensor:
        """Return the weighted terms of images whose features are there; subclasses have it.

        Parameters
        ----------
        features : dict of str to tensor, shape (B, H_l, W_l, N_l)
            By layer, of every layer of the network.
        images : tensor, float32, shape (B, H, W, 3)
            RGB in [0, 1].

        Returns
        -------
        tensor, float32, shape (B, T)
            In the order of `names`.
        """
        raise NotImplementedError

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
        return self.measure(self.network(images) if self.network else {}, images)

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

    def replace_content(self, content: np.ndarray, current: np.ndarray | None = None) -> None:
        """Take another content picture of the same size; what was compiled stays valid.

        Parameters
        ----------
        content : ndarray, float32, shape (H, W, 3)
            RGB in [0, 1].
        current : ndarray, float32, shape (H, W, 3), optional
            The picture so far, for what is matched anew on every scale.
        """

    def __add__(self, other: Objective) -> Objective:
        return Sum((self, other))

    def __rmul__(self, weight: float) -> Objective:
        return Sum((self,), weight)


class Sum(Objective):
    """Objectives with one weight; the terms of one network come from one pass through it.

    Raises
    ------
    RecipeError
        If the objectives have different networks.
    """

    def __init__(self, parts: Sequence[Objective], weight: float = 1.0) -> None:
        self.parts, self.weight = tuple(parts), weight
        networks = {id(part.network): part.network for part in parts if part.network}
        if len(networks) > 1:
            raise RecipeError(
                "Objectives that are added need one network: give the same VGG19, with the layers "
                "of all of them, to each."
            )
        names = [name for part in parts for name in part.names]
        super().__init__(names, next(iter(networks.values()), None))

    @property
    def counters(self) -> tuple[tf.Variable, ...]:
        """Those of all parts."""
        return tuple(counter for part in self.parts for counter in part.counters)

    def measure(self, features: Maps, images: tf.Tensor) -> tf.Tensor:
        """Return the terms of all parts, times the weight."""
        terms = [part.measure(features, images) for part in self.parts]
        return self.weight * tf.concat(terms, axis=-1)

    def replace_content(self, content: np.ndarray, current: np.ndarray | None = None) -> None:
        """Take another content picture of the same size, in every part."""
        for part in self.parts:
            part.replace_content(content, current)


class Content(Objective):
    """Content losses, one for each layer of `targets`; `content` makes it."""

    def __init__(self, network: VGG19, targets: Maps, normalization: ContentNormalization) -> None:
        super().__init__([f"content/{layer}" for layer in targets], network)
        self.targets = {layer: tf.Variable(target) for layer, target in targets.items()}
        self.normalization = normalization

    def measure(self, features: Maps, images: tf.Tensor) -> tf.Tensor:
        """Return L_content of each layer."""
        pairs = [(features[layer], target) for layer, target in self.targets.items()]
        return tf.stack([content_loss(*pair, self.normalization) for pair in pairs], axis=-1)

    def replace_content(self, content: np.ndarray, current: np.ndarray | None = None) -> None:
        """Take another content picture of the same size."""
        assert self.network is not None
        self.assign(self.network(tf.constant(content[None])))

    def assign(self, features: Maps) -> None:
        """Take these features as the targets."""
        for layer, target in self.targets.items():
            target.assign(features[layer])


class Style(Objective):
    """Weighted losses of a statistic, one for each layer of `targets`; `style` makes it."""

    def __init__(
        self,
        network: VGG19,
        targets: Mapping[str, Any],
        weights: Mapping[str, float],
        statistic: Statistic,
    ) -> None:
        super().__init__([f"style/{layer}" for layer in targets], network)
        self.targets, self.weights, self.statistic = targets, weights, statistic

    def measure(self, features: Maps, images: tf.Tensor) -> tf.Tensor:
        """Return w_l E_l of each layer."""
        measure = self.statistic.measure
        return self.compare({layer: measure(features[layer]) for layer in self.targets})

    def compare(self, measured: Maps) -> tf.Tensor:
        """Return w_l E_l from what was measured in the layers."""
        terms = [
            self.weights[layer] * self.statistic.loss(measured[layer], target)
            for layer, target in self.targets.items()
        ]
        return tf.stack(terms, axis=-1)


class Variation(Objective):
    """The total variation of the pixels."""

    def __init__(self, normalization: VariationNormalization = "squared_mean") -> None:
        super().__init__(["variation"])
        self.normalization = normalization

    def measure(self, features: Maps, images: tf.Tensor) -> tf.Tensor:
        """Return the total variation."""
        return total_variation(images, self.normalization)[..., None]
