"""The checks of lesson 10 take right answers and name the mistake in wrong ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from lesson_cells import shown
from skimage.metrics import structural_similarity

from nst_helpers.course.checks import printed_ratio as check
from nst_helpers.errors import AnswerError

RNG = np.random.default_rng(100)


def style_weight(ratio: float, content_weight: float) -> float:
    return 1 / (ratio / content_weight)


def literal_ratio(ratio: float, n: int, m: int) -> float:
    alpha, beta = ratio * 2 / (n * m), 4
    return alpha / beta


def ssim(x: np.ndarray, y: np.ndarray) -> float:
    return float(structural_similarity(x, y, data_range=1.0))  # type: ignore[no-untyped-call]


def is_ssim(function: Callable[..., Any]) -> bool:
    x = RNG.random((7, 7))
    y = 0.3 - 0.2 * x
    return bool(np.isclose(function(x, y), ssim(x, y), rtol=1e-3))


WRONG_WEIGHTS = {
    "Upside down": lambda ratio, alpha: alpha * ratio,
    "divided by alpha": lambda ratio, alpha: ratio / alpha,
    "ignored": lambda ratio, alpha: 1 / ratio,
    "grows with it": lambda ratio, alpha: 1 / (ratio * alpha),
    "not divided by the layers": lambda ratio, alpha: alpha / ratio / 5,
    "times 5": lambda ratio, alpha: alpha / ratio * 5,
}


@pytest.mark.parametrize("message", WRONG_WEIGHTS)
def test_style_weight_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.style_weight(WRONG_WEIGHTS[message])


WRONG_RATIOS = {
    "Upside down": lambda ratio, n, m: 2 * n * m * ratio,
    "the style is not": lambda ratio, n, m: 2 * ratio / (n * m),
    "in the numerator": lambda ratio, n, m: 8 * ratio / (n * m),
    "factor 2 is missing": lambda ratio, n, m: ratio / (n * m),
    "factors 1/2": lambda ratio, n, m: ratio / (4 * n * m),
    "2 is upside down": lambda ratio, n, m: ratio / (8 * n * m),
    "the content is not": lambda ratio, n, m: ratio / 4,
    "channels too": lambda ratio, n, m: ratio / (2 * m),
    "positions too": lambda ratio, n, m: ratio / (2 * n),
}


@pytest.mark.parametrize("message", WRONG_RATIOS)
def test_literal_ratio_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.literal_ratio(WRONG_RATIOS[message])


# The bug hunt: the function that the lesson shows, and tests that are too lazy


def test_the_wrong_similarity_passes_its_three_tests(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = shown("10", "similarity", window_ssim=ssim)
    assert capsys.readouterr().out == "three tests passed\n"
    assert not is_ssim(wrong)


WINDOW = RNG.random((7, 7))
PALE = (WINDOW + WINDOW.mean()) / 2  # half the contrast, the same mean
DARK, BENT = 0.1 + WINDOW / 2, 0.1 + WINDOW**3 / 2
LOOSE = DARK + 0.1 * RNG.random((7, 7))


def agrees(*pairs: tuple[np.ndarray, np.ndarray], rtol: float = 1e-3) -> Callable[..., bool]:
    return lambda f: all(np.isclose(f(x, y), ssim(x, y), rtol=rtol) for x, y in pairs)


LAZY_TESTS: dict[str, Callable[..., Any]] = {
    "does not see contrast": agrees((WINDOW, 1 - WINDOW)),
    "does not see brightness": agrees((WINDOW, PALE)),
    "spreads alone": agrees((WINDOW, DARK)),
    "sorts the pixels": agrees((WINDOW, BENT)),
    "takes a negative for the window": agrees((WINDOW, LOOSE)),
    "without the constants": agrees((WINDOW, 0.2 - 0.2 * WINDOW), rtol=0.2),
    "refuses a right function": lambda f: f(WINDOW, DARK) > 1,
}


@pytest.mark.parametrize("message", LAZY_TESTS)
def test_is_ssim_names_what_slips_through(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.is_ssim(LAZY_TESTS[message])
