"""The command line: what `nst` is when it is run; its commands lie in the modules beside."""

from __future__ import annotations

import logging
import os
import sys

from . import judging, others, paint  # noqa: F401  # they give the app its commands
from .app import Stops, app


def main() -> None:
    """Run the command line.

    It exits with 0, 1 (doctor), 2 (any error), or 128 and the number of the signal that stopped it.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed: a service, or `pythonw`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # as long as the process
        # an author's name must not fail on an old code page
        getattr(sys, name).reconfigure(errors="replace")
    Stops.listen()
    logging.getLogger("nst_helpers").setLevel(logging.INFO)
    app(prog_name="nst")
