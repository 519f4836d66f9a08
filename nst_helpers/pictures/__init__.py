"""Pictures in and out: read, sized, written, and known by name."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["data"])
