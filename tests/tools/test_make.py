"""tools/make.py, which `make book`, `make check` and `make test` run, and tests/support/needs.py, which says what tests may miss."""

import os
import re
import subprocess
import sys

import pytest

from tools import make

MARKED = """
import pytest
@pytest.fixture
def browser(pytestconfig):
    from tests.support.needs import missing
    missing(pytestconfig, "no browser here")
def test_plain(): pass
def test_page(browser): pass
@pytest.mark.slow
def test_long(): pass
"""


@pytest.fixture
def ran(monkeypatch):
    """The commands that a call of main runs, without the environment's, and with the programs' names alone."""

    def run(*arguments):
        commands = []
        monkeypatch.setattr(make, "run", commands.append)
        make.main(arguments)
        return [" ".join([command[0].rpartition("/")[2], *command[1:]]) for command in commands[1:]]

    return run


def test_book_builds_with_warnings_as_errors(ran, capsys):
    assert ran("book") == ["jupyter-book build . -W -n --keep-going --quiet"]
    assert re.fullmatch(r"make book: open file:///.*/_build/html/index\.html\n", capsys.readouterr().out)


def test_check_takes_neither_site_nor_notebooks(ran, capsys):
    *lint, tests = ran("check")
    assert lint == ["ruff check .", "ruff format --check --quiet .", "mypy --no-error-summary", "python tools/javascript.py"]
    assert tests == "python -m pytest -n 2 --dist loadfile -m not (medium or slow or site or browser or sandbox) tests"
    assert re.fullmatch(r"make check: \d+ min \d\d s(, \d+ s of CPU)?\n", capsys.readouterr().out)


def test_test_takes_everything_and_hands_its_switches_on(ran, capsys):
    commands = ran("test", "--slow", "--no-skips", "--jobs", "3")
    assert [command.split()[0] for command in commands] == ["jupyter-book", "ruff", "ruff", "mypy", "python", "python", "python"]
    assert commands[4] == "python tools/javascript.py --no-skips"
    assert commands[-1] == "python -m pytest -n 3 --dist loadfile --nbval --no-loadscope-reorder --slow --no-skips book tests"
    assert "--slow" not in ran("test")[-1]
    assert "make test: 0 min 00 s" in capsys.readouterr().out


def test_coverage_measures_the_very_same_command(ran):
    plain = ran("test", "--slow")[-1]
    erase, run, combine, html, report = ran("test", "--slow", "--coverage")[-5:]
    assert run == plain.replace("python -m pytest", "python -m coverage run -m pytest")
    assert (erase, combine) == ("python -m coverage erase", "python -m coverage combine --quiet")
    assert (html, report) == ("python -m coverage html --quiet", "python -m coverage report")


def test_a_command_that_fails_ends_it_with_its_status():
    with pytest.raises(SystemExit) as ended:
        make.run([sys.executable, "-c", "import sys, os; sys.exit(3 if os.environ['OMP_NUM_THREADS'] == '1' else 4)"])
    assert ended.value.code == 3


@pytest.mark.parametrize(
    ("switches", "outcome"),
    [
        ([], {"passed": 1, "skipped": 2}),
        (["--slow"], {"passed": 2, "skipped": 1}),
        (["--no-skips"], {"passed": 1, "skipped": 1, "error": 1}),
        (["-m", make.FAST], {"passed": 1, "deselected": 2}),
        (["-m", "browser"], {"skipped": 1, "deselected": 2}),
    ],
)
def test_markers_and_switches_are_two_things(tmp_path, switches, outcome):
    (tmp_path / "test_marked.py").write_text(MARKED)
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.needs", "-p", "no:cacheprovider", *switches, str(tmp_path)]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run([*command, "--rootdir", str(tmp_path)], cwd=make.ROOT, env=alone, capture_output=True, text=True)
    last = done.stdout.strip().splitlines()[-1]
    assert {word: int(number) for number, word in re.findall(r"(\d+) (passed|skipped|error|deselected)", last)} == outcome, (
        done.stdout
    )
