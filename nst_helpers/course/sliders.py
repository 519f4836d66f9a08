"""The sliders that numbers and curves are predicted with (`predictions`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ipywidgets import FloatLogSlider, FloatSlider, HBox
from traitlets import Bool, observe
from traitlets import Tuple as Several


def slider(low: float, high: float) -> Any:
    """Return a slider that suggests nothing, logarithmic if it spans a factor of 100.

    Parameters
    ----------
    low, high : float
        Its ends.

    Returns
    -------
    FloatSlider or FloatLogSlider
    """
    looks = {"value": low, "readout_format": ".3r"}  # low suggests least; no powers of ten
    if low > 0 and high / low >= 100:
        start, end = math.log10(low), math.log10(high)
        return FloatLogSlider(min=start, max=end, step=(end - start) / 100, **looks)
    return FloatSlider(min=low, max=high, step=(high - low) / 100, **looks)


class Sliders(HBox):
    """A slider for each point of a curve, which together are one control.

    Attributes
    ----------
    value : tuple of float, or None
        None until one of them is moved, and never again.
    disabled : bool
    """

    value = Several(default_value=None, allow_none=True)
    disabled = Bool(False)

    def __init__(self, places: Sequence[str], low: float, high: float) -> None:
        span = {"value": low, "min": low, "max": high, "step": (high - low) / 50}
        looks = {"orientation": "vertical", "readout_format": ".2f"}
        super().__init__([FloatSlider(description=place, **span, **looks) for place in places])
        for one in self.children:
            one.observe(self._read, "value")

    def _read(self, _: Any) -> None:
        self.value = tuple(one.value for one in self.children)

    @observe("value")
    def _write(self, change: Any) -> None:
        for one, value in zip(self.children, change.new, strict=True):
            one.value = value

    @observe("disabled")
    def _lock(self, change: Any) -> None:
        for one in self.children:
            one.disabled = change.new
