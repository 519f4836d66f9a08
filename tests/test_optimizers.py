"""Adam and L-BFGS against plain versions of themselves, and on problems with a known answer."""

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import oracles
import pytest
import scipy.optimize

from nst_helpers import LBFGS, Adam, tf
from nst_helpers.optimizers.bands import Bands
from nst_helpers.optimizers.protocol import Optimizer

Function = Callable[[np.ndarray], Any]

GRAY = 1 / 255
CURVATURES = np.geomspace(1, 1000, 100)  # of an ill-conditioned bowl around mid-gray


def bowl(x: np.ndarray) -> float:
    return float(0.5 * np.sum(CURVATURES * (x.astype(np.float64) - 0.5) ** 2))


def bowl_gradient(x: np.ndarray) -> np.ndarray:
    return CURVATURES * (x - 0.5)


def valley(x: np.ndarray) -> float:
    """Rosenbrock's function, its minimum moved from 1 to mid-gray."""
    return float(scipy.optimize.rosen(2 * x.astype(np.float64)))


def valley_gradient(x: np.ndarray) -> np.ndarray:
    return 2 * scipy.optimize.rosen_der(2 * x.astype(np.float64))


def path(
    optimizer: Optimizer, gradient: Function, x: np.ndarray, steps: int, clip: bool = False
) -> list[np.ndarray]:
    """Return the start and every x after it."""

    @tf.function(autograph=False)
    def update(state: Any, x: tf.Tensor, gradient: tf.Tensor) -> tuple[Any, tf.Tensor]:
        return optimizer.update(state, x, gradient, clip)

    at = tf.constant(x, tf.float32)
    state, visited = optimizer.init(at), [at.numpy()]
    for _ in range(steps):
        state, at = update(state, at, tf.constant(gradient(visited[-1]), tf.float32))
        visited.append(at.numpy())
    return visited


@pytest.fixture
def start(rng: np.random.Generator) -> np.ndarray:
    return rng.random(100, np.float32)


VALLEY_START = np.tile(np.array([0.1, 0.9], np.float32), 5)


# Adam


def test_adam_is_the_plain_adam(start: np.ndarray) -> None:
    adam = Adam(learning_rate=3.0, beta_1=0.8, beta_2=0.99, epsilon=1e-3)
    expected = oracles.adam_steps(
        start.astype(np.float64),
        bowl_gradient,
        20,
        rate=3 * GRAY,
        beta_1=0.8,
        beta_2=0.99,
        epsilon=1e-3,
    )
    got = path(adam, bowl_gradient, start, 20)[1:]
    # A gradient near 0 is the difference of float32 pixels, 6e-8 apart, times up to 1000.
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_adam_steps_by_the_learning_rate_first(start: np.ndarray) -> None:
    first, second = path(Adam(learning_rate=4.0), bowl_gradient, start, 1)
    np.testing.assert_allclose(np.abs(second - first), 4 * GRAY, rtol=1e-5)


@pytest.mark.parametrize(
    ("function", "gradient", "x"),
    [(bowl, bowl_gradient, None), (valley, valley_gradient, VALLEY_START)],
    ids=["bowl", "valley"],
)
def test_adam_minimizes(
    function: Function, gradient: Function, x: np.ndarray | None, start: np.ndarray
) -> None:
    visited = path(Adam(), gradient, start if x is None else x, 500)
    assert function(visited[-1]) < 1e-4 * function(visited[0])


# L-BFGS against the two-loop recursion


def positions(rng: np.random.Generator, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return points of a bowl and their gradients; one gradient breaks convexity."""
    xs = rng.random((count, 30)).astype(np.float32)
    factor = rng.standard_normal((30, 30))
    hessian = factor @ factor.T / 30 + np.eye(30)
    gradients = [(hessian @ (x - 0.5)).astype(np.float32) for x in xs]
    gradients[6] = 2 * gradients[5] - gradients[6]  # turns the sign of s . y
    return list(zip(xs, gradients, strict=True))


@pytest.mark.parametrize("history", [1, 4, 20], ids=["one", "wrapped", "partly filled"])
def test_lbfgs_direction_is_the_two_loop_recursion(rng: np.random.Generator, history: int) -> None:
    optimizer = LBFGS(history, largest_step=1e9)
    pairs: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=history)
    points = positions(rng, 15)
    state = optimizer.init(tf.constant(points[0][0]))
    refused = 0
    for index, (x, g) in enumerate(points):
        state, moved = optimizer.update(state, tf.constant(x), tf.constant(g))
        x, g = x.astype(np.float64), g.astype(np.float64)
        if index == 0:
            continue
        s, y = x - points[index - 1][0], g - points[index - 1][1]
        if s @ y > 1e-3 * np.linalg.norm(s) * np.linalg.norm(y):
            pairs.append((s, y))
        else:
            refused += 1
        assert int(state.count) == index - refused
        expected = oracles.two_loop_direction(g, pairs)
        # Products of float32 vectors, solved with factors of condition up to some hundreds.
        error = np.linalg.norm(moved.numpy() - x - expected) / np.linalg.norm(expected)
        assert error < 1e-3
    assert refused >= 1


IMAGE = (16, 20, 3)


def ripples(shape: tuple[int, int, int] = IMAGE) -> np.ndarray:
    """Return curvatures of a bowl whose fine structure is 1000 times as steep as its coarse."""
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])
    return 1000 ** np.minimum(1, 2 * np.hypot(rows, columns))[..., None]


def ripples_gradient(x: np.ndarray) -> np.ndarray:
    curvatures = ripples(x.shape) * np.fft.fft2(x.astype(np.float64) - 0.5, axes=(0, 1))
    return np.fft.ifft2(curvatures, axes=(0, 1)).real.astype(np.float32)


@pytest.mark.parametrize("history", [1, 4, 20], ids=["one", "wrapped", "partly filled"])
def test_lbfgs_of_an_image_guesses_the_curvature_of_every_band(
    rng: np.random.Generator, history: int
) -> None:
    optimizer = LBFGS(history, largest_step=1e9)
    xs = rng.random((10, *IMAGE)).astype(np.float32)
    gradients = [ripples_gradient(x) for x in xs]
    state = optimizer.init(tf.constant(xs[0]))
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for index, (x, g) in enumerate(zip(xs, gradients, strict=True)):
        state, moved = optimizer.update(state, tf.constant(x), tf.constant(g))
        if index:
            s, y = x - xs[index - 1], g - gradients[index - 1]
            pairs.append((s.ravel().astype(np.float64), y.ravel().astype(np.float64)))
            guess = oracles.band_guess(pairs, IMAGE, bands=Bands(IMAGE).count)
            expected = oracles.two_loop_direction(
                g.ravel().astype(np.float64), pairs[-history:], guess
            )
            error = np.linalg.norm((moved.numpy() - x).ravel() - expected)
            assert error < 1e-3 * np.linalg.norm(expected)  # as above


def test_lbfgs_of_an_image_needs_fewer_steps_where_coarse_and_fine_differ(
    rng: np.random.Generator,
) -> None:
    start = rng.random(IMAGE, np.float32)

    def steps(x: np.ndarray) -> int:
        """Return how many until the gradient has shrunk to a ten thousandth."""
        visited = path(
            LBFGS(), lambda x: ripples_gradient(x.reshape(IMAGE)).reshape(x.shape), x, 99
        )
        norms = [np.linalg.norm(ripples_gradient(x.reshape(IMAGE))) for x in visited]
        return int(np.argmax(norms < 1e-4 * norms[0]))

    assert 0 < 1.5 * steps(start) < steps(start.ravel())


def test_lbfgs_solves_a_bowl_like_scipy(start: np.ndarray) -> None:
    for evaluations in (40, 100):
        reached: list[float] = []

        def evaluate(x: np.ndarray, reached: list[float] = reached) -> tuple[float, np.ndarray]:
            reached.append(bowl(x))
            return reached[-1], bowl_gradient(x)

        options = {"maxcor": 20, "maxfun": evaluations, "ftol": 0, "gtol": 0}
        x = start.astype(np.float64)
        scipy.optimize.minimize(evaluate, x, jac=True, method="L-BFGS-B", options=options)
        ours = min(map(bowl, path(LBFGS(), bowl_gradient, start, evaluations - 1)))
        # The same algorithm but for the line search: measured within 1.1, and each step gains 1.2.
        assert ours < 2 * min(reached[:evaluations])


@pytest.mark.parametrize(
    ("function", "gradient", "x"),
    [(bowl, bowl_gradient, None), (valley, valley_gradient, VALLEY_START)],
    ids=["bowl", "valley"],
)
def test_lbfgs_minimizes(
    function: Function, gradient: Function, x: np.ndarray | None, start: np.ndarray
) -> None:
    visited = path(LBFGS(), gradient, start if x is None else x, 150)
    assert function(visited[-1]) < 1e-8 * function(visited[0])


def test_lbfgs_stands_the_rounding_of_bfloat16(rng: np.random.Generator, start: np.ndarray) -> None:
    def noisy(x: np.ndarray) -> np.ndarray:
        exact = bowl_gradient(x)
        noise = rng.standard_normal(x.shape) / np.sqrt(x.size)
        return exact + 2**-8 * np.linalg.norm(exact) * noise

    visited = path(LBFGS(), noisy, start, 200)
    assert min(map(bowl, visited)) < 1e-6 * bowl(start)  # without noise 1e-12


# What L-BFGS does not depend on, and how far it may go


@pytest.mark.parametrize("scale", [2.0**-27, 2.0**27])  # about 1e-8 and 1e8
def test_lbfgs_does_not_see_the_scale_of_the_loss(start: np.ndarray, scale: float) -> None:
    plain = path(LBFGS(), bowl_gradient, start, 30)
    scaled = path(LBFGS(), lambda x: scale * bowl_gradient(x), start, 30)
    # A power of two changes no digit of a float, so not even rounding may differ.
    np.testing.assert_array_equal(scaled, plain)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_lbfgs_steps_are_bounded_in_gray_values(start: np.ndarray, scale: float) -> None:
    optimizer = LBFGS(first_step=3.0, largest_step=7.0)
    visited = path(optimizer, lambda x: scale * bowl_gradient(x), start, 20)
    changes = np.abs(np.diff(visited, axis=0)).max(axis=1)
    np.testing.assert_allclose(changes[0], 3 * GRAY, rtol=1e-5)
    assert changes.max() <= 7 * GRAY * (1 + 1e-5)
    assert changes[1:].max() > 3 * GRAY  # the second bound was used


def test_lbfgs_stores_no_pair_without_positive_curvature(start: np.ndarray) -> None:
    optimizer = LBFGS(first_step=3.0)
    x = tf.constant(start)
    state = optimizer.init(x)
    for _ in range(5):  # downhill on a hill: every pair has negative curvature
        before = x
        state, x = optimizer.update(state, x, -tf.constant(bowl_gradient(x.numpy()), tf.float32))
        np.testing.assert_allclose(tf.reduce_max(tf.abs(x - before)), 3 * GRAY, rtol=1e-4)
    assert int(state.count) == 0


@pytest.mark.parametrize(("cosine", "stored"), [(-5e-4, 0), (5e-4, 0), (2e-3, 1)])
def test_lbfgs_stores_a_pair_only_if_its_curvature_is_clear(cosine: float, stored: int) -> None:
    optimizer = LBFGS(least_curvature=1e-3)
    state = optimizer.init(tf.zeros(2))
    state, _ = optimizer.update(state, tf.zeros(2), tf.zeros(2))
    s, y = tf.constant([1.0, 0.0]), tf.constant([cosine, 1.0])
    state, _ = optimizer.update(state, s, y)
    assert int(state.count) == stored


def test_lbfgs_changes_no_state_that_the_caller_still_holds(start: np.ndarray) -> None:
    optimizer, x = LBFGS(history=2), tf.constant(start)
    state = optimizer.init(x)
    for _ in range(4):  # the rows are in use, so the next pair takes the place of one
        before = state
        copies = [np.array(part) for part in before]
        gradient = tf.constant(bowl_gradient(x.numpy()), tf.float32)
        state, x = optimizer.update(before, x, gradient)
        for part, copy in zip(before, copies, strict=True):
            np.testing.assert_array_equal(part, copy)
    assert int(state.count) == 3


def test_lbfgs_stays_where_the_gradient_is_zero(start: np.ndarray) -> None:
    for x in path(LBFGS(), np.zeros_like, start, 3):
        np.testing.assert_array_equal(x, start)


# Both


@pytest.mark.parametrize("optimizer", [Adam(40.0), LBFGS(first_step=200.0)], ids=["adam", "lbfgs"])
def test_clip_projects_into_the_gray_values(optimizer: Optimizer, start: np.ndarray) -> None:
    def away(x: np.ndarray) -> np.ndarray:
        return x - np.where(np.arange(x.size) % 2, 2.0, -1.0)  # minima at 2 and -1

    _, free = path(optimizer, away, start, 1)
    assert free.min() < 0
    assert free.max() > 1
    _, clipped = path(optimizer, away, start, 1, clip=True)
    np.testing.assert_array_equal(clipped, free.clip(0, 1))
    last = path(optimizer, away, start, 20, clip=True)[-1]
    np.testing.assert_array_equal(last, np.arange(last.size) % 2)


@pytest.mark.parametrize("optimizer", [Adam(), LBFGS()], ids=["adam", "lbfgs"])
def test_gentler_steps_are_a_quarter_as_large(optimizer: Optimizer, start: np.ndarray) -> None:
    steps = [
        np.diff(path(one, bowl_gradient, start, 1), axis=0)
        for one in (optimizer, optimizer.gentler())
    ]
    np.testing.assert_allclose(steps[1], steps[0] / 4, atol=1e-7)
