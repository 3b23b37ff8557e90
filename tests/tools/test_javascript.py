"""tools/javascript.py: what passed is not checked again, what changed is, and tools that cannot be fetched are told."""

import subprocess

import pytest

from tools import javascript


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """The commands that were run; each succeeds unless its number among them is in `ran.failing`. The tools are there."""

    class Ran(list):
        failing = frozenset()

    commands = Ran()

    def run(command, **options):
        commands.append(command)
        return subprocess.CompletedProcess(command, int(len(commands) in commands.failing))

    (tmp_path / "companion" / "widgets").mkdir(parents=True)
    (tmp_path / "companion" / "widgets" / "one.js").write_text("1;")
    monkeypatch.setattr(javascript, "ROOT", tmp_path)
    monkeypatch.setattr(javascript, "PASSED", tmp_path / "_build" / "passed")
    monkeypatch.setattr(javascript, "STORE", tmp_path / "store")
    monkeypatch.setattr(javascript, "fetch", lambda: None)
    monkeypatch.setattr(javascript.subprocess, "run", run)
    return commands


def test_lint_types_and_tests_run_once_and_again_when_a_script_changed(ran, tmp_path):
    assert javascript.main([]) == 0
    assert [("biome" in str(command), "tsc" in str(command), "--test" in command) for command in ran] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert javascript.main([]) == 0
    assert len(ran) == 3
    (tmp_path / "companion" / "widgets" / "one.js").write_text("2;")
    javascript.main([])
    assert len(ran) == 6


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_check_that_fails_is_not_remembered(ran, failing):
    ran.failing = {failing}
    assert javascript.main([]) == 1
    assert len(ran) == 3  # the others are run, too
    assert javascript.main([]) == 0
    assert len(ran) == 6


def test_tools_that_cannot_be_fetched_are_told_and_fail_where_nothing_may_be_skipped(ran, monkeypatch, capsys):
    def fetch():
        raise javascript.FetchError("npm could not fetch them")

    monkeypatch.setattr(javascript, "fetch", fetch)
    assert javascript.main([]) == 0
    assert "not checked: npm could not fetch them; connect to the network" in capsys.readouterr().out
    assert javascript.main(["--no-skips"]) == 1
    assert ran == []


def test_a_failed_fetch_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(javascript, "program", lambda name: str(tmp_path / "no-such-npm"))
    with pytest.raises(javascript.FetchError, match=r"could not fetch @biomejs/biome@\d"):
        javascript.fetch(tmp_path / "share" / "store")
    assert list((tmp_path / "share").iterdir()) == []
