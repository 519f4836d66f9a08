"""The optimizer that a recipe names."""

from __future__ import annotations

from ..recipe import Recipe
from .adam import Adam
from .lbfgs import LBFGS
from .protocol import Optimizer


def make_optimizer(recipe: Recipe) -> Optimizer:
    """Return the optimizer that a recipe names, with its settings."""
    if recipe.optimizer == "lbfgs":
        return LBFGS(recipe.history)
    return Adam(recipe.learning_rate, recipe.beta_1, recipe.beta_2, recipe.epsilon)
