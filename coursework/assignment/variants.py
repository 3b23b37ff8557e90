"""Which numbers a student gets, and which the tests draw theirs from: found with the course's key, so that nothing has to be stored
and grading finds the same ones again.
"""

import hashlib
import hmac
import json
import unicodedata

from coursework.assignment.source import SEED, Exercise
from coursework.assignment.stamp import Key

UNKEYED = 3_141_593  # `secret_seed` where there is no key; a check that is told no seed takes 0
SEEDS = 2**31  # so many are there: numbers that any library's generator takes


def values_for(exercise: Exercise, key: Key | None, student: str | None) -> dict[str, object]:
    """Choose a value for each variant of an exercise.

    HMAC-SHA256 with the key, over exercise, student and variant: who does not have the key cannot tell who gets what.

    Args:
        exercise: with `variants`, name -> values.
        key: of the course. Without one, or without a student, the first value of each is taken.
        student: a student's or a group's id. Hangul composed and Hangul in pieces (as macOS writes file names) are the same name.

    Example:
        >>> values_for(load_source("private/kl.md"), None, None)
        {'latent_dim': 3}
    """
    if key is None or student is None:
        return {name: values[0] for name, values in exercise.variants.items()}
    student = unicodedata.normalize("NFC", student)
    return {name: values[_draw(key, exercise.name, student, name) % len(values)] for name, values in exercise.variants.items()}


def secret_seed(exercise: Exercise, key: Key | None) -> int:
    """What `secret_seed` is in the tests of an exercise: one number for the whole class.

    HMAC-SHA256 with the key, over the exercise's name alone, so that a mended source is graded with the numbers of before. Without a key,
    as for the book's practice and for trying a source, it is a number that anybody may know.

    Example:
        >>> secret_seed(load_source("book/exercises/source/07-loss.md"), None)
        3141593
    """
    return UNKEYED if key is None else 1 + _draw(key, SEED, exercise.name) % (SEEDS - 1)


def _draw(key: Key, *parts: str) -> int:
    message = json.dumps(parts).encode()  # unlike parts joined by a comma, never the same for two different lists
    return int.from_bytes(hmac.digest(key.secret, message, hashlib.sha256), "big")
