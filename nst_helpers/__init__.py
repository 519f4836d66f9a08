"""Neural style transfer, derived in notebooks and kept as a small package.

All public names can be had from here; ``__init__.pyi`` lists them. Each is imported on its first
use, so that `import nst_helpers` takes no time and TensorFlow is loaded only by what computes.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
