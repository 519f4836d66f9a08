"""The shape of VGG19: its layers, their channels, and what they stand for in pixels (lesson 03).

Layer names are Keras'; the paper's conv4_2 is `block4_conv2` here. No array library is needed to
know these, so recipes check their layers without one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from .errors import LayerError

#: The convolutions of VGG19 in order: name, channels in, channels out.
ARCHITECTURE: tuple[tuple[str, int, int], ...] = (
    ("block1_conv1", 3, 64),
    ("block1_conv2", 64, 64),
    ("block2_conv1", 64, 128),
    ("block2_conv2", 128, 128),
    ("block3_conv1", 128, 256),
    ("block3_conv2", 256, 256),
    ("block3_conv3", 256, 256),
    ("block3_conv4", 256, 256),
    ("block4_conv1", 256, 512),
    ("block4_conv2", 512, 512),
    ("block4_conv3", 512, 512),
    ("block4_conv4", 512, 512),
    ("block5_conv1", 512, 512),
    ("block5_conv2", 512, 512),
    ("block5_conv3", 512, 512),
    ("block5_conv4", 512, 512),
)

LAYERS: tuple[str, ...] = tuple(name for name, _, _ in ARCHITECTURE)
CHANNELS: dict[str, int] = {name: channels for name, _, channels in ARCHITECTURE}


def check_layers(names: Iterable[str]) -> tuple[str, ...]:
    """Return `names` in the order of the network, each once.

    Raises
    ------
    LayerError
        If a name is not a convolution of VGG19; the message suggests the nearest one.

    Examples
    --------
    >>> check_layers(["block4_conv2", "block1_conv1"])
    ('block1_conv1', 'block4_conv2')
    """
    wanted = set(names)
    for name in sorted(wanted - set(LAYERS)):
        as_keras = re.sub(r"^(?:conv|relu)(\d)_(\d)$", r"block\1_conv\2", name)  # as papers say
        near = difflib.get_close_matches(as_keras, LAYERS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(LAYERS)}."
        raise LayerError(f"VGG19 has no layer {name!r}; {hint}")
    if not wanted:
        raise LayerError("No layer was asked for; name at least one, such as 'block4_conv2'.")
    return tuple(name for name in LAYERS if name in wanted)


def smallest_side(layer: str) -> int:
    """Return the smallest image side, in pixels, that still reaches `layer`.

    Examples
    --------
    >>> smallest_side("block5_conv1")
    16
    """
    return int(2 ** (int(layer[5]) - 1))
