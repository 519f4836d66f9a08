"""The command line without its script: ``python -m nst_helpers``."""

from .command.cli import main

if __name__ == "__main__":
    main()
