"""pyproject.toml is the one truth about what the project needs; the other files agree with it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import nst_helpers

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
LESSONS = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["course"]
LOCK = (ROOT / "requirements.lock").read_text()
# (name, version, what follows: a marker and the hashes). Where Pythons or systems differ, a name
# comes with several versions.
LOCKED = [
    groups
    for entry in re.split(r"\n(?=\S)", LOCK)
    for groups in re.findall(r"\A([^\s=]+)==(\S+)(.*)", entry, re.DOTALL) or [(entry, "", "")]
]


def conda() -> list[Any]:
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


@pytest.mark.parametrize(
    "line", [*LESSONS, *PYPROJECT["dependency-groups"]["test"]], ids=lambda line: line
)
def test_lock_holds_each_requirement_within_its_range(line: str) -> None:
    requirement = Requirement(line)
    versions = [version for name, version, _ in LOCKED if name == requirement.name]
    assert versions, "not in requirements.lock: run make lock"
    assert all(requirement.specifier.contains(version) for version in versions)


def test_every_locked_package_has_a_hash() -> None:
    assert [name for name, _, rest in LOCKED if "--hash=sha256:" not in rest] == []


def test_lock_names_no_address() -> None:
    assert re.search(r"://|--(extra-)?index-url|--find-links", LOCK) is None


def test_conda_environment_lists_what_the_lessons_need() -> None:
    (pip,) = [entry["pip"] for entry in conda() if isinstance(entry, dict)]
    assert pip == [*LESSONS, "-e ."]


def test_conda_python_is_supported() -> None:
    (python,) = [e for e in conda() if isinstance(e, str) and e.startswith("python=")]
    assert python.removeprefix("python=") in SpecifierSet(PROJECT["requires-python"])


def test_make_and_pyproject_accept_the_same_pythons() -> None:
    checked = r"\((\d+), (\d+)\) <= sys.version_info < \((\d+), (\d+)\)"
    (numbers,) = re.findall(checked, (ROOT / "Makefile").read_text())
    expected = ">={}.{},<{}.{}".format(*numbers)
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(expected)


def test_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == nst_helpers.__version__


def repository() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


def test_no_file_names_a_package_host() -> None:
    # Such a name works in one network and fails behind the mirror of another.
    hosts = re.compile(rb"(pypi|pythonhosted|anaconda)[.](org|io)|registry[.]npmjs")
    assert [str(path) for path in repository() if hosts.search(path.read_bytes())] == []


def test_there_is_one_lock() -> None:
    assert [p for p in repository() if p.name in {"uv.lock", "pylock.toml"}] == []


def test_import_leaves_tensorflow_alone() -> None:
    code = "import sys, nst_helpers; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
