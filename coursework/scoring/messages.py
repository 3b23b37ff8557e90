"""What a student reads of a test that was not passed, and what the instructor reads of it.

A test's hidden numbers travel to the student's code, which can raise them, print them or return them. So a student only ever reads
what stands in the test's own text, the message of a check of `companion.checks`, or a sentence from here. All else is the detail, which
the instructor reads; the example of a check's verdict, too.
"""

import ast
import builtins
import re
from collections.abc import Iterator
from typing import NamedTuple

from coursework.scoring.alarm import OutOfTimeError
from coursework.wire.session import StudentError, WorkerError

BUILTIN_ERRORS = frozenset(name for name, each in vars(builtins).items() if isinstance(each, type) and issubclass(each, Exception))
LATE = "Your code was not over in time and was stopped."
UNUSED = "The test could not use what your code returned."
UNMET = "Something that should hold does not."
RAISED = re.compile(r"\braised (\w+): .*", re.DOTALL)
QUOTED = re.compile(r"\b([Ii]s|returned) (['\"]).*(\2|$)", re.DOTALL)
STOPPED = {
    "timeout": LATE,
    "memory": "Your code took more memory than it may.",
    "died": "Your code ended its own process.",
    "protocol": "Your code's process gave no answer that could be understood.",
    "often": "Your code's process was lost too often; no more of this submission was run.",
}


class Told(NamedTuple):
    """message: for the student. detail: for the instructor; "" where the message says it all."""

    message: str
    detail: str


class Lacking(NamedTuple):
    """Names that a test asked for in vain. absent: name -> why nothing defines it. empty: those that are None."""

    absent: dict[str, str]
    empty: list[str]


def told(error: BaseException, code: str, lacking: Lacking, verdicts: set[str]) -> Told:
    """What to say of a test that raised.

    Args:
        code: of the test. verdicts: what checks said while the submission was graded.
    """
    message = _message(error, code, verdicts)
    if isinstance(error, OutOfTimeError | WorkerError):
        pass
    elif lacking.absent:
        message = " ".join(lacking.absent.values())
    elif lacking.empty and message == UNUSED:
        message = f"Not answered yet: {' and '.join(f'`{name}`' for name in lacking.empty)} is None."
    return Told(message, "" if str(error) == message else f"{_type(error)}: {error}")


def _message(error: BaseException, code: str, verdicts: set[str]) -> str:
    if isinstance(error, OutOfTimeError):
        return f"The test was not over after {error}."
    if isinstance(error, WorkerError):
        return STOPPED.get(error.kind, STOPPED["died"])
    if isinstance(error, StudentError):
        return f"{error.message}." if error.ours else f"Your code raised {error_name(error.type)}."
    if isinstance(error, AssertionError):
        text = str(error)
        if text in verdicts:
            return without_words(text)
        return text if text and spelled_out(text, code) else UNMET
    return UNUSED


def _type(error: BaseException) -> str:
    return error.type if isinstance(error, StudentError) else type(error).__name__


def error_name(name: str) -> str:
    """The name of an error's class if Python has it built in; of others a name may say anything."""
    return name if name in BUILTIN_ERRORS else "an error"


def without_words(verdict: str) -> str:
    """What a check says, without what the student's code said in an error or as a text.

    >>> without_words("kl raised ValueError: 0.81. It was called with a generator."), without_words("It is '0.81'.")
    ('kl raised ValueError.', 'It is a text.')
    """
    verdict = RAISED.sub(lambda found: f"raised {error_name(found[1])}.", verdict)
    return QUOTED.sub(r"\1 a text", verdict)


def spelled_out(text: str, code: str) -> bool:
    """Say whether a text stands in the code of a test: a constant, or an f-string into which only constants of the code are put.

    >>> code = 'for size in (2, 3): assert f(size), f"With {size} it differs."'
    >>> spelled_out("With 3 it differs.", code), spelled_out("With 0.8123 it differs.", code)
    (True, False)
    """
    tree = ast.parse(code)
    constants = {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    if text in constants:
        return True
    value = "(?:" + "|".join(map(re.escape, sorted(constants - {""}, key=len, reverse=True))) + ")"
    return any(re.fullmatch(pattern, text) for pattern in _patterns(tree, value))


def _patterns(tree: ast.AST, value: str) -> Iterator[str]:
    """A regular expression for each f-string, with `value` for what is put in."""
    inner = {id(part.format_spec) for part in ast.walk(tree) if isinstance(part, ast.FormattedValue)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in inner:
            yield "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else value for part in node.values)


def nothing_defines(name: str, ran: bool, raised: str | None) -> str:
    """Why a name is not there.

    Args:
        ran: a cell that answers it was run. raised: how that cell failed, if it did.

    >>> nothing_defines("kl", True, "raised NameError: name 'x' is not defined (line 3)")
    "Nothing defines `kl`: the cell that answers it raised NameError: name 'x' is not defined (line 3)."
    """
    why = (
        "no cell answers it"
        if not ran
        else f"the cell that answers it {raised}"
        if raised
        else "no cell gives a value to this name"
    )
    return f"Nothing defines `{name}`: {why.removesuffix('.')}."


def record(verdicts: set[str]) -> None:
    """Note in `verdicts` what every check says from now on. For a process that ends with the submission: it cannot be undone.

    Of a verdict only its message is noted. The example is for practice: it shows the inputs that a test hides.
    """
    from companion.checks.verdict import Verdict

    make = Verdict.__new__

    def made(cls: type, right: bool | None, message: str, *example: str, **named: str) -> Verdict:
        verdicts.add(message)
        return make(cls, right, message, *example, **named)

    Verdict.__new__ = made  # type: ignore[assignment]
