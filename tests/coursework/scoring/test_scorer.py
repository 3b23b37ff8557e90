"""One submission graded: what a test raises is its verdict, and whatever a submission does, the rest is scored."""

import json
import signal

import pytest

from coursework.handin.cells import StudentCell, Submission, read_submission
from coursework.samples import small
from coursework.scoring import messages
from coursework.scoring.alarm import OutOfTimeError, alarm
from coursework.scoring.reference import reference
from coursework.scoring.scorer import clean, grade_reference, grade_submission
from coursework.scoring.terms import Terms
from tests.support import waiting

PATIENT = Terms(wall=waiting.HANG)


@pytest.fixture(scope="module")
def shape(exercise, supervisor):
    return grade_reference(exercise, supervisor)[1]


def submission(*cells):
    return Submission(list(cells), [], {})


def with_answer(exercise, id, code):
    """The reference with another answer."""
    cells = reference(exercise).cells
    return submission(*(cell._replace(source=code) if (cell.id, cell.kind) == (id, "answer") else cell for cell in cells))


def above(exercise, id, *cells):
    """The reference with cells above an answer."""
    there = reference(exercise).cells
    at = next(i for i, cell in enumerate(there) if (cell.id, cell.kind) == (id, "answer"))
    return submission(*there[:at], *cells, *there[at:])


def message_of(result, id):
    return next(test.message for test in result.tests if test.id == id)


def test_the_reference_and_an_honest_notebook_raise_no_flag(exercise, supervisor, tmp_path):
    result, shape = grade_reference(exercise, supervisor)
    assert (result.status, result.score, result.max_score) == ("graded", 10, 10)
    assert result.flags == ()
    path = tmp_path / "kim.ipynb"
    path.write_text(json.dumps(small.notebook(exercise)), encoding="utf-8")
    for handed_in in (path, read_submission(path, exercise)):
        result = grade_submission(exercise, handed_in, supervisor, shape=shape)
        assert (result.score, result.flags, result.words) == (10, (), {"why": ""})


def with_test(exercise, id, code):
    """The exercise with another test."""
    tests = [test._replace(code=code) if test.id == id else test for test in exercise.tests]
    return exercise._replace(tests=tuple(tests))


def test_every_test_finds_the_class_s_seed_whatever_another_or_a_student_makes_of_the_name(exercise, supervisor):
    for id, code in (("guess", "del secret_seed"), ("gaussian_kl", "secret_seed = 1"), ("draw", "assert secret_seed == 86")):
        exercise = with_test(exercise, id, code)
    theirs = submission(StudentCell(None, "secret_seed = 2"), *reference(exercise).cells)
    for seed, score in ((86, 10), (87, 7)):
        result = grade_submission(exercise, theirs, supervisor, PATIENT._replace(seed=seed))
        assert (result.score, result.flags) == (score, ())


def test_the_seed_is_in_no_worker(exercise, supervisor):
    found = StudentCell(None, "print('secret_seed' in globals())")
    result = grade_submission(exercise, submission(*reference(exercise).cells, found), supervisor, PATIENT._replace(seed=86))
    assert result.output_after.endswith("\nFalse\n")


@pytest.mark.parametrize(("line", "kind"), [("os._exit(0)", "died"), ("while True:\n        pass", "timeout")])
def test_a_worker_that_ends_within_a_check_is_said_so(exercise, supervisor, line, kind):
    """The check itself takes it for an error of the answer's, in every case from there on."""
    answer = f"import os\ndef gaussian_kl(mu, logvar):\n    {line}"
    result = grade_submission(exercise, with_answer(exercise, "gaussian_kl", answer), supervisor, PATIENT._replace(timeout=2))
    assert message_of(result, "gaussian_kl") == messages.STOPPED[kind]
    assert result.score == 8


RING = "import signal\ntry:\n    signal.raise_signal(signal.SIGALRM)\nexcept Exception:\n    pass"  # as the clock does, at once


@pytest.mark.parametrize(
    ("code", "message", "detail"),
    [
        ("assert False", messages.UNMET, "AssertionError: "),
        ("assert 1 == 2, 'one is not two'", "one is not two", ""),
        ("raise KeyError('x')", messages.UNUSED, "KeyError: 'x'"),
        ("import sys; sys.exit(0)", messages.UNUSED, "SystemExit: 0"),
        ("draw(1, 2)", "Your code raised TypeError.", "TypeError: draw() missing"),
        ("draw(1, 2, 3)", "Your code raised AttributeError.", "AttributeError: 'int' object"),
        (RING, f"The test was not over after {waiting.HANG + 1} s by the clock.", ""),
        ("try:\n    while True: pass\nexcept Exception:\n    pass", "The test was not over after 2 s.", ""),
        ("draw(lambda: 1, 2, 3)", messages.UNUSED, "TypeError: a function cannot be sent"),
        ("raise ValueError('\\x1b[31m' + 'long' * 1000)", messages.UNUSED, "ValueError: �[31mlonglong"),
    ],
)
def test_what_a_test_raises_is_its_verdict_and_the_others_go_on(exercise, supervisor, code, message, detail):
    terms = PATIENT._replace(timeout=2 if "while" in code else 30)
    result = grade_submission(with_test(exercise, "draw", code), reference(exercise), supervisor, terms)
    assert result.status == "graded"
    assert [test.points for test in result.tests] == [1, 2, 0, 4]
    assert result.tests[2].message == message
    assert result.tests[2].detail.startswith(detail)
    assert len(result.tests[2].detail) <= 500


def test_the_clock_of_a_test_rings_whatever_its_processor_time():
    with pytest.raises(OutOfTimeError, match="by the clock"), alarm(waiting.HANG, 0.05):
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
    assert result.tests[2].detail.startswith("MemoryError")
    assert result.score == 7


def test_what_prints_during_a_test_is_dropped_and_after_it_is_for_the_instructor(exercise, supervisor):
    spying = "seen = []\ndef draw(mu, logvar, generator):\n    print('SEEN', mu)\n    seen.append(mu)\n    return mu"
    cells = with_answer(exercise, "draw", spying).cells
    spied = submission(StudentCell(None, "print('mine')"), *cells, StudentCell(None, "print('LATER', len(seen))"))
    result = grade_submission(exercise, spied, supervisor)
    assert "SEEN" not in result.output + result.output_after
    assert "mine" in result.output
    assert "LATER" not in result.output
    assert "LATER 2" in result.output_after


def test_a_cell_that_takes_its_worker_along_is_left_out_and_the_rest_run_again(exercise, supervisor):
    cells = reference(exercise).cells
    bad = [StudentCell(None, "import os\nos._exit(1)"), StudentCell(None, "import ctypes\nctypes.string_at(0)")]
    result = grade_submission(exercise, submission(*cells[:3], bad[0], *cells[3:], bad[1]), supervisor)
    assert result.score == 10
    assert [flag.kind for flag in result.flags] == ["stopped", "stopped"]


def test_a_submission_that_loses_its_worker_again_and_again_comes_to_an_end(exercise, supervisor):
    bad = [StudentCell(None, f"import os\nos._exit({i})") for i in range(20)]
    result = grade_submission(exercise, submission(*bad, *reference(exercise).cells), supervisor)
    assert result.status == "graded"
    assert result.score == 0
    assert any("The worker was lost 7 times" in flag.detail for flag in result.flags)


@pytest.mark.slow
def test_an_answer_after_one_that_was_stopped_keeps_its_points(exercise, supervisor):
    """What ran before is run again for it, and that takes longer than a test may: it counts for the cells."""
    work = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    endless = "def draw(mu, logvar, generator):\n    while True: pass"
    cells = with_answer(exercise, "draw", endless).cells
    before = [StudentCell(None, f"{work}  # {i}") for i in range(3)]
    result = grade_submission(exercise, submission(*before, *cells), supervisor, PATIENT._replace(timeout=1))
    assert [test.points for test in result.tests] == [1, 2, 0, 4]
    assert result.tests[2].message == "Your code was not over in time and was stopped."


def test_the_time_of_a_submission_is_bounded(exercise, supervisor):
    """Each cell keeps within its own time; together they take three times what a submission has."""
    work = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    cells = [StudentCell(None, f"{work}  # {i}") for i in range(50)]
    slow = submission(*cells, *reference(exercise).cells)
    result = grade_submission(exercise, slow, supervisor, PATIENT._replace(timeout=0.5))
    assert result.status == "graded"
    assert result.score == 0
    kinds = [flag.kind for flag in result.flags]
    assert kinds in (["unfinished"], ["stopped", "unfinished"])  # the last cell may find less left than it takes


def test_a_name_used_again_below_its_test_costs_nothing(exercise, supervisor, shape):
    below = StudentCell(None, "prediction = draw = Encoder = None\ndef gaussian_kl(): pass")
    result = grade_submission(exercise, submission(*reference(exercise).cells, below), supervisor, shape=shape)
    assert (result.score, result.flags) == (10, ())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("pass", "Nothing defines `draw`: no cell gives a value to this name."),
        (
            "draw = widht",
            "Nothing defines `draw`: the cell that answers it raised NameError: name 'widht' is not defined (line 1).",
        ),
        ("def draw(mu:", "Nothing defines `draw`: the cell that answers it raised SyntaxError: '(' was never closed (line 1)."),
        (
            "import os\nos._exit(0)",
            "Nothing defines `draw`: the cell that answers it was stopped. Your code ended its own process.",
        ),
        ("draw = None", "Not answered yet: `draw` is None."),
    ],
)
def test_an_answer_that_is_not_there_says_why(exercise, supervisor, code, message):
    """The test before it has told the worker its numbers, so these are the words of one that ran the cell again and knows none."""
    result = grade_submission(exercise, with_answer(exercise, "draw", code), supervisor)
    assert [test.points for test in result.tests] == [1, 2, 0, 4]
    assert message_of(result, "draw") == message


def test_an_answer_whose_cell_is_gone_says_so(exercise, supervisor):
    left = [cell for cell in reference(exercise).cells if cell.id != "draw"]
    result = grade_submission(exercise, submission(*left), supervisor)
    assert message_of(result, "draw") == "Nothing defines `draw`: no cell answers it."


def test_words_of_an_error_that_hangs_on_a_test_s_numbers_are_not_told(exercise, supervisor):
    kl = "seen = []\n" + small.ANSWERS["gaussian_kl"].replace("    return", "    seen.append(mu.sum().item())\n    return")
    cells = with_answer(exercise, "gaussian_kl", kl).cells
    spying = [
        cell._replace(source="raise ValueError(seen)") if (cell.id, cell.kind) == ("draw", "answer") else cell for cell in cells
    ]
    result = grade_submission(exercise, submission(*spying), supervisor)
    assert message_of(result, "draw") == "Nothing defines `draw`: the cell that answers it raised ValueError: [1.5] (line 1)."
    assert any("ValueError: [" in flag.detail and "[1.5]" not in flag.detail for flag in result.flags), (
        "the instructor reads more than what the cells themselves gave"
    )


def test_an_object_whose_methods_say_yes_is_no_answer_where_the_reference_gave_none(exercise, supervisor, shape):
    changed = with_test(exercise, "draw", "assert draw(1, 2, 3).allclose(4), 'no'")
    lying = "class Yes:\n    def allclose(self, other):\n        return True\n\ndef draw(*args):\n    return Yes()"
    submitted = with_answer(exercise, "draw", lying)
    assert grade_submission(changed, submitted, supervisor).score == 10, "that is how it would go without a shape"
    result = grade_submission(changed, submitted, supervisor, shape=shape)
    assert result.score == 7
    assert message_of(result, "draw").startswith("draw() gave an object of a class")


def test_a_test_s_numbers_are_of_the_student_s_precision(exercise, supervisor):
    changed = with_test(exercise, "draw", "import torch\nassert torch.ones(1).dtype == draw, str(torch.ones(1).dtype)")
    for chosen, seen in (("float64", "float64"), ("float32", "float32"), ("float16", "float32"), ("bfloat16", "float32")):
        code = f"torch.set_default_dtype(torch.{chosen})\ndraw = torch.{seen}"
        result = grade_submission(changed, with_answer(exercise, "draw", code), supervisor)
        assert result.tests[2].points == 3, (chosen, result.tests[2])


def test_files_of_the_exercise_are_there_for_the_student_and_for_the_test(exercise, supervisor):
    (exercise.path.parent / "helper.py").write_text("TWO = 2")
    (exercise.path.parent / "data.csv").write_text("3")
    test = "import helper\nassert draw == int(open('data.csv').read()) * helper.TWO"
    changed = with_test(exercise, "draw", test)._replace(files=("helper.py", "data.csv"))
    code = "import helper\ndraw = helper.TWO * int(open('data.csv').read())"
    result = grade_submission(changed, with_answer(exercise, "draw", code), supervisor)
    assert (result.score, result.flags) == (10, ())
    assert sorted(path.name for path in exercise.path.parent.iterdir()) == ["data.csv", "helper.py", "small.md"]


@pytest.mark.parametrize(
    "code", ["from companion.losses import gaussian_kl", "gaussian_kl = __import__('companion.' + 'losses').losses.gaussian_kl"]
)
def test_a_forbidden_import_earns_nothing_and_is_flagged(exercise, supervisor, code):
    submitted = with_answer(exercise, "gaussian_kl", code)
    assert grade_submission(exercise, submitted, supervisor).score == 10
    for changed, terms in (
        (exercise, PATIENT._replace(forbid=("companion.losses",))),
        (exercise._replace(forbid=("companion.losses",)), PATIENT),
    ):
        result = grade_submission(changed, submitted, supervisor, terms)
        assert [test.points for test in result.tests] == [1, 0, 3, 4]
        assert "forbidden" in {flag.kind for flag in result.flags}


def test_texts_of_strangers_are_cleaned():
    assert clean("a\x1b[0m\n한\ud800", 10) == "a�[0m\n한�"
    assert clean("x" * 11, 10) == "x" * 9 + "…"
