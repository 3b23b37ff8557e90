"""The processes that grade: one that is lost is replaced, one that is killed takes all of its own along."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from coursework.assignment.source import load_source
from coursework.samples import small
from coursework.scoring import pool
from coursework.scoring.grade import grade
from coursework.scoring.grader import GradeError
from coursework.scoring.results import read_result
from coursework.scoring.terms import Terms
from tests.support import waiting

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("sandbox")]


@pytest.fixture
def submitted(tmp_path, exercise):
    """Two submissions."""
    folder = tmp_path / "submitted"
    folder.mkdir()
    for name in ("kim", "lee"):
        (folder / f"{name}.ipynb").write_text(json.dumps(small.notebook(exercise)), encoding="utf-8")
    return folder


def run(exercise, submitted, out, **changes):
    return grade(exercise, submitted, out=out, jobs=1, progress=False, **changes)


def scores(out):
    return {path.stem: read_result(path)["score"] for path in (out / "small" / "students").glob("*.json")}


def test_a_reference_that_fails_its_own_tests_stops_everything(submitted, tmp_path):
    path = tmp_path / "small.md"
    path.write_text(small.SOURCE.replace("prediction = 0.6931", "prediction = 2"), encoding="utf-8")
    with pytest.raises(GradeError, match=r"reference of small fails its own tests.*guess: A fair coin"):
        run(load_source(path), submitted, tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_a_reference_that_needs_what_is_forbidden_says_who_forbids_it(exercise, submitted, tmp_path):
    path = tmp_path / "small.md"
    path.write_text(small.SOURCE.replace("prediction = 0.6931", "import fractions\nprediction = 0.6931"), encoding="utf-8")
    needy = load_source(path)
    said = r"reference of small itself imports fractions, which --forbid fractions json forbids, so nothing was graded.*guess: "
    with pytest.raises(GradeError, match=said):
        run(needy, submitted, tmp_path / "results", terms=Terms(forbid=("fractions", "json")))
    with pytest.raises(GradeError, match=r"itself imports fractions, which the source's `forbid` forbids"):
        run(needy._replace(forbid=("fractions",)), submitted, tmp_path / "results")


def test_a_process_that_is_lost_is_replaced(exercise, submitted, tmp_path, monkeypatch):
    """The grader's own process is killed while it is at a submission, as a machine short of memory would."""
    give, killed = pool._Job.give, []

    def give_and_kill(job, task):
        give(job, task)
        if not killed:
            killed.append(job.process.pid)
            os.kill(job.process.pid, signal.SIGKILL)

    monkeypatch.setattr(pool._Job, "give", give_and_kill)
    summary = run(exercise, submitted, tmp_path / "results")
    assert len(killed) == 1
    assert (summary.graded, summary.failed) == (2, 0)
    assert scores(tmp_path / "results") == {"kim": 10, "lee": 10}


def test_a_submission_at_which_the_process_is_lost_twice_has_failed_and_is_tried_again(exercise, submitted, tmp_path, monkeypatch):
    give = pool._Job.give

    def give_and_kill(job, task):
        give(job, task)
        if task.student == "lee":
            os.kill(job.process.pid, signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(pool._Job, "give", give_and_kill)
        summary = run(exercise, submitted, tmp_path / "results")
    assert (summary.graded, summary.failed) == (1, 1)
    assert run(exercise, submitted, tmp_path / "results").kept == 1
    assert scores(tmp_path / "results") == {"kim": 10, "lee": 10}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 3), (signal.SIGTERM, 3), (signal.SIGKILL, -9)])
def test_a_run_that_is_stopped_leaves_nothing_running_and_goes_on(exercise, submitted, tmp_path, number, code):
    """The second submission waits for ever, so that the run is sure to be at it when it is stopped."""
    made = small.notebook(exercise)
    waits = "import subprocess, time\nsubprocess.Popen(['sleep', '86399'], start_new_session=True)\ntime.sleep(10**6)"
    (submitted / "lee.ipynb").write_text(json.dumps(small.with_cells(made, [small.code(waits), *made["cells"]])), encoding="utf-8")
    command = [sys.executable, "-m", "coursework.cli", "grade", str(exercise.path), str(submitted), "-j", "1", "--quiet"]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "r"), "--wall", "100000"], stderr=subprocess.PIPE, start_new_session=True
    )
    me = psutil.Process(process.pid)
    waiting.until(lambda: scores(tmp_path / "r"), "the first result was written")
    waiting.until(lambda: any(child.name() == "sleep" for child in me.children(recursive=True)), "the second submission ran")
    family = me.children(recursive=True)
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    assert (b"the same command goes on" in process.communicate()[1]) == (code == 3)
    assert process.returncode == code
    assert psutil.wait_procs(family, timeout=waiting.HANG)[1] == []
    assert list(scores(tmp_path / "r")) == ["kim"]
    (submitted / "lee.ipynb").write_text(json.dumps(made), encoding="utf-8")
    summary = run(exercise, submitted, tmp_path / "r")
    assert (summary.graded, summary.kept) == (2, 1)
