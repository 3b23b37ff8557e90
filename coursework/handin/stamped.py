"""What the stamps in a file say of it, and whether they may be believed. They say nothing of whose the file is."""

from collections.abc import Sequence
from typing import NamedTuple

from coursework.assignment.roster import ClassList, spells
from coursework.assignment.stamp import Key, Read, Stamp, StampError, find_tokens, is_authentic, read_stamp
from coursework.flags import Flag


class WrongKeyError(ValueError):
    """The notebooks were released with another key, or for another class list; says what came and what was expected."""


class Stamps(NamedTuple):
    """The stamps of one file. here: the authentic ones of this assignment. elsewhere: those of another. doubtful: the rest."""

    here: tuple[Stamp, ...] = ()
    elsewhere: tuple[Stamp, ...] = ()
    doubtful: tuple[Read, ...] = ()


class Verdict(NamedTuple):
    """stamp: as `Row`'s. flags: what is worth a look. values: of the variants, of a stamp that may be believed, or None."""

    stamp: str
    flags: tuple[Flag, ...] = ()
    values: dict | None = None


def stamps_of(text: str, assignment: str, key: Key | None) -> Stamps:
    """Read the stamps in a file's text. Without a key none of this assignment is authentic; one of another is taken at its word."""
    reads = []
    for token in find_tokens(text):
        try:
            reads.append(read_stamp(token))
        except StampError:  # cut by a converter, or made up
            continue
    if key is None:
        return Stamps((), (), tuple(read for read in reads if read.stamp.assignment == assignment))
    genuine = [read.stamp for read in reads if is_authentic(read.token, key)]
    here = tuple(stamp for stamp in genuine if stamp.assignment == assignment)
    doubtful = tuple(read for read in reads if not is_authentic(read.token, key))
    return Stamps(here, tuple(stamp for stamp in genuine if stamp not in here), doubtful)


def verdict(stamps: Stamps, names: Sequence[str], key: Key | None) -> Verdict:
    """What a file's stamps say.

    Args:
        names: what the student whose file it is is called.
    """
    others = [stamp.student for stamp in stamps.here if stamp.student is not None and not is_for(stamp.student, names)]
    if others:
        return Verdict(f"of {others[0]}", (Flag("other-student", f"Its stamp says that it was made for {others[0]}."),))
    if stamps.here:
        return Verdict("yes", (), stamps.here[0].values)
    if stamps.elsewhere:
        return Verdict("yes", (Flag("another-assignment", f"Its stamp says that it is {stamps.elsewhere[0].assignment}."),))
    if not stamps.doubtful:
        return Verdict("none")
    if any(key is not None and read.key_id == key.id for read in stamps.doubtful):
        return Verdict("forged", (Flag("forged", "Its stamp was changed, or made by somebody without the key."),))
    return Verdict("other key", (Flag("other-key", f"Its stamp is of another key, {stamps.doubtful[0].key_id}."),))


def is_for(student: str, names: Sequence[str]) -> bool:
    """Say whether a stamp's student is called one of these: composition, upper and lower case, order and signs aside."""
    return any(spells(name, student) for name in names)


def check_stamps(found: Sequence[tuple[Stamps, Sequence[str]]], key: Key | None, students: ClassList | None) -> None:
    """Refuse a class whose notebooks say that the key or the class list is another, before everybody is graded with wrong numbers.

    Args:
        found: each file's stamps, and what its student is called.

    Raises:
        WrongKeyError: there are stamps, and none was made with this key; or most of them name students of whom no file came.
    """
    doubtful = {read.key_id for stamps, _ in found for read in stamps.doubtful}
    believed = [(stamps, names) for stamps, names in found if stamps.here or stamps.elsewhere]
    if doubtful and not believed and (key is None or key.id not in doubtful):
        came = "no key" if key is None else f"the key {key.id}"
        asked = "put its coursework.key back beside the source, or name it with --key"
        raise WrongKeyError(f"got {came} for notebooks released with {', '.join(sorted(doubtful))}: {asked}")
    meant = [(stamp.student, names) for stamps, names in believed for stamp in stamps.here if stamp.student is not None]
    listed = students.recipients() if students else ()
    strange = sorted({student for student, names in meant if not is_for(student, [*names, *listed])})
    known = {student for student, _ in meant} - set(strange)
    if len(strange) > 1 and len(strange) > len(known):
        asked = "expected the class list of the release" if students else "expected its class list with --students or --groups"
        raise WrongKeyError(f"got notebooks released for {', '.join(strange[:3])} and no file of theirs, {asked}")
