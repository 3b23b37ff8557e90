"""What students read of a test: never what came out of a student's code, which may hold the test's numbers."""

import pytest

from coursework.scoring import messages
from coursework.scoring.alarm import OutOfTimeError
from coursework.scoring.fork import messages_of
from coursework.scoring.messages import Lacking, nothing_defines, spelled_out, told, without_words
from coursework.wire.errors import refusal, student_error
from coursework.wire.session import WorkerError

NOTHING = Lacking({}, [])
CODE = """
for size in (2, 3):
    assert f(size) == size, f"With {size} it differs."
assert f(0.5), "A half " "is a number." if size else 'Not answered yet.'
assert f(1), f"{f(1)} {size:.1f}"
"""


@pytest.mark.parametrize(
    ("error", "message", "detail"),
    [
        (AssertionError("Not answered yet."), "Not answered yet.", ""),
        (AssertionError("With 3 it differs."), "With 3 it differs.", ""),
        (AssertionError("With 0.8123 it differs."), messages.UNMET, "AssertionError: With 0.8123 it differs."),
        (AssertionError("0.8123 3"), messages.UNMET, "AssertionError: 0.8123 3"),
        (AssertionError(), messages.UNMET, "AssertionError: "),
        (AssertionError("said by a check"), "said by a check", ""),
        (AssertionError("kl raised ValueError: 0.8123."), "kl raised ValueError.", "AssertionError: kl raised ValueError: 0.8123."),
        (student_error("ValueError", "0.8123"), "Your code raised ValueError.", "ValueError: 0.8123"),
        (
            student_error("AssertionError", "Not answered yet."),
            "Your code raised AssertionError.",
            "AssertionError: Not answered yet.",
        ),
        (student_error("E8123", "x"), "Your code raised an error.", "E8123: x"),
        (student_error("KeyboardInterrupt", ""), "Your code raised an error.", "KeyboardInterrupt: "),
        (refusal("TypeError", "f() gave an object"), "f() gave an object.", "TypeError: f() gave an object"),
        (TypeError("0.8123"), messages.UNUSED, "TypeError: 0.8123"),
        (SystemExit(3), messages.UNUSED, "SystemExit: 3"),
        (OutOfTimeError("30 s"), "The test was not over after 30 s.", "OutOfTimeError: 30 s"),
        (WorkerError("memory", "0.8123"), messages.STOPPED["memory"], "WorkerError: 0.8123"),
        (WorkerError("unheard of", "x"), messages.STOPPED["died"], "WorkerError: x"),
    ],
)
def test_a_student_reads_only_the_words_of_the_test_and_of_this_kit(error, message, detail):
    assert told(error, CODE, NOTHING, {"said by a check", "kl raised ValueError: 0.8123."}) == (message, detail)


def test_a_name_that_nothing_defines_is_said_in_place_of_what_it_led_to():
    lacking = Lacking({"kl": "Nothing defines `kl`: no cell answers it."}, ["other"])
    for error in (TypeError("'NoneType' object is not callable"), AssertionError("Not answered yet.")):
        assert told(error, CODE, lacking, set()).message == "Nothing defines `kl`: no cell answers it."
    assert told(WorkerError("memory", "x"), CODE, lacking, set()).message == messages.STOPPED["memory"]


def test_an_answer_that_is_none_is_said_where_the_test_has_no_words_for_it():
    lacking = Lacking({}, ["kl"])
    assert told(TypeError("'NoneType' …"), CODE, lacking, set()).message == "Not answered yet: `kl` is None."
    assert told(AssertionError("With 2 it differs."), CODE, lacking, set()).message == "With 2 it differs."


@pytest.mark.parametrize(
    ("ran", "raised", "why"),
    [
        (False, None, "no cell answers it."),
        (True, None, "no cell gives a value to this name."),
        (
            True,
            "raised NameError: name 'x' is not defined (line 3)",
            "the cell that answers it raised NameError: name 'x' is not defined (line 3).",
        ),
        (True, "was stopped. Too long.", "the cell that answers it was stopped. Too long."),
    ],
)
def test_why_nothing_defines_a_name(ran, raised, why):
    assert nothing_defines("kl", ran, raised) == f"Nothing defines `kl`: {why}"


def test_constants_count_as_they_are_read():
    assert spelled_out("A half is a number.", CODE)
    assert not spelled_out("A half ", CODE)
    assert not spelled_out("", CODE)
    assert not spelled_out("With 23 it differs.", CODE)


@pytest.mark.parametrize(
    ("verdict", "shown"),
    [
        ("kl raised ValueError: 0.8123. It was called with a generator.", "kl raised ValueError."),
        ("kl raised E8123: 3\n4.", "kl raised an error."),
        ("kl should be a function; it is '0.8123'.", "kl should be a function; it is a text"),
        ('kl returned "it\'s 0.8123", among other values.', "kl returned a text"),
        ("You forgot the square of mu.", "You forgot the square of mu."),
        ("The line is about 'bits' and 'nats'.", "The line is about 'bits' and 'nats'."),
    ],
)
def test_a_check_s_words_go_out_without_those_of_the_student(verdict, shown):
    assert without_words(verdict).startswith(shown)
    assert "8123" not in without_words(verdict)


def test_what_checks_say_is_noted_in_the_process_that_grades():
    def task(send):
        verdicts = set()
        messages.record(verdicts)
        from companion import checks

        send(verdict=checks.check_gaussian_kl(None).message, noted=sorted(verdicts))

    (message,) = messages_of(task, 60)
    assert message["verdict"] in message["noted"]
