"""Which numbers a student gets: drawn with the course's key, so that nothing has to be stored and grading finds the same ones again."""

import hashlib
import hmac
import json
import unicodedata

from coursework.assignment.source import Exercise
from coursework.assignment.stamp import Key


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


def _draw(key: Key, *parts: str) -> int:
    message = json.dumps(parts).encode()  # unlike parts joined by a comma, never the same for two different lists
    return int.from_bytes(hmac.digest(key.secret, message, hashlib.sha256), "big")
