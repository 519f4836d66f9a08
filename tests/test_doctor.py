import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from lesson_cells import LESSONS
from packaging.specifiers import SpecifierSet

from nst_helpers import checkup, data
from nst_helpers.command import doctor
from nst_helpers.command.doctor import Check
from nst_helpers.errors import DataError
from nst_helpers.network import precision
from nst_helpers.transfer import memory


@pytest.fixture(autouse=True)
def _any_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NST_CACHE", str(tmp_path))
    monkeypatch.delenv("NST_VGG19_WEIGHTS", raising=False)
    monkeypatch.setattr(precision, "fast_bfloat16", lambda: True)  # the probe takes a second


def check(name: str) -> Check:
    (found,) = [check for check in checkup() if check.name == name]
    return found


def test_the_first_lesson_says_how_to_mend_what_is_broken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = [Check("Memory", ok=False, essential=True, found="none", remedy="Close a program.")]
    cells = [cell.source for cell in nbformat.read(LESSONS[0], 4).cells if cell.cell_type == "code"]
    (shown,) = [source for source in cells if "checkup()" in source]
    (stopped,) = [source for source in cells if source.startswith("broken =")]
    exec(shown.partition("checks = checkup()")[2], {"checks": broken})
    assert capsys.readouterr().out == "--  Memory: Close a program.\n"
    with pytest.raises(AssertionError, match=r"Memory: Close a program\."):
        exec(stopped, {"checks": broken})


def test_this_environment_can_run_the_package() -> None:
    assert check("Python").ok
    assert check("TensorFlow").found.startswith("2.")
    assert check("bfloat16").found == "faster than float32"


def test_supported_pythons_are_those_of_the_project() -> None:
    pyproject = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    oldest, untried = doctor.OLDEST_PYTHON, doctor.FIRST_UNTRIED_PYTHON
    stated = ">={}.{},<{}.{}".format(*oldest, *untried)
    assert SpecifierSet(pyproject["project"]["requires-python"]) == SpecifierSet(stated)


def test_a_remedy_is_shown_only_where_something_is_broken() -> None:
    assert str(Check("Kettle", True, True, "full", "fill it")) == "Kettle: full"
    assert str(Check("Kettle", False, True, "dry", "fill it")) == "Kettle: dry -> fill it"


def test_untried_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "FIRST_UNTRIED_PYTHON", sys.version_info[:2])
    found = check("Python")
    assert not found.ok
    assert found.essential
    assert "not supported" in found.found
    assert "install Python 3.11" in found.remedy
    assert "uv venv --python 3.13" in found.remedy


def test_broken_tensorflow_is_told_and_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nst_helpers._tensorflow", None)
    found = check("TensorFlow")
    assert not found.ok
    assert found.essential
    assert "pip install --force-reinstall 'tensorflow" in found.remedy
    assert {"Device", "bfloat16"}.isdisjoint(check.name for check in checkup())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.kill(os.getpid(), 4)", "dies by SIGILL .* lacks instructions"),
        ("print('no GLIBC_9', file=__import__('sys').stderr); exit(1)", "be loaded: no GLIBC_9"),
        ("exit(3)", "be loaded: without a word"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_tensorflow_that_dies_is_heard(
    code: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = subprocess.run
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.setattr(subprocess, "run", lambda command, **how: run([*command[:2], code], **how))
    found = next(found for found in doctor.checks() if found.name == "TensorFlow")
    assert not found.ok
    assert re.search(words, found.found)


def test_metal_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "distributions", lambda name: [name])
    assert "uninstall tensorflow-metal" in doctor._tensorflow_remedy()


def test_windows_has_its_gpu_in_wsl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "device_name", lambda: "CPU (AMD64)")
    monkeypatch.setattr(doctor.platform, "system", lambda: "Windows")
    monkeypatch.setattr(shutil, "which", lambda command: command)
    assert "WSL2" in check("Device").found


def test_a_card_newer_than_the_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "device_name", lambda: "RTX 5090")
    monkeypatch.setattr(precision, "compute_capability", lambda: (12, 0))
    assert "lack kernels" in check("Device").found


def test_graphics_card_that_tensorflow_does_not_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "device_name", lambda: "CPU (x86_64)")
    monkeypatch.setattr(shutil, "which", lambda command: None)
    assert check("Device").found == "CPU (x86_64)"
    assert check("Device").ok
    monkeypatch.setattr(shutil, "which", lambda command: f"/usr/bin/{command}")
    found = check("Device")
    assert not found.ok
    assert not found.essential
    assert found.remedy == "python -m pip install 'tensorflow[and-cuda]>=2.18,<2.22'"
    monkeypatch.setattr(precision, "device_name", lambda: "NVIDIA T4")
    assert check("Device").ok


@pytest.mark.parametrize(("free", "ok"), [(8.25e9, True), (0.5e9, False)])
def test_free_memory(free: float, ok: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: free)
    found = check("Memory")
    assert found.ok is ok
    assert f"{free / 1e9:.1f} GB" in found.found
    assert not found.essential


def test_weights_that_are_not_here_yet_are_no_fault() -> None:
    found = check("VGG19 weights")
    assert found.ok
    assert "nst fetch" in found.found


def test_damaged_weights(tmp_path: Path) -> None:
    (tmp_path / "vgg19_8bit.bin").write_bytes(b"not weights")
    found = check("VGG19 weights")
    assert not found.ok
    assert found.essential
    assert "nst fetch" in found.remedy


def test_weights_of_the_user_that_do_not_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(tmp_path / "none.h5"))
    found = check("VGG19 weights")
    assert not found.ok
    assert "NST_VGG19_WEIGHTS" in found.remedy


def test_broken_picture_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def path(name: str) -> Path:
        if name == "china":
            raise DataError("damaged")
        return Path(name)

    monkeypatch.setattr(data, "path", path)
    found = check("Pictures")
    assert not found.ok
    assert found.essential
    assert found.found == "missing or changed: china"


def test_pictures_that_every_installation_has(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(data, "path", asked.append)
    assert check("Pictures").ok
    assert {"china", "flower", "swirling_night"} <= set(asked)
    assert {"tubingen", "astronaut"}.isdisjoint(asked)  # a download, and an optional package


@pytest.mark.parametrize(
    ("python", "ok"),
    [("python", True), (sys.executable, True), ("/another/environment/bin/python", False)],
)
def test_kernel_is_this_environment(python: str, ok: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SimpleNamespace(argv=[python, "-m", "ipykernel_launcher"])
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda self, name: spec)
    found = check("Notebook kernel")
    assert found.ok is ok
    assert not found.essential
    assert "ipykernel install" in found.remedy
