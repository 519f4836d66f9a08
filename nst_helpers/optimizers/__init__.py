"""Adam and L-BFGS as pure functions of tensors: a whole run stays on the device (lesson 08).

Both take x as an image, shape (H, W, C), or as a vector, shape (P,), in [0, 1] units. `init` makes
the state and `update` takes one step; neither reads a Python number, so both can be traced into one
compiled loop. Steps are sized in gray values of 255, whatever the scale of the loss. `Laplacian` is
either of them on a pyramid of the image.
"""

from .adam import Adam as Adam
from .adam import AdamState as AdamState
from .choice import make_optimizer as make_optimizer
from .laplacian import Laplacian as Laplacian
from .lbfgs import LBFGS as LBFGS
from .lbfgs import LBFGSState as LBFGSState
from .protocol import Optimizer as Optimizer
