"""The failure gallery: each mistake is one, and what it is compared with is right."""

import numpy as np
import pytest
from IPython.display import Markdown

from nst_helpers import gram_matrix
from nst_helpers.course import failures, mistakes
from nst_helpers.errors import RecipeError


@pytest.mark.weights
@pytest.mark.parametrize("name", failures.FAILURES)
def test_wrong_is_not_right(name: str) -> None:
    right, wrong = failures.make(name, size=48, steps=3).values()
    assert right.shape == wrong.shape
    assert right.dtype == wrong.dtype == np.float32
    assert 0 <= min(right.min(), wrong.min()) <= max(right.max(), wrong.max()) <= 1
    assert np.abs(right - wrong).mean() > 0.3 / 255


def test_what_somebody_took_for_gram_matrices(rng: np.random.Generator) -> None:
    features = rng.random((1, 2, 3, 4), np.float32)
    assert mistakes.reshaped(features).shape == gram_matrix(features).shape
    assert np.abs(mistakes.reshaped(features) - gram_matrix(features)).max() > 0.1
    np.testing.assert_allclose(mistakes.collapsed(features), [[[np.mean(features**2)]]], rtol=1e-6)


@pytest.mark.weights
def test_the_words_stand_below_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Markdown] = []
    monkeypatch.setattr(failures, "display", shown.append)
    failures.show("float16", size=48, steps=1)
    assert shown[0].data.startswith("**Symptom.** The loss is infinite")
    assert "**Cure.** Divide before the product" in shown[0].data


def test_an_unknown_failure() -> None:
    with pytest.raises(RecipeError, match="There is no failure 'grai'; choose from channel_order"):
        failures.show("grai")
