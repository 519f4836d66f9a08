"""What the lessons say about the real network, with the margins that their text leaves."""

import numpy as np
import pytest

from nst_helpers import VGG19, data, gram_matrix, to_network
from nst_helpers.network.preprocessing import MEAN_BGR

FIRSTS = [f"block{block}_conv1" for block in range(1, 6)]


def features(image: np.ndarray, preprocessing: str = "caffe") -> dict[str, np.ndarray]:
    network = VGG19(
        FIRSTS, preprocessing=preprocessing, precision="float32"
    )  # as any processor has it
    return {name: maps.numpy()[0] for name, maps in network(image[None]).items()}


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


@pytest.fixture(scope="module")
def pagoda() -> np.ndarray:
    return data.load("china", 192)


@pytest.fixture(scope="module")
def flower() -> np.ndarray:
    return data.load("flower", 192)


def test_fractions_minus_the_mean_are_blind(pagoda: np.ndarray, flower: np.ndarray) -> None:
    """Lesson 01: the network hardly tells two photos apart."""
    one, other = (features(np.float32(x[..., ::-1] - MEAN_BGR), "none") for x in (pagoda, flower))
    assert all(apart(other[name], one[name]) < 0.1 for name in FIRSTS)


def test_a_picture_as_it_is_is_dim(pagoda: np.ndarray) -> None:
    """Lesson 01: its features are some 70 times too small, and the photo is in them."""
    right, dim = features(to_network(pagoda), "none"), features(pagoda, "none")
    for name in FIRSTS:
        assert 40 < np.linalg.norm(right[name]) / np.linalg.norm(dim[name]) < 120


def test_gram_matrices_recognize_all_our_paintings() -> None:
    """Lesson 05: each left square finds the right one of its own painting."""
    names = [name for name in data.names() if "shipped" in data.info(name).source]

    def square(name: str, left: bool) -> dict[str, np.ndarray]:
        image = data.load(name, 448).mean(axis=-1, keepdims=True).repeat(3, -1)
        top, middle = (image.shape[0] - 160) // 2, image.shape[1] // 2
        start = middle - 160 if left else middle
        cut = image[top : top + 160, start : start + 160]
        return {layer: gram_matrix(maps).numpy() for layer, maps in features(cut).items()}

    lefts, rights = ([square(name, left) for name in names] for left in (True, False))

    def distance(g: dict[str, np.ndarray], a: dict[str, np.ndarray]) -> float:
        sizes = {n: np.linalg.norm(g[n]) + np.linalg.norm(a[n]) for n in FIRSTS}
        return float(np.mean([2 * np.linalg.norm(g[n] - a[n]) / sizes[n] for n in FIRSTS]))

    found = [int(np.argmin([distance(g, a) for a in rights])) for g in lefts]
    assert found == list(range(7))
