"""The optimizer that a recipe names."""

from __future__ import annotations

from ..recipe import Recipe
from .adam import Adam
from .laplacian import Laplacian
from .lbfgs import LBFGS
from .protocol import Optimizer


def make_optimizer(recipe: Recipe) -> Optimizer:
    """Return the optimizer that a recipe names, with its settings."""
    inner: Optimizer = LBFGS(recipe.history)
    if recipe.optimizer == "adam":
        inner = Adam(recipe.learning_rate, recipe.beta_1, recipe.beta_2, recipe.epsilon)
    return Laplacian(inner, recipe.laplacian_levels) if recipe.laplacian_levels > 1 else inner
