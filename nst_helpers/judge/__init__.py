"""Which result is better: measures against photo and painting, and the votes of people."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"judge": ["Judge", "Verdict"]}
)
