"""A texture that lives in the page, without a kernel, and heals where it is wiped (lesson 13)."""

from __future__ import annotations

import base64
import html
import io
import secrets
from pathlib import Path

import numpy as np
import PIL.Image
from IPython.display import HTML

from ..feedforward.automaton import CHANNELS, colors, grow, kept_automaton
from ..feedforward.kept import kept_network
from ..pictures import data

_SIDE = 96  # cells
_STEPS = 300  # of the still picture
_SCRIPT = Path(__file__).with_name("living.js")
_PAGE = """<figure id="{id}" data-lm-suppress-shortcuts="true" style="margin: 0">
<img src="data:image/jpeg;base64,{still}" alt="{alt}" style="width: 384px; max-width: 100%">
<figcaption><small>{caption}</small></figcaption>
</figure>
<script>(() => {{
{script}
live(document.getElementById("{id}"), "{numbers}", {side});
}})();</script>"""


def living_texture(painting: str) -> HTML:
    """Return a texture after a painting as a page's part that needs no kernel and no network.

    Cells start gray and grow it; what is wiped with the mouse or a finger grows again. It rests
    while it is out of sight, and until *Play* for readers who want less motion. Where no script
    runs, as in a notebook that is not trusted, a still picture is shown.

    Parameters
    ----------
    painting : str
        "swirling_night" or "stained_glass".

    Returns
    -------
    IPython.display.HTML
        About 35 kB.

    Raises
    ------
    WeightsError
        If there is no automaton of this painting.
    """
    numbers = kept_network(f"automaton_{painting}").values()
    title = data.info(painting).title
    alt = f"A texture after {title}, out of {_SIDE} x {_SIDE} cells that see only their neighbors"
    words = "Cells that see only their neighbors, trained on a piece of"
    parts = {
        "id": f"living-{secrets.token_hex(4)}",  # pages of several notebooks may be one document
        "still": _encoded(_still(painting)),
        "alt": html.escape(alt),
        "caption": html.escape(f"{words} {title}."),
        "script": _SCRIPT.read_text(encoding="utf-8"),
        "numbers": _encoded(b"".join(array.astype("<f2").tobytes() for array in numbers)),
        "side": _SIDE,
    }
    return HTML(_PAGE.format(**parts))


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _still(painting: str) -> bytes:
    """Return a JPEG of what the automaton grows."""
    start = np.zeros((_SIDE, _SIDE, CHANNELS), np.float32)
    image = colors(grow(kept_automaton(painting), start, _STEPS))
    jpeg = io.BytesIO()
    PIL.Image.fromarray(np.uint8(np.rint(255 * image))).save(jpeg, "JPEG", quality=80)
    return jpeg.getvalue()
