"""Grading a folder: one result each, resumable, in slices; and what a submission's scorer does when things go wrong."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from coursework.assignment.source import load_source
from coursework.handin.matching import StudentCell
from coursework.handin.submissions import Found, Submission, read_submission
from coursework.samples import small
from coursework.sandbox.supervisor import Supervisor
from coursework.scoring import pool
from coursework.scoring.grade import grade, in_shard
from coursework.scoring.pool import GradeError, Pool, reference
from coursework.scoring.results import as_json, write_result
from coursework.scoring.scorer import _alarm, _OutOfTimeError, clean, grade_submission
from tests.support import waiting

FIELDS = {
    *("format", "exercise", "student", "submission", "submission_sha256", "source_sha256", "status", "score", "max_score"),
    *("manual_points", "tests", "flags", "output", "seconds", "variant"),
}


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    return small.exercise(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def supervisor(sandbox):
    with Supervisor() as opened:
        yield opened


@pytest.fixture
def submitted(tmp_path, exercise):
    """A folder of two submissions."""
    folder = tmp_path / "submitted"
    folder.mkdir()
    (folder / "kim.ipynb").write_text(json.dumps(small.notebook(exercise)), encoding="utf-8")
    (folder / "lee.ipynb").write_text(json.dumps(small.notebook(exercise, {"guess": "prediction = 0.69"})), encoding="utf-8")
    return folder


@pytest.fixture
def quick(supervisor, monkeypatch):
    """Grade in this process's own supervisor, where a test is about the folder and not about the processes."""

    class InProcess(Pool):
        def add(self, count):
            pass

        def run(self, tasks):
            for task in tasks:
                exercise = self.settings.exercise.with_values(task.variant)
                yield as_json(grade_submission(exercise, task.found.path, supervisor), self.settings.exercise, *task)

    monkeypatch.setattr("coursework.scoring.grade.Pool", InProcess)


def run(exercise, submitted, out, **changes):
    return grade(exercise, submitted, out=out, **{"jobs": 1, "progress": False, **changes})


def loaded(folder):
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


def timeless(results):
    return {name: {key: value for key, value in result.items() if key != "seconds"} for name, result in results.items()}


@pytest.fixture(scope="module")
def variants(tmp_path_factory):
    """An exercise whose number hangs on the student."""
    text = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
companion: {variants: {n: [3, 5, 7, 11, 13, 17]}}
---

# Exercises: variants

```{code-cell} ipython3
:companion: {answer: answer}

answer = None  # your answer: {{n}} times two
### BEGIN SOLUTION
answer = {{n}} * 2
### END SOLUTION
```

```{code-cell} ipython3
:companion: {test: answer, points: 1}

print(answer)
### BEGIN HIDDEN TESTS
assert answer == 2 * {{n}}, "Another number was asked for."
### END HIDDEN TESTS
```
"""
    path = tmp_path_factory.mktemp("variants") / "variants.md"
    path.write_text(text, encoding="utf-8")
    return load_source(path)


def test_a_folder_is_graded_resumed_and_graded_again(exercise, submitted, tmp_path, quick):
    out = tmp_path / "results"
    summary = run(exercise, submitted, out)
    first = loaded(out)
    assert (summary.graded, summary.kept, summary.unreadable) == (2, 0, 0)
    assert (summary.mean, summary.median, summary.max_score) == (5.5, 5.5, 10)
    assert {name: result["score"] for name, result in first.items()} == {"kim": 10, "lee": 1}
    assert all(set(result) == FIELDS for result in first.values())
    assert first["kim"]["manual_points"] == 2
    assert [test["points"] for test in first["lee"]["tests"]] == [1, 0, 0, 0]
    assert first["lee"]["tests"][1]["message"] == "Not answered yet."
    assert "2 of 2 graded" in str(summary)

    os.utime(out / "kim.json", (1, 1))
    (submitted / "lee.ipynb").write_text(json.dumps(small.notebook(exercise)), encoding="utf-8")
    (submitted / "park.ipynb").write_bytes(b"")
    summary = run(exercise, submitted, out)
    assert (summary.graded, summary.kept, summary.unreadable) == (2, 1, 1)
    assert (out / "kim.json").stat().st_mtime == 1
    assert {name: result["score"] for name, result in loaded(out).items()} == {"kim": 10, "lee": 10, "park": 0}

    summary = run(exercise._replace(sha256="another source"), submitted, out)
    assert summary.kept == 0
    summary = run(exercise._replace(sha256="another source"), submitted, out, force=True)
    assert summary.kept == 0
    assert run(exercise._replace(sha256="another source"), submitted, out).kept == 3
    assert sorted(path.name for path in out.iterdir()) == ["kim.json", "lee.json", "park.json"]


def test_a_damaged_result_is_made_again_without_starting_over(exercise, submitted, tmp_path, quick):
    out = tmp_path / "results"
    run(exercise, submitted, out)
    (out / "kim.json").write_text('{"format": 1, "exer', encoding="utf-8")
    assert run(exercise, submitted, out).kept == 1
    assert loaded(out)["kim"]["score"] == 10


@pytest.mark.slow
def test_slices_together_are_the_whole(exercise, tmp_path, quick):
    submitted = tmp_path / "submitted"
    submitted.mkdir()
    for i in range(4):
        answers = {id: code for j, (id, code) in enumerate(small.ANSWERS.items()) if (i + j) % 2}
        (submitted / f"student{i}.ipynb").write_text(json.dumps(small.notebook(exercise, answers)), encoding="utf-8")
    for i in (1, 2):
        run(exercise, submitted, tmp_path / "sliced", shard=(i, 2))
        assert 0 < len(loaded(tmp_path / "sliced")) <= 4
    run(exercise, submitted, tmp_path / "whole", jobs=2)
    assert timeless(loaded(tmp_path / "sliced")) == timeless(loaded(tmp_path / "whole"))


def test_every_submission_is_in_one_slice_and_one_name_in_the_same(tmp_path):
    found = [Found(name, tmp_path / name) for name in (*(f"s{i}" for i in range(50)), "kim", "Kim~2", "KIM~3")]
    slices = [in_shard(found, (i, 7)) for i in range(1, 8)]
    assert sorted(each.student for one in slices for each in one) == sorted(each.student for each in found)
    assert sum(any(each.student.casefold().startswith("kim") for each in one) for one in slices) == 1
    assert max(map(len, slices)) < 20
    assert in_shard(found, None) == found


def test_variants_follow_the_seed_and_the_student(variants, tmp_path, quick):
    from coursework.assignment.release import student_notebook
    from coursework.assignment.variants import values_for

    submitted = tmp_path / "submitted"
    submitted.mkdir()
    for name in ("kim", "lee", "park"):
        value = values_for(variants, "salt", name)
        made = json.loads(json.dumps(student_notebook(variants.with_values(value))))
        small.cell_of(made, "answer")["source"] = f"answer = {2 * value['n']}"
        (submitted / f"{name}.ipynb").write_text(json.dumps(made), encoding="utf-8")
    run(variants, submitted, tmp_path / "results", seed="salt")
    results = loaded(tmp_path / "results")
    assert {name: result["score"] for name, result in results.items()} == {"kim": 1, "lee": 1, "park": 1}
    assert {name: result["variant"] for name, result in results.items()} == {
        name: values_for(variants, "salt", name) for name in results
    }
    summary = run(variants, submitted, tmp_path / "results", seed="another")
    assert summary.kept == sum(values_for(variants, "another", name) == values_for(variants, "salt", name) for name in results)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"jobs": 0}, "jobs: got 0"),
        ({"jobs": True}, "jobs: got True"),
        ({"timeout": 0}, "timeout: got 0"),
        ({"wall": -1}, "wall: got -1"),
        ({"shard": (3, 2)}, "shard: got 3/2"),
        pytest.param({"sandbox": "docker"}, "docker", marks=pytest.mark.medium),
    ],
)
def test_what_cannot_begin_says_why(exercise, submitted, tmp_path, changes, message, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")  # no docker here, whatever the machine has
    with pytest.raises(GradeError, match=message):
        run(exercise, submitted, tmp_path / "results", **changes)


def test_a_folder_without_submissions_and_no_folder(exercise, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(GradeError, match="no submission for small"):
        run(exercise, tmp_path / "empty", tmp_path / "results")
    with pytest.raises(GradeError, match="expected a folder"):
        run(exercise, tmp_path / "nothing", tmp_path / "results")


@pytest.mark.slow
@pytest.mark.usefixtures("sandbox")
def test_a_reference_that_fails_its_own_tests_stops_everything(exercise, submitted, tmp_path):
    answers = [answer._replace(reference_code="prediction = 2") if answer.id == "guess" else answer for answer in exercise.answers]
    with pytest.raises(GradeError, match=r"reference of small fails its own tests.*guess: A fair coin"):
        run(exercise._replace(answers=tuple(answers)), submitted, tmp_path / "results")
    assert not list((tmp_path / "results").glob("*.json"))


def test_a_result_is_whole_or_not_there(tmp_path, monkeypatch):
    write_result(tmp_path, {"student": "kim", "score": 1})
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        write_result(tmp_path, {"student": "kim", "score": 2})
    assert loaded(tmp_path)["kim"]["score"] == 1


@pytest.mark.slow
@pytest.mark.usefixtures("sandbox")
def test_a_process_that_is_lost_is_replaced(exercise, submitted, tmp_path, monkeypatch):
    """The grader's own process is killed while it is at a submission, as a machine short of memory would."""
    give, killed = pool._Job.give, []

    def give_and_kill(job, task):
        give(job, task)
        if not killed:
            killed.append(job.process.pid)
            os.kill(job.process.pid, signal.SIGKILL)

    monkeypatch.setattr(pool._Job, "give", give_and_kill)
    for path in submitted.iterdir():
        path.write_text(json.dumps(small.notebook(exercise)), encoding="utf-8")
    summary = run(exercise, submitted, tmp_path / "results")
    assert len(killed) == 1
    assert (summary.graded, summary.failed) == (2, 0)
    assert {result["score"] for result in loaded(tmp_path / "results").values()} == {10}


@pytest.mark.slow
@pytest.mark.usefixtures("sandbox")
def test_an_interrupted_run_keeps_what_it_has_and_goes_on(exercise, tmp_path):
    """The second submission waits for ever, so that the run is sure to be at it when it is interrupted."""
    submitted = tmp_path / "submitted"
    submitted.mkdir()
    made = small.notebook(exercise)
    quick = json.dumps(made)
    endless = json.dumps(small.with_cells(made, [small.code("import time\ntime.sleep(10**6)"), *made["cells"]]))
    for i in range(4):
        (submitted / f"s{i}.ipynb").write_text(quick if i == 0 else endless, encoding="utf-8")
    command = [sys.executable, "-m", "coursework.cli", "grade", str(exercise.path), str(submitted), "-j", "1"]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "r"), "--wall", "100000"], stderr=subprocess.PIPE, start_new_session=True
    )
    said = b""
    while b"1/4" not in said:  # the bar, when the first result has been written
        block = os.read(process.stderr.fileno(), 4096)
        assert block, said
        said += block
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    assert b"stopped; results made so far are kept" in process.communicate()[1]
    assert process.returncode == 2
    assert list(loaded(tmp_path / "r")) == ["s0"]
    assert psutil.wait_procs(family, timeout=waiting.HANG)[1] == []
    for path in submitted.iterdir():
        path.write_text(quick, encoding="utf-8")
    summary = run(exercise, submitted, tmp_path / "r")
    assert (summary.graded, summary.kept) == (4, 1)


def test_the_reference_and_an_honest_notebook_raise_no_flag(exercise, supervisor, tmp_path):
    result = grade_submission(exercise, reference(exercise), supervisor)
    assert (result.status, result.score, result.max_score) == ("graded", 10, 10)
    assert result.flags == ()
    path = tmp_path / "kim.ipynb"
    path.write_text(json.dumps(small.notebook(exercise)), encoding="utf-8")
    for submission in (path, read_submission(path, exercise)):
        result = grade_submission(exercise, submission, supervisor)
        assert (result.score, [flag.kind for flag in result.flags]) == (10, ["manual"])


def with_test(exercise, id, code):
    """The exercise with another test."""
    tests = [test._replace(code=code) if test.id == id else test for test in exercise.tests]
    return exercise._replace(tests=tuple(tests))


RING = "import signal\ntry:\n    signal.raise_signal(signal.SIGALRM)\nexcept Exception:\n    pass"  # as the clock does, at once


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("assert False", "Something that should hold does not."),
        ("assert 1 == 2, 'one is not two'", "one is not two"),
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("draw(1, 2)", "Your code raised TypeError: draw() missing"),
        ("draw(1, 2, 3)", "Your code raised AttributeError: 'int' object"),
        (RING, f"The test was not over after {waiting.HANG + 1} s by the clock."),
        ("try:\n    while True: pass\nexcept Exception:\n    pass", "The test was not over after 2 s."),
        ("draw(lambda: 1, 2, 3)", "TypeError: a function cannot be sent"),
        ("raise ValueError('\\x1b[31m' + 'long' * 1000)", "ValueError: �[31mlonglong"),
    ],
)
def test_what_a_test_raises_is_its_verdict_and_the_others_go_on(exercise, supervisor, code, message):
    changed = with_test(exercise, "draw", code)
    timeout = 2 if "while" in code else 30
    result = grade_submission(changed, reference(exercise), supervisor, timeout=timeout, wall=waiting.HANG)
    assert result.status == "graded"
    assert [test.points for test in result.tests] == [1, 2, 0, 4]
    assert result.tests[2].message.startswith(message)
    assert len(result.tests[2].message) <= 500


def test_the_clock_of_a_test_rings_whatever_its_processor_time():
    with pytest.raises(_OutOfTimeError, match="by the clock"), _alarm(waiting.HANG, 0.05):
        signal.pause()


@pytest.mark.parametrize("code", ["import os\nos._exit(0)", "import os\nos.kill(os.getpid(), 9)"])
def test_a_scorer_that_is_lost_keeps_what_it_had_found(exercise, supervisor, code):
    result = grade_submission(with_test(exercise, "draw", code), reference(exercise), supervisor)
    assert result.status == "failed"
    assert [test.points for test in result.tests] == [1, 2, 0, 0]
    assert [flag.kind for flag in result.flags] == ["failed"]


def test_memory_of_a_scorer_is_bounded(exercise, supervisor):
    result = grade_submission(
        with_test(exercise, "draw", "hoard = [bytearray(10**9) for _ in range(9)]"), reference(exercise), supervisor
    )
    assert result.tests[2].message.startswith("MemoryError")
    assert result.score == 7


def test_what_prints_during_a_test_is_kept_from_the_student(exercise, supervisor):
    spying = "def draw(mu, logvar, generator):\n    print('SEEN', mu)\n    return mu"
    cells = [cell._replace(source=spying) if cell.id == "draw" else cell for cell in reference(exercise).cells]
    result = grade_submission(exercise, Submission([*cells, StudentCell(None, "print('mine')")], []), supervisor)
    assert "SEEN" not in result.output
    assert "mine" in result.output


def test_a_cell_that_takes_its_worker_along_is_left_out_and_the_rest_run_again(exercise, supervisor):
    cells = reference(exercise).cells
    bad = [StudentCell(None, "import os\nos._exit(1)"), StudentCell(None, "import ctypes\nctypes.string_at(0)")]
    result = grade_submission(exercise, Submission([*cells[:3], bad[0], *cells[3:], bad[1]], []), supervisor)
    assert result.score == 10
    assert [flag.kind for flag in result.flags] == ["stopped", "stopped"]


def test_a_submission_that_loses_its_worker_again_and_again_comes_to_an_end(exercise, supervisor):
    bad = [StudentCell(None, f"import os\nos._exit({i})") for i in range(20)]
    result = grade_submission(exercise, Submission([*bad, *reference(exercise).cells], []), supervisor)
    assert result.status == "graded"
    assert result.score == 0
    assert any("The worker was lost 7 times" in flag.detail for flag in result.flags)


@pytest.mark.slow
def test_an_answer_after_one_that_was_stopped_keeps_its_points(exercise, supervisor):
    """What ran before is run again for it, and that takes longer than a test may: it counts for the cells."""
    work = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    endless = "def draw(mu, logvar, generator):\n    while True: pass"
    cells = [cell._replace(source=endless) if cell.id == "draw" else cell for cell in reference(exercise).cells]
    before = [StudentCell(None, f"{work}  # {i}") for i in range(3)]
    result = grade_submission(exercise, Submission([*before, *cells], []), supervisor, timeout=1, wall=waiting.HANG)
    assert [test.points for test in result.tests] == [1, 2, 0, 4]
    assert result.tests[2].message == "Your code was not over in time and was stopped."


def test_the_time_of_a_submission_is_bounded(exercise, supervisor):
    """Each cell keeps within its own time; together they take three times what a submission has."""
    work = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    cells = [StudentCell(None, f"{work}  # {i}") for i in range(50)]
    submission = Submission([*cells, *reference(exercise).cells], [])
    result = grade_submission(exercise, submission, supervisor, timeout=0.5, wall=waiting.HANG)
    assert result.status == "graded"
    assert result.score == 0
    kinds = [flag.kind for flag in result.flags]
    assert kinds in (["unfinished"], ["stopped", "unfinished"])  # the last cell may find less left than it takes


def test_texts_of_strangers_are_cleaned():
    assert clean("a\x1b[0m\n한\ud800", 10) == "a�[0m\n한�"
    assert clean("x" * 11, 10) == "x" * 9 + "…"
