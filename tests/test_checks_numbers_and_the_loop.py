"""The checks of lesson 09 take right answers and name the mistake in wrong ones."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from lesson_cells import shown

from nst_helpers.architecture import ARCHITECTURE, LAYERS
from nst_helpers.course.checks import numbers_and_the_loop as check
from nst_helpers.errors import AnswerError

bfloat16 = tf.bfloat16.as_numpy_dtype


def spacing(number: float, bits: int) -> float:
    _, exponent = math.frexp(number)  # of a fraction from 0.5 to 1
    return math.ldexp(1.0, exponent - 1 - bits)


def smallest_format(largest: float, rounding: float) -> str:
    if largest <= 65504 and rounding >= 2**-11:
        return "float16"
    return "bfloat16" if rounding >= 2**-8 else "float32"


def is_gram(function: Callable[..., Any]) -> bool:
    many = np.full((2, 2100), 16.0)
    fine = np.array([[1 + 2**-7], [2.0]])
    return all(np.allclose(function(F), F @ F.T) for F in (many, fine))


def kept_bytes(height: int, width: int, deepest: str, each: int) -> float:
    total = 0.0
    for name, _, channels in ARCHITECTURE:
        total += each * channels * height * width
        if name == deepest:
            return total
        if LAYERS[LAYERS.index(name) + 1][5] != name[5]:
            height, width = height // 2, width // 2
    raise AssertionError(deepest)


def test_numpy_has_the_same_spacing_in_float32() -> None:
    for number in (256.0, 255.0, 5.5, 1.0, 0.1):
        assert spacing(float(np.float32(number)), 23) == np.spacing(np.float32(number))


WRONG_SPACINGS: dict[str, Callable[..., Any]] = {
    "powers of two only": lambda number, bits: abs(number) * 2.0**-bits,
    "rounded up": lambda number, bits: 2.0 ** (math.ceil(math.log2(abs(number))) - bits),
    "rounded to the nearest": lambda number, bits: 2.0 ** (round(math.log2(abs(number))) - bits),
    "next to 1": lambda number, bits: 2.0**-bits,
    "Half the distance": lambda number, bits: spacing(number, bits + 1),
    "Twice too large": lambda number, bits: spacing(number, bits - 1),
    "has no sign": lambda number, bits: math.copysign(spacing(number, bits), number),
    "the neighbor itself": lambda number, bits: (
        number + math.copysign(spacing(number, bits), number)
    ),
    "ValueError": lambda number, bits: math.log2(number) - bits,
}


@pytest.mark.parametrize("message", WRONG_SPACINGS)
def test_spacing_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.spacing(WRONG_SPACINGS[message])


def format_with(largest_half: float, half: float, brain: float) -> Callable[[float, float], str]:
    def choose(largest: float, rounding: float) -> str:
        if largest <= largest_half and rounding >= half:
            return "float16"
        return "bfloat16" if rounding >= brain else "float32"

    return choose


WRONG_FORMATS: dict[str, Callable[..., Any]] = {
    "not those of float16": format_with(np.inf, 2**-11, 2**-8),
    "largest number itself": lambda largest, rounding: format_with(65503, 2**-11, 2**-8)(
        largest, rounding
    ),
    "neither format": format_with(65504, 2**-11, 0.0),
    "float16 is fine enough": lambda largest, rounding: "float32",
    "the finer of them": lambda largest, rounding: (
        "bfloat16" if rounding >= 2**-8 else smallest_format(largest, rounding)
    ),
    "float16 is not right: float16 ends": format_with(65536, 2**-11, 2**-8),
    "half the spacing is": format_with(65504, 2**-10, 2**-8),
    "is not right": format_with(65504, 2**-11, 2**-7),
    "bfloat16 is not quite": format_with(65504, 2**-11, 2**-9),
    "float16 is not quite": format_with(65504, 2**-12, 2**-8),
    "no format of 16 bits": format_with(65504, 0.0, 2**-8),
    "Return one of": lambda largest, rounding: np.float16,
    "TypeError": lambda largest: "float16",
}


@pytest.mark.parametrize("message", WRONG_FORMATS)
def test_smallest_format_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.smallest_format(WRONG_FORMATS[message])


def test_the_wrong_sum_passes_its_three_tests(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = shown("09", "summed", bfloat16=bfloat16)
    assert capsys.readouterr().out == "three tests passed\n"
    assert not is_gram(wrong)


def test_the_check_rounds_as_bfloat16_does(rng: np.random.Generator) -> None:
    numbers = np.float32(10.0 ** rng.uniform(-30, 30, 1000))
    assert np.array_equal(check._brain(numbers), numbers.astype(bfloat16).astype(np.float32))


LAZY_TESTS: dict[str, Callable[..., Any]] = {
    "`summed` slipped": lambda f: np.allclose(f(np.ones((1, 9))), 9),
    "A sum in float16": lambda f: np.allclose(f(np.ones((1, 300))), 300, atol=1),
    "rounded to bfloat16 slipped": lambda f: np.allclose(f(np.ones((1, 3000))), 3000, rtol=0.01),
    "A result in float16": lambda f: np.allclose(f(np.ones((1, 3000))), 3000),
    "Products rounded": lambda f: np.allclose(f(np.full((1, 3000), 8.0)), 192_000),
    "refuses a right function": lambda f: f(np.full((1, 300), 1 + 2**-7))[0, 0] == 304.5,
}


@pytest.mark.parametrize("message", LAZY_TESTS)
def test_is_gram_names_what_slips_through(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.is_gram(LAZY_TESTS[message])


def total_of(term: Callable[..., float]) -> Callable[..., float]:
    def count(height: int, width: int, deepest: str, each: int) -> float:
        path = ARCHITECTURE[: LAYERS.index(deepest) + 1]
        return each * height * width * sum(term(int(name[5]), n, m) for name, n, m in path)

    return count


def only(names: Callable[[str], bool]) -> Callable[..., float]:
    def count(height: int, width: int, deepest: str, each: int) -> float:
        path = [layer for layer in ARCHITECTURE if names(layer[0]) and layer[0] <= deepest]
        positions = (m / 4 ** (int(name[5]) - 1) for name, _, m in path)
        return each * height * width * sum(positions)

    return count


WRONG_BYTES: dict[str, Callable[..., Any]] = {
    "itself is missing": only(lambda name: name != "block3_conv3"),
    "Only the last layer": only(lambda name: name == "block3_conv3"),
    "first layer of each block": only(lambda name: name.endswith("conv1")),
    "All 16 layers": lambda height, width, _, each: kept_bytes(height, width, LAYERS[-1], each),
    "full size: a pooling": total_of(lambda block, n, m: m),
    "a quarter of the positions": total_of(lambda block, n, m: m / 2 ** (block - 1)),
    "not by 4": total_of(lambda block, n, m: m / 4**block),
    "channels that come in": total_of(lambda block, n, m: n / 4 ** (block - 1)),
    "the weights": total_of(lambda block, n, m: 9 * n * m / 4 ** (block - 1)),
    "not bytes": lambda height, width, deepest, each: kept_bytes(height, width, deepest, 1),
    "TypeError": lambda height, width: 0,
    "not right yet": lambda *inputs: 12.0,
}


@pytest.mark.parametrize("message", WRONG_BYTES)
def test_kept_bytes_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.kept_bytes(WRONG_BYTES[message])
