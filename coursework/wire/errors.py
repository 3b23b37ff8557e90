"""What a student's code raised, as the trusted side sees it."""


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
        return student_error, (self.type, self.message, self.ours)


# Errors that a test may expect, or that Python asks with (hasattr). A student's error of such a name can be caught as one.
CAUGHT = {
    each.__name__: each
    for each in (
        *(ArithmeticError, AssertionError, AttributeError, IndexError, KeyError, LookupError, NameError, NotImplementedError),
        *(RuntimeError, TypeError, ValueError, ZeroDivisionError),
    )
}


def student_error(type_name: str, message: str, ours: bool = False) -> StudentError:
    """A `StudentError` whose class bears the name of the student's, and is that builtin error too where it is one of `CAUGHT`.

    >>> isinstance(student_error("ValueError", "negative"), ValueError)
    True
    """
    bases = (StudentError, CAUGHT[type_name]) if type_name in CAUGHT else (StudentError,)
    return type(type_name, bases, {"__module__": "student"})(type_name, message, ours)


def refusal(type_name: str, message: str) -> StudentError:
    """An error in this kit's own words."""
    return student_error(type_name, message, True)
