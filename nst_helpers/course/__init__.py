"""What only the lessons need: figures, checks, and the paper's figures as runs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["figures", "paper"])
