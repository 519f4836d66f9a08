"""TensorFlow is loaded quietly, but what keeps it from loading is heard."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
IMPORT = "from nst_helpers._tensorflow import tf; print(tf.__version__)"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize("closed", ["", "2>&-", "<&- 2>&-"])
def test_it_loads_without_a_word(closed: str) -> None:
    command = f"'{sys.executable}' -c '{IMPORT}' {closed}"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("2.")
    assert done.stderr == ""


@pytest.mark.parametrize(("chosen", "used"), [(None, "true"), ("false", "false")])
def test_its_allocator_keeps_memory_unless_the_user_chose(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, used: str
) -> None:
    monkeypatch.delenv("TF_CPU_ALLOCATOR_USE_BFC", raising=False)
    if chosen:
        monkeypatch.setenv("TF_CPU_ALLOCATOR_USE_BFC", chosen)
    code = f"{IMPORT}; import os; print(os.environ['TF_CPU_ALLOCATOR_USE_BFC'])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == used


def test_what_it_says_when_it_fails_is_kept(tmp_path: Path) -> None:
    greeting = "I0000 00:00:1795731633.641948 18241 port.cc:153] oneDNN custom operations are on."
    written = f"lib.so: bad ELF\n{greeting}\n".encode()
    broken = f"import os\nos.write(2, {written!r})\nraise OSError('cannot open lib.so')\n"
    (tmp_path / "tensorflow.py").write_text(broken)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {IMPORT}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("nst_helpers.errors.NSTError: TensorFlow cannot be loaded (cannot open")
    assert "lib.so: bad ELF" in last
    assert "oneDNN" not in last
    assert "`nst doctor`" in last


def test_where_it_is_missing_the_install_is_named() -> None:
    code = f"import sys; sys.modules['tensorflow'] = None; {IMPORT}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert "TensorFlow is not installed: python -m pip install" in done.stderr.splitlines()[-1]
