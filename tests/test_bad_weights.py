"""Bad files of weights and bad sweeps: our own error, one sentence, nothing left behind."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from nst_helpers import ARCHITECTURE, NSTError, Run, load_weights, sweep
from nst_helpers.errors import WeightsError


def _h5(write: Callable[[h5py.File], object]) -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        write(file)
    return out.getvalue()


def _archive(name: str, content: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def _vgg16(file: h5py.File) -> None:
    """Write a network with three convolutions in blocks 3 to 5."""
    for layer, before, after in ARCHITECTURE:
        if not layer.endswith("conv4"):
            group = file.create_group(f"layers/{layer}/vars")
            group.create_dataset("0", (3, 3, before, after), np.float32)
            group.create_dataset("1", (after,), np.float32)


def _layer_is_a_dataset(file: h5py.File) -> None:
    file["block1_conv1"] = np.zeros(3)


def _names_lead_nowhere(file: h5py.File) -> None:
    file.create_group("block1_conv1").attrs["weight_names"] = [b"gone"]


def _words_for_numbers(file: h5py.File) -> None:
    group = file.create_group("layers/conv2d/vars")
    group.create_dataset("0", (3, 3, 3, 64), "S1")
    group.create_dataset("1", (64,), np.float32)


def _a_huge_kernel(file: h5py.File) -> None:
    """Promise terabytes that must not be read."""
    file.create_dataset("layers/conv2d/vars/0", (10**6, 10**6), np.float32, chunks=(1, 1024))


WEIGHTS = {
    "empty": (b"", "an empty file"),
    "text": (b"weights: none\n", "no file of weights"),
    "page": (b"<!doctype html><title>404</title>", "a web page"),
    "picture": (b"\x89PNG\r\n\x1a\n", "a picture"),
    "numpy": (b"\x93NUMPY\x01\x00", "a NumPy array"),
    "safetensors": (b"\x02" + bytes(7) + b"{}", "safetensors"),
    "onnx": (b"\x08\x08\x12\x07pytorch:", "ONNX"),
    "pickle": (b"\x80\x04N.", "a pickle"),
    "gzip": (b"\x1f\x8b\x08\x00", "a compressed file"),
    "pth": (_archive("archive/data.pkl", b"\x80\x02}."), "PyTorch"),
    "zip": (_archive("readme.txt", b"hello"), "an archive without"),
    "cut zip": (_archive("readme.txt", b"hello")[:40], "damaged or cut short"),
    "keras without numbers": (_archive("model.weights.h5", b"nothing"), "damaged or cut short"),
    "h5 without layers": (_h5(lambda file: None), "of nothing"),
    "h5 cut short": (_h5(_words_for_numbers)[:600], "damaged or cut short"),
    "vgg16": (_h5(_vgg16), "block3_conv4 the shapes of nothing"),
    "a dataset for a layer": (_h5(_layer_is_a_dataset), "of nothing"),
    "names of nothing": (_h5(_names_lead_nowhere), "damaged or cut short"),
    "letters": (_h5(_words_for_numbers), "damaged or cut short"),
    "a huge kernel": (_h5(_a_huge_kernel), "instead of"),
}


def _assert_one_sentence(error: BaseException) -> None:
    assert "\n" not in str(error)
    assert str(error).endswith(".")


@pytest.mark.parametrize(("content", "says"), WEIGHTS.values(), ids=WEIGHTS)
def test_bad_weights(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "vgg19.h5"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=says) as caught:
        load_weights(path)
    _assert_one_sentence(caught.value)
    assert "vgg19.h5" in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == content


NAMES = ["", "..", "x/y", "x\\y", "a\0b", ".hidden", "a" * 300, "a:b", "dot.", "line\nbreak", 3]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_bad_name_of_a_run(name: str, tmp_path: Path) -> None:
    stranger = tmp_path / "notes.txt"
    stranger.write_text("mine")
    runs = {"good": Run("china", "gravel"), name: Run("china", "gravel")}
    with pytest.raises(NSTError) as caught:
        sweep(runs, tmp_path, weights="random")
    _assert_one_sentence(caught.value)
    assert list(tmp_path.iterdir()) == [stranger]


def test_names_that_differ_in_case_only(tmp_path: Path) -> None:
    runs = {name: Run("china", "gravel") for name in ("A", "a")}
    with pytest.raises(NSTError) as caught:
        sweep(runs, tmp_path / "new", weights="random")
    _assert_one_sentence(caught.value)
    assert not (tmp_path / "new").exists()
