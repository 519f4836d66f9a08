"""What is minimized: pure functions that read like the formulas, and objectives made of them.

Measures of a style beyond the Gram matrix are in `statistics`, `distances` and `matching`.
"""

from . import distances as distances
from . import matching as matching
from . import statistics as statistics
from .build import content as content
from .build import recipe_objective as recipe_objective
from .build import style as style
from .build import variation as variation
from .objective import Objective as Objective
from .statistics import gram_matrix as gram_matrix
from .terms import content_loss as content_loss
from .terms import style_loss as style_loss
from .terms import total_loss as total_loss
from .terms import total_variation as total_variation
from .tiling import TiledObjective as TiledObjective
