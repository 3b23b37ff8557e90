"""Nothing unearned, nothing lost: the table of `hostile` graded in one run, and nothing of it left behind afterwards."""

import json
import os
import socket
import tempfile
import threading
from pathlib import Path

import psutil
import pytest

from coursework.samples import hostile, small
from coursework.scoring.grade import grade
from coursework.scoring.results import read_result
from coursework.scoring.terms import Terms
from tests.support import waiting
from tests.support.processes import outlives, started

SECONDS = 5  # of processor time for a cell or a test; honest ones here take milliseconds
QUICK = hostile.CASES[::5]
WALL = 20  # of the clock, for those that wait for ever


class Watch:
    """Sees every process that descends from this one while it runs, so that afterwards each can be asked for."""

    def __enter__(self):
        self.before = {self.key(process) for process in started()}
        self.seen, self.over = {}, threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def look(self):
        while not self.over.wait(0.05):
            for process in started():
                self.seen[self.key(process)] = process

    @staticmethod
    def key(process):
        return process.pid, process._ident[1]

    def alive(self):
        """Those that were seen and still run, and any process with the mark of the daemon, whoever its parent is now."""
        left = [process for key, process in self.seen.items() if key not in self.before and process.is_running()]
        left += [process for process in psutil.process_iter(["cmdline"]) if hostile.FOREVER in (process.info["cmdline"] or ())]
        return [process for process in left if outlives(process)]


@pytest.fixture(scope="module")
def cases(pytestconfig):
    """Every fifth case, and with --slow all."""
    return hostile.CASES if pytestconfig.getoption("slow") else QUICK


@pytest.fixture(scope="module")
def graded(tmp_path_factory, sandbox, cases):
    """The table, or a part of it, graded once: results by name, the class's file, and what was left of the run."""
    root = tmp_path_factory.mktemp("hostile")
    folders = {name: root / name for name in ("source", "submitted", "results", "temporary")}
    for folder in folders.values():
        folder.mkdir()
    exercise = small.exercise(folders["source"])
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch, Watch() as watch:
        server.settimeout(0)
        patch.setenv("TMPDIR", str(folders["temporary"]))
        patch.setattr(tempfile, "tempdir", None)
        patch.setenv("SECRET", "in the grader's environment")
        places = ("submitted", "source", "results")
        filled = {name: str(folders[place]) for name, place in zip(hostile.PLACES, places, strict=False)}
        filled |= {"@MARK@": str(root / "mark"), "@PORT@": str(server.getsockname()[1])}
        hostile.hand_in(folders["submitted"], exercise, filled, cases)
        before = snapshot(folders["submitted"])
        terms = Terms(timeout=SECONDS, wall=WALL)
        summary = grade(exercise, folders["submitted"], out=folders["results"], terms=terms, progress=False)
        waiting.until(lambda: not watch.alive(), "every process of the run had ended")
        try:
            connected = bool(server.accept())
        except BlockingIOError:
            connected = False
        results = folders["results"] / "small"
        return {
            "summary": summary,
            "alive": watch.alive(),
            "watched": len(watch.seen),
            "connected": connected,
            "changed": snapshot(folders["submitted"]) != before,
            "temporary": os.listdir(folders["temporary"]),
            "mark": (root / "mark").exists(),
            "files": sorted(path.name for path in results.rglob("*") if path.is_file()),
            "class": read_result(results / "class.json"),
            "results": {path.stem: read_result(path) for path in (results / "students").iterdir()},
        }


def snapshot(folder: Path):
    return {path.name: (path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.iterdir()}


@pytest.mark.parametrize(
    "case", [pytest.param(each, id=each.name, marks=[] if each in QUICK else pytest.mark.slow) for each in hostile.CASES]
)
def test_what_was_earned_is_kept_and_nothing_else_gained(graded, case):
    row = next(row for row in graded["class"]["rows"] if row["file"] == case.name + case.suffix)
    result = graded["results"].get(case.name)
    found = {
        "state": row["state"],
        "earned": tuple(test["id"] for test in result["tests"] if test["points"] == test["max_points"]) if result else (),
        "score": result["score"] if result else 0,
        "flags": case.told([*row["flags"], *(result["flags"] if result else ())]),
    }
    assert found == {"state": case.state, "earned": case.earned, "score": case.score, "flags": case.flags}, (row, result)


def test_there_is_one_whole_result_for_each_and_a_row_for_every_file(graded, cases):
    wanted = [case for case in cases if case.state == "grade"]
    assert graded["files"] == sorted(["class.json", *(f"{case.name}.json" for case in wanted)])
    assert len(graded["class"]["rows"]) == len(cases)
    assert len(hostile.CASES) > 60
    assert graded["summary"].odd == len(cases) - len(wanted) > 0


def test_no_process_outlives_the_run(graded):
    assert graded["watched"] > 10
    assert graded["alive"] == []


def test_no_file_is_left_behind_or_changed(graded):
    assert graded["temporary"] == []
    assert not graded["mark"]
    assert not graded["changed"]


def test_nobody_connected(graded):
    assert not graded["connected"]


def test_no_secret_is_in_a_result(graded):
    text = json.dumps([graded["results"], graded["class"]["rows"]], ensure_ascii=False)
    for secret in (
        "BEGIN HIDDEN",
        "manual_seed(7)",
        "SECRET found",
        "in the grader's environment",
        "6 * 8 + 8",
        "def draw(mu, logvar, generator):",
    ):
        assert secret not in text


def test_no_number_of_a_test_comes_home(graded):
    told = json.dumps([[result["output"], [test["message"] for test in result["tests"]]] for result in graded["results"].values()])
    assert "SEEN" not in told


def test_output_and_messages_are_bounded(graded):
    for result in graded["results"].values():
        assert len(result["output"]) <= 4000
        assert all(len(test["message"]) <= 500 and len(test["detail"]) <= 500 for test in result["tests"])
        assert len(json.dumps(result)) < 40_000
