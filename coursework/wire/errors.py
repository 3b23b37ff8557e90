"""What a student's code raised, as the trusted side sees it."""

from collections.abc import Iterable, Sequence


class StudentError(Exception):
    """What a student's code raised. type: the name of its class; str() is its message, cut off where it is long.

    ours: the message is this kit's own, about a value that it did not take. Nothing in it comes from the student's code.
    """

    def __init__(self, type: str, message: str, ours: bool = False):
        super().__init__(type, message, ours)
        self.type, self.message, self.ours = type, message, ours

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple:
        return student_error, (self.type, self.message, self.ours, [each.__name__ for each in type(self).__bases__])


# Errors that a test may expect, or that Python asks with (hasattr). A student's error of such a kind can be caught as one.
CAUGHT = {
    each.__name__: each
    for each in (
        *(ArithmeticError, AssertionError, AttributeError, FileNotFoundError, IndexError, KeyError, LookupError, NameError),
        *(NotImplementedError, OSError, OverflowError, RuntimeError, TypeError, UnicodeError, ValueError, ZeroDivisionError),
    )
}


def student_error(type_name: str, message: str, ours: bool = False, bases: Iterable[str] = ()) -> StudentError:
    """A `StudentError` whose class bears the name of the student's, and is those of `CAUGHT` too that the student's is.

    Args:
        bases: the names of the builtin errors that it is besides its own, the most special first.

    >>> isinstance(student_error("Overdrawn", "by 3", bases=["ValueError", "Exception"]), ValueError)
    True
    """
    kinds = list(dict.fromkeys(CAUGHT[name] for name in (type_name, *bases) if name in CAUGHT))
    return _joined(type_name, kinds)(type_name, message, ours)


def _joined(name: str, kinds: Sequence[type]) -> type[StudentError]:
    try:
        return type(name, (StudentError, *kinds), {"__module__": "student"})
    except TypeError:  # some builtin errors do not go together
        return _joined(name, kinds[:-1])


def refusal(type_name: str, message: str) -> StudentError:
    """An error in this kit's own words."""
    return student_error(type_name, message, True)
