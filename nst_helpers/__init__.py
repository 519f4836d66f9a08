"""Neural style transfer, derived in notebooks and kept as a small package."""

__version__ = "0.1.0"
