"""What kind of thing the reference gave at each place that a test asks about, so that a student's code gives no other kind.

An object whose methods run in the student's process can say yes to whatever a test asks it. So a test gets such a thing only where
the reference gave it one, and an attribute only where the reference was asked for it. A place reads as the test's own expression:
`gaussian_kl`, `gaussian_kl()`, `VAE().encode`, and `f()[]` for what lies inside a container.

A worker is told which kinds a test takes at a place, so that it sends a list of what is in an object where only a list is of use. What
it sends nevertheless is looked at again here, and is of no use to a test (`proxies.Unusable`).
"""

from collections.abc import Collection, Iterable, Mapping

from coursework.wire.errors import refusal

PLAIN = "plain"
KINDS = ("function", "class", "module", "object")
CALLED = frozenset(KINDS) - {"object"}  # interchangeable: a factory for a class, a module for a function
WORDS = {"function": "a function", "class": "a class", "module": "a module", "object": "an object of a class"}


class Shape:
    """The kinds seen at each place: written down while the reference is graded, and held against a student's afterwards.

    Args:
        places: place -> kinds ("plain", "function", "class", "module", "object"), as another `Shape` wrote them down. None: this one
            writes them down, and refuses nothing.

    Example:
        >>> recorded = Shape()
        >>> recorded.gave("gaussian_kl()", "plain")
        >>> Shape(recorded.places).gave("gaussian_kl()", "object")
        Traceback (most recent call last):
        ...
        TypeError: gaussian_kl() gave an object of a class, and the test takes plain values there: numbers, text, tensors, lists of them
    """

    def __init__(self, places: Mapping[str, Iterable[str]] | None = None):
        self.checks = places is not None
        self.places: dict[str, set[str]] = {place: set(kinds) for place, kinds in (places or {}).items()}

    def asked(self, place: str) -> None:
        """An attribute is about to be asked for.

        Raises:
            StudentError: an AttributeError: the reference was never asked for it.
        """
        if not self.checks:
            self.places.setdefault(place, set())
        elif place not in self.places:
            raise refusal("AttributeError", f"{place}: there is no such thing where the test asks for it")

    def takes(self, place: str) -> list[list[str]] | None:
        """The kinds that may come at a place, and inside what comes there. None: any, while they are written down."""
        return [sorted(self.places.get(each, ())) for each in (place, f"{place}[]")] if self.checks else None

    def gave(self, place: str, kind: str) -> None:
        """Something of a kind has come at a place. What is plain may come anywhere.

        Raises:
            StudentError: a TypeError: the reference gave nothing like it there.
        """
        if not self.checks:
            self.places.setdefault(place, set()).add(kind)
        elif kind != PLAIN and not fits(kind, known := self.places.get(place, set())):
            expected = " or ".join(WORDS[each] for each in KINDS if each in known)
            plain = "plain values there: numbers, text, tensors, lists of them"
            raise refusal("TypeError", f"{place} gave {WORDS[kind]}, and the test takes {expected or plain}")


def fits(kind: str, known: Collection[str]) -> bool:
    """Say whether a thing of a kind, other than plain, is taken where things of these kinds are known."""
    return "object" in known or (kind in CALLED and not CALLED.isdisjoint(known))
