"""Neural style transfer, derived in notebooks and kept as a small package.

All public names can be had from here. Each is imported on its first use, so that
`import nst_helpers` takes no time and TensorFlow is loaded only by what computes with it.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

#: The public modules, and which of their names are public here too.
_PUBLIC = {
    "data": (),
    "doctor": (),
    "errors": ("NSTError",),
    "forecast": ("Forecast", "largest_size"),
    "images": ("load_image", "save_image"),
    "losses": ("content_loss", "gram_matrix", "style_loss", "total_loss", "total_variation"),
    "objective": ("Objective",),
    "optimizers": ("LBFGS", "Adam"),
    "paper": (),
    "precision": (),
    "progress": ("ProgressBar",),
    "recipes": ("RECIPES", "Recipe", "get_recipe"),
    "result": ("Result",),
    "sweeps": ("Run", "sweep"),
    "transfer": ("Progress", "Stop", "optimize", "stylize", "stylize_many"),
    "vgg19": ("VGG19",),
    "weights": ("load_weights",),
}
_HOME = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = sorted([*_PUBLIC, *_HOME])

if TYPE_CHECKING:  # the same for type checkers and editors; a test keeps the two together
    from . import data as data
    from . import doctor as doctor
    from . import errors as errors
    from . import forecast as forecast
    from . import images as images
    from . import losses as losses
    from . import objective as objective
    from . import optimizers as optimizers
    from . import paper as paper
    from . import precision as precision
    from . import progress as progress
    from . import recipes as recipes
    from . import result as result
    from . import sweeps as sweeps
    from . import transfer as transfer
    from . import vgg19 as vgg19
    from . import weights as weights
    from .errors import NSTError as NSTError
    from .forecast import Forecast as Forecast
    from .forecast import largest_size as largest_size
    from .images import load_image as load_image
    from .images import save_image as save_image
    from .losses import content_loss as content_loss
    from .losses import gram_matrix as gram_matrix
    from .losses import style_loss as style_loss
    from .losses import total_loss as total_loss
    from .losses import total_variation as total_variation
    from .objective import Objective as Objective
    from .optimizers import LBFGS as LBFGS
    from .optimizers import Adam as Adam
    from .progress import ProgressBar as ProgressBar
    from .recipes import RECIPES as RECIPES
    from .recipes import Recipe as Recipe
    from .recipes import get_recipe as get_recipe
    from .result import Result as Result
    from .sweeps import Run as Run
    from .sweeps import sweep as sweep
    from .transfer import Progress as Progress
    from .transfer import Stop as Stop
    from .transfer import optimize as optimize
    from .transfer import stylize as stylize
    from .transfer import stylize_many as stylize_many
    from .vgg19 import VGG19 as VGG19
    from .weights import load_weights as load_weights
else:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(f".{_HOME.get(name, name)}", __name__)
        value = globals()[name] = getattr(module, name) if name in _HOME else module
        return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
