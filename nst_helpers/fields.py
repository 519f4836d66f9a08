"""The kinds of values that a recipe's fields take, and how they are checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, get_type_hints

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from .architecture import check_layers
from .errors import RecipeError


def _plain(value: Any) -> Any:
    """Return NumPy's numbers as Python's and lists as tuples: recipes are hashed and saved."""
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return value.item() if getattr(value, "shape", None) == () else value


def _known_layers(names: tuple[str, ...]) -> tuple[str, ...]:
    if names:
        check_layers(names)
    return names


def _coarse_to_fine(pyramid: tuple[tuple[float, int], ...]) -> tuple[tuple[float, int], ...]:
    shares = [share for share, _ in pyramid]
    if shares != sorted(shares):
        raise ValueError("it should run from coarse to fine, with the largest share last")
    return pyramid


Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Average = Annotated[float, Field(ge=0, lt=1)]
Pixels = Annotated[int, Field(ge=16)]  # what block5 of VGG19 needs
Count = Annotated[int, Field(ge=1)]
Layers = Annotated[tuple[str, ...], AfterValidator(_known_layers)]


Pyramid = Annotated[
    tuple[tuple[Annotated[float, Field(gt=0, le=1)], Count], ...],
    Field(min_length=1),
    AfterValidator(_coarse_to_fine),
]


def checkers(record: type) -> Mapping[str, TypeAdapter[Any]]:
    """Return what checks each field of a dataclass, by the field's name."""
    kinds = get_type_hints(record, include_extras=True)
    strict = ConfigDict(strict=True)  # else "no" would be False, and "3" a number
    return {
        name: TypeAdapter[Any](Annotated[kind, BeforeValidator(_plain)], config=strict)  # type: ignore[arg-type]  # mypy knows no computed types
        for name, kind in kinds.items()
    }


def checked(name: str, value: Any, checker: TypeAdapter[Any]) -> Any:
    """Return the value as the field wants it, or raise a `RecipeError` that says what is wrong."""
    try:
        return checker.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        wrong = first["msg"].removeprefix("Value error, ").rstrip(".?")
        wrong = re.sub(r"^(Input|Tuple|Field)\b", "it", wrong)
        wrong = wrong.replace("it required", "it should be pairs of (share, steps)")
        given = f"{first['input']!r:.60}"
        raise RecipeError(f"The recipe's {name} cannot be {given}: {wrong}.") from None
