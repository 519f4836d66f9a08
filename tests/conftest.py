"""What several test modules share: the network's numbers, and small pictures."""

from collections.abc import Iterator

import numpy as np
import pytest

from nst_helpers import Weights, load_weights


@pytest.fixture(scope="session")
def weights() -> Weights:
    """Return the trained numbers; tests that use them are marked `weights`."""
    return load_weights()


@pytest.fixture(scope="session")
def random_weights() -> Weights:
    return load_weights("random", seed=0)


@pytest.fixture(scope="session")
def bfloat16() -> None:
    """Skip a test where bfloat16 cannot be computed with, in hardware or without it."""
    from nst_helpers.network.precision import has_bfloat16

    if not has_bfloat16():
        pytest.skip("no bfloat16 on this processor, or it is forbidden by ONEDNN_MAX_CPU_ISA")


@pytest.fixture
def few_photos(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the axes of two small photos; what is kept for other tests is not of these."""
    from nst_helpers.judge import photos  # loads TensorFlow

    monkeypatch.setattr(photos, "PHOTOS", ("china", "flower"))
    monkeypatch.setattr(photos, "_SIZE", 96)
    photos.photo_axes.cache_clear()
    yield
    photos.photo_axes.cache_clear()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def content() -> np.ndarray:
    """Return a smooth picture, 32 x 48 pixels."""
    y, x = np.mgrid[0:1:32j, 0:1:48j]
    return np.stack([x, 0.5 + 0.4 * np.sin(9 * y), x * y], axis=-1).astype(np.float32)


@pytest.fixture(scope="session")
def style() -> np.ndarray:
    """Return diagonal stripes with noise, 40 x 36 pixels."""
    y, x = np.mgrid[0:40, 0:36]
    noise = 0.3 * np.random.default_rng(1).random((40, 36, 3))
    stripes = (0.35 * (1 + np.sin(x + y)))[..., None] * (1.0, 0.6, 0.2)
    return (stripes + noise).astype(np.float32)
