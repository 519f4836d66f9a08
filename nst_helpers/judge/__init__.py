"""Results measured against their photo and their painting."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"judge": ["Judge", "Verdict"]}
)
