import errno
import os
from pathlib import Path

import pytest

from nst_helpers import files
from nst_helpers.errors import ImageError


def test_sha256_of_the_standard():
    # FIPS 180-4, the one-block message "abc".
    assert files.sha256(b"abc").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_written_whole(tmp_path):
    path = tmp_path / "a.txt"
    files.write_atomically(path, lambda file: file.write(b"one"))
    files.write_atomically(path, lambda file: file.write(b"two"))
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_or_not_at_all(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")

    def fail(file):
        file.write(b"half")
        raise error

    with pytest.raises(type(error)):
        files.write_atomically(path, fail)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("length", [1, 229, 255])
def test_every_legal_name_can_be_written(tmp_path, length):
    path = tmp_path / ("x" * length)
    files.check_writable(path)
    assert not list(tmp_path.iterdir())
    files.write_atomically(path, lambda file: file.write(b"here"))
    assert path.read_bytes() == b"here"


def test_a_name_too_long_is_refused(tmp_path):
    with pytest.raises(ImageError, match="name is too long"):
        files.check_writable(tmp_path / "a", tmp_path / ("x" * 256))


def test_a_full_disk_is_noticed_first(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("builtins.open", full)
    with pytest.raises(ImageError, match="is full"):
        files.check_writable(tmp_path / "a")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_folders_and_files_that_are_write_protected(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "a").chmod(0o400)
    with pytest.raises(ImageError, match="write-protected"):
        files.check_writable(tmp_path / "a")
    tmp_path.chmod(0o500)
    with pytest.raises(ImageError, match="not writable"):
        files.check_writable(tmp_path / "b")
    tmp_path.chmod(0o700)


def test_home_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert files.as_path("~/a.png") == tmp_path / "a.png"
    assert files.as_path(Path("~/a.png")) == tmp_path / "a.png"


def test_the_same_file_under_another_name(tmp_path):
    file = tmp_path / "a"
    file.touch()
    (tmp_path / "hard").hardlink_to(file)
    (tmp_path / "soft").symlink_to(file)
    assert files.same_file(file, tmp_path / "hard")
    assert files.same_file(file, tmp_path / "soft")
    assert not files.same_file(file, tmp_path / "none")


def test_messages_stay_on_one_line():
    assert files.quoted("a.png") == "'a.png'"
    assert files.quoted("a\nb.png") == r"'a\nb.png'"
