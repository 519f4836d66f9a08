"""The `nst` command itself: how it ends, what it logs, and what every command of it needs."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from .. import __version__
from ..errors import NSTError

if TYPE_CHECKING:
    pass


_log = logging.getLogger(__name__)


class Stops:
    """What a closed terminal, a batch system or a hub sends counts as Ctrl-C: once."""

    number = signal.SIGINT

    @classmethod
    def listen(cls) -> None:
        """Take every such signal as Ctrl-C."""
        for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP; `nohup` has it ignored
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, cls._stop)

    @classmethod
    def _stop(cls, number: int, frame: Any) -> None:
        signal.signal(number, signal.SIG_IGN)  # the picture is being saved now
        cls.number = signal.Signals(number)
        raise KeyboardInterrupt

    @classmethod
    def exit(cls, words: str) -> typer.Exit:
        """Say that it was stopped, and return what ends the command as shells expect it."""
        typer.echo(f"nst: {words}", err=True)
        return typer.Exit(128 + cls.number)


class _Group(TyperGroup):
    """The commands, with the package's errors as one line instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except NSTError as error:
            typer.echo(f"nst: {error}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            raise Stops.exit("Stopped before anything was written.") from error


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class _Notices(logging.Handler):
    """What the package logs, as plain lines that leave a progress bar intact."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        tqdm.write(f"nst: {record.getMessage()}", file=sys.stderr)
        sys.stderr.flush()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nst {__version__}")
        raise typer.Exit


@app.callback()
def _nst(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Paint a picture in the style of another (neural style transfer)."""
    logger, handler = logging.getLogger("nst_helpers"), _Notices()
    logger.addHandler(handler)
    ctx.call_on_close(lambda: logger.removeHandler(handler))


def credit(pictures: Iterable[str]) -> None:
    """Name the authors of registered pictures, each once."""
    from ..pictures import data

    for name in dict.fromkeys(pictures):
        if not Path(name).is_file():
            typer.echo(f"Made from {data.info(name).credit}.")
