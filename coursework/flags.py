"""What is worth a look in a submission. Every part of the kit may raise a flag; only an instructor reads its details."""

from typing import NamedTuple


class Flag(NamedTuple):
    """Something that an instructor may want to look at. kind: one word, explained on the instructors' page; detail: one sentence.

    >>> Flag("missing", "No cell answers kl.").kind
    'missing'
    """

    kind: str
    detail: str
