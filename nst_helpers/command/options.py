"""An option of the command line for every field of `Recipe`, made from the dataclass itself.

The annotation gives the type, the default the default, and the docstring the help.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from ..recipe import Recipe

Command = TypeVar("Command", bound=Callable[..., None])


def with_recipe_options(command: Command) -> Command:
    """Let a command's ``**settings`` be one option per field, None where it was not given."""
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    with_options = signature.replace(parameters=[*own, *_options()])
    command.__signature__ = with_options  # type: ignore[attr-defined]  # where typer looks
    return command


def as_text(value: Any) -> str:
    """Write the value of a field as its option takes it.

    Examples
    --------
    >>> as_text(((0.4, 150), (1.0, 60)))
    '0.4:150,1:60'
    """
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, tuple):
        parts = (x if isinstance(x, str) else ":".join(map(as_text, x)) for x in value)
        return ",".join(parts)
    return str(value)


def _options() -> Iterator[inspect.Parameter]:
    kinds, helps = get_type_hints(Recipe), _helps()
    for field in dataclasses.fields(Recipe):
        kind, extra = kinds[field.name], dict[str, Any]()
        if field.name == "pyramid":
            kind, extra = str, {"parser": _pyramid, "metavar": "SHARE:STEPS,..."}
        elif kind == tuple[str, ...]:
            kind, extra = str, {"parser": _names, "metavar": "NAME,..."}
        text = f"{helps[field.name]}  [default: {as_text(field.default)}]"
        yield inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[kind | None, typer.Option(help=text.strip(), **extra)],
        )


def _helps() -> dict[str, str]:
    """Take the help from the docstring: ``name, name : type`` and indented lines below."""
    documented = inspect.getdoc(Recipe) or ""  # `python -OO` drops it
    entries = re.findall(r"^(\w[\w, ]*) : .*\n((?: {4}.*\n?)*)", documented, re.MULTILINE)
    texts = {name: " ".join(text.split()) for names, text in entries for name in names.split(", ")}
    return {field.name: texts.get(field.name, "") for field in dataclasses.fields(Recipe)}


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _pyramid(text: str) -> tuple[tuple[float, int], ...]:
    try:
        scales = (scale.split(":") for scale in text.split(","))
        return tuple((float(share), int(steps)) for share, steps in scales)
    except ValueError as error:
        message = f"'{text}' is not SHARE:STEPS,... such as 0.5:100,1:50."
        raise typer.BadParameter(message) from error
