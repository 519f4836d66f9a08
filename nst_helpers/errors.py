"""The package's own exceptions: each message says what was wrong and how to mend it."""


class NSTError(Exception):
    """Base of every error that `nst_helpers` raises on purpose."""


class ImageError(NSTError, ValueError):
    """A picture could not be read, written or used."""


class DataError(NSTError):
    """A registered picture is unknown, missing or not what its checksum says."""


class WeightsError(NSTError):
    """The network's weights could not be had, or are not what they should be."""


class LayerError(NSTError, ValueError):
    """A layer that VGG19 does not have, or an image too small to reach it."""


class RecipeError(NSTError, ValueError):
    """A recipe with a setting outside its closed set or range."""


class DivergedError(NSTError, ArithmeticError):
    """The optimization left the finite numbers and could not be brought back."""


class AnswerError(NSTError, AssertionError):
    """An exercise's answer is not right; the message names the likely mistake."""
