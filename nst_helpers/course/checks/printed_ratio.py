"""Checks of lesson 10: a printed ratio, literal units, windows compared."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .exercise import Exercise
from .hunt import hunt

_C1, _C2 = 0.01**2, 0.03**2


def _ssim(
    structure: Callable[..., Any] | None = None,
    brightness: bool = True,
    constants: tuple[float, float] = (_C1, _C2),
    order: Callable[[Any], Any] = np.ravel,
) -> Callable[[Any, Any], float]:
    """Return the SSIM of two windows, with its parts changed."""

    def similarity(x: Any, y: Any) -> float:
        one, other = (order(np.asarray(window, float)) for window in (x, y))
        mx, my, (c1, c2) = one.mean(), other.mean(), constants
        vx, vy = one.var(ddof=1), other.var(ddof=1)
        vxy = ((one - mx) * (other - my)).sum() / (one.size - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            light = (2 * mx * my + c1) / (mx**2 + my**2 + c1) if brightness else 1.0
            return float(light * (structure or _structure)(vxy, vx, vy, c2))

    return similarity


def _structure(vxy: Any, vx: Any, vy: Any, c2: float) -> Any:
    return (2 * vxy + c2) / (vx + vy + c2)


def _by_moments(x: Any, y: Any) -> float:
    """Return the SSIM by means of products, which is right, too."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    unbiased = x.size / (x.size - 1)
    (vx, vy, vxy) = (
        unbiased * ((one * other).mean() - one.mean() * other.mean())
        for one, other in ((x, x), (y, y), (x, y))
    )
    light = (2 * x.mean() * y.mean() + _C1) / (x.mean() ** 2 + y.mean() ** 2 + _C1)
    return float(light * _structure(vxy, vx, vy, _C2))


style_weight = Exercise(
    "10.1",
    level=1,
    task="Takes the ratio alpha / beta and the content weight alpha, two numbers; returns beta.",
    right=lambda r, alpha: alpha / r,
    inputs=(0.2, 3.0),
    mistakes={
        "Upside down: the ratio is alpha / beta, so a small ratio means a large "
        "beta.": lambda r, alpha: alpha * r,
        "That is the ratio divided by alpha; beta is alpha divided by the "
        "ratio.": lambda r, alpha: r / alpha,
        "alpha is ignored; that is right only if it is 1.": lambda r, alpha: 1 / r,
        "alpha went into the denominator: beta grows with it.": lambda r, alpha: 1 / (r * alpha),
        "The 1/5 is in w_l already (layer_weights); beta itself is not divided by the "
        "layers.": lambda r, alpha: alpha / r / 5,
        "That is beta times 5; the 1/5 is in w_l already (layer_weights).": lambda r, a: 5 * a / r,
    },
    hints=(
        "Write ratio = alpha / beta on paper. Which of the three do you know?",
        "Multiply both sides by beta.",
        "ratio * beta = alpha is left; divide by what stands beside beta.",
    ),
)

literal_ratio = Exercise(
    "10.2",
    level=2,
    task="Takes alpha / beta of mean squared errors, and the content layer's N and M; returns the "
    "alpha / beta that gives the sums of eqs. 1 and 4 the same minimum.",
    right=lambda r, n, m: r / (2 * n * m),
    inputs=(2.0, 3, 5),
    mistakes={
        "Upside down: the sum is the larger loss, so it needs the smaller "
        "weight.": lambda r, n, m: r * 2 * n * m,
        "The content is converted, the style is not: its mean is 4 E_l, so beta becomes 4 "
        "beta.": lambda r, n, m: r * 2 / (n * m),
        "The style's 4 is in the numerator; it belongs to beta, which divides.": lambda r, n, m: (
            r * 8 / (n * m)
        ),
        "The factor 2 is missing: 2 / (N M) of the content over 4 of the style.": lambda r, n, m: (
            r / (n * m)
        ),
        "The factors 1/2 are missing; the mean of the content is 2 / (N M) of eq. "
        "1.": lambda r, n, m: r / (4 * n * m),
        "The content's 2 is upside down: the mean is 2 / (N M) of eq. 1, half a "
        "sum.": lambda r, n, m: r / (8 * n * m),
        "The style is converted, the content is not: its mean is 2 / (N M) of eq. "
        "1.": lambda r, n, m: r / 4,
        "A mean runs over the channels too: N M entries, not M.": lambda r, n, m: r / (2 * m),
        "A mean runs over the positions too: N M entries, not N.": lambda r, n, m: r / (2 * n),
    },
    hints=(
        "Write each mean as a number times the paper's loss, one for content and one for style.",
        "Multiply alpha and beta by these numbers. What becomes of alpha / beta?",
        "The content's number is 2 / (N M) and goes to alpha, the style's is 4 and goes to beta.",
    ),
)

is_ssim = Exercise(
    "10.3",
    level=2,
    task="Takes a function of two windows of one shape; returns True if it gives their SSIM as "
    "window_ssim does, otherwise False.",
    examine=hunt(
        [_ssim(), _by_moments],
        {
            "One that does not see contrast slipped through, as similarity is: let one window be "
            "paler than the other.": _ssim(
                lambda vxy, vx, vy, c2: (2 * vxy + c2) / (2 * np.sqrt(vx * vy) + c2)
            ),
            "One that does not see brightness slipped through: let the two means differ.": _ssim(
                brightness=False
            ),
            "One that compares the spreads alone, without the covariance, slipped through: let "
            "two windows of one spread have nothing in common.": _ssim(
                lambda vxy, vx, vy, c2: _structure(np.sqrt(vx * vy), vx, vy, c2)
            ),
            "One that sorts the pixels slipped through: let equal values stand in other "
            "places.": _ssim(order=lambda window: np.sort(window, axis=None)),
            "One that takes a negative for the window itself slipped through: let bright pixels "
            "of one window be dark in the other.": _ssim(
                lambda vxy, vx, vy, c2: _structure(abs(vxy), vx, vy, c2)
            ),
            "One without the constants c_1 and c_2 slipped through: compare more digits, or let "
            "a window be nearly flat.": _ssim(constants=(0.0, 0.0)),
        },
    ),
    hints=(
        "The three tests compare windows of one contrast. What else may differ between two?",
        "In window_ssim, look at what similarity has in another form: the second denominator.",
        "One window of random numbers, the other the same with half of the contrast; the right "
        "answer is window_ssim's.",
    ),
)
