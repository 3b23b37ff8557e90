"""One version in every place that names it: held together before a release, written for one, and the text that goes with it.

    python tools/release.py check [--tag v1.2.0]    fail where two places disagree, or where the tag says another version
    python tools/release.py set 1.2.0 [--day DAY]   write a new version everywhere; what CHANGELOG.md has as unreleased becomes its section
    python tools/release.py notes                   print the changelog's section of this version

companion.__version__ is the version. coursework/pyproject.toml, CITATION.cff and the newest section of CHANGELOG.md repeat it.
Standard library only: the release workflow runs this before anything is installed.
"""

import argparse
import datetime
import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "companion/__init__.py"
CITATION = "CITATION.cff"
CHANGELOG = "CHANGELOG.md"
# file -> the line of it that names the version, as (before, version, after)
PLACES = {
    SOURCE: re.compile(r'^(__version__ = ")([^"]*)(")$', re.MULTILINE),
    "coursework/pyproject.toml": re.compile(r'^(version = ")([^"]*)(")$', re.MULTILINE),
    CITATION: re.compile(r"^(version: )(\S+)()$", re.MULTILINE),
}
DAY = re.compile(r"^(date-released: )(\S+)()$", re.MULTILINE)
UNRELEASED = "## [Unreleased]\n"
SECTION = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class ReleaseError(ValueError):
    """A place that names the version says nothing, or something that no release can have."""


class Section(NamedTuple):
    """A version's part of the changelog: its number, the day of its release, and what changed, without the heading."""

    version: str
    day: str
    text: str


def main(arguments: list[str]) -> int:
    """Run one of the three commands; 1 and a line on the standard error for each thing that is wrong."""
    options = _parse(arguments)
    try:
        return {"check": check, "set": set_version, "notes": notes}[options.command](options)
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1


def check(options: argparse.Namespace) -> int:
    """Print what disagrees, or the version on which every place agrees."""
    wrong = problems(ROOT, options.tag)
    for problem in wrong:
        print(f"release: {problem}", file=sys.stderr)
    if not wrong:
        print(f"release: version {current(ROOT)} in {', '.join(PLACES)} and {CHANGELOG}")
    return 1 if wrong else 0


def set_version(options: argparse.Namespace) -> int:
    """Write a new version and its day in every place, and say what to do next."""
    for name, text in renamed(ROOT, options.version, options.day).items():
        (ROOT / name).write_text(text, encoding="utf-8")
        print(f"release: {name}: {options.version}")
    print(f"release: read {CHANGELOG}, commit, and push the tag v{options.version}")
    return 0


def notes(options: argparse.Namespace) -> int:
    """Print what changed in the current version."""
    version = current(ROOT)
    found = [section.text for section in sections(ROOT) if section.version == version]
    if not found:
        raise ReleaseError(f"{CHANGELOG} has no section for {version}, which {SOURCE} names")
    print(found[0].strip())
    return 0


def current(root: Path) -> str:
    """The version of companion, read and not imported."""
    return _said(root, SOURCE, PLACES[SOURCE])


def sections(root: Path) -> list[Section]:
    """The changelog's sections of released versions, in the order of the file: the newest first."""
    return [Section(*found) for found in SECTION.findall(_read(root, CHANGELOG))]


def problems(root: Path, tag: str | None = None) -> list[str]:
    """A line for each place that does not name companion's version; with a tag also for what a release must not have."""
    version = current(root)
    wrong = [
        f"{name}: version {said}, and {SOURCE} says {version}"
        for name, pattern in PLACES.items()
        if (said := _said(root, name, pattern)) != version
    ]
    newest, day = next(iter(sections(root)), Section("none", "none", "")), _said(root, CITATION, DAY)
    if newest.version != version:
        wrong.append(f"{CHANGELOG}: newest section {newest.version}, and {SOURCE} says {version}")
    if newest.day != day:
        wrong.append(f"{CITATION}: released on {day}, and the newest section of {CHANGELOG} says {newest.day}")
    if tag is not None and tag != f"v{version}":
        wrong.append(f"the tag is {tag}, and v{version} is expected")
    if tag is not None and unreleased(root):
        wrong.append(f"{CHANGELOG}: entries stand under Unreleased: run `python tools/release.py set` before the tag")
    return wrong


def renamed(root: Path, version: str, day: str) -> dict[str, str]:
    """The texts of all places with a new version and day: file -> text.

    Raises:
        ReleaseError: the version is no MAJOR.MINOR.PATCH, not above the current one, or nothing changed since that one.
    """
    old = current(root)
    if not VERSION.fullmatch(version) or _parts(version) <= _parts(old):
        raise ReleaseError(f"version {version!r}: expected MAJOR.MINOR.PATCH above {old}")
    if not unreleased(root):
        raise ReleaseError(f"{CHANGELOG} has nothing under {UNRELEASED.strip()!r}: say what changed since {old}")
    texts = {name: pattern.sub(rf"\g<1>{version}\g<3>", _read(root, name)) for name, pattern in PLACES.items()}
    texts[CITATION] = DAY.sub(rf"\g<1>{day}\g<3>", texts[CITATION])
    texts[CHANGELOG] = _read(root, CHANGELOG).replace(UNRELEASED, f"{UNRELEASED}\n## [{version}] - {day}\n", 1)
    return texts


def unreleased(root: Path) -> str:
    """What the changelog has under Unreleased, "" when that is empty."""
    _, heading, rest = _read(root, CHANGELOG).partition(UNRELEASED)
    if not heading:
        raise ReleaseError(f"{CHANGELOG} has no line {UNRELEASED.strip()!r}")
    return rest.partition("\n## ")[0].strip()


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _read(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def _said(root: Path, name: str, pattern: re.Pattern) -> str:
    found = pattern.search(_read(root, name))
    if found is None:
        raise ReleaseError(f"{name}: no line matches {pattern.pattern}")
    return found[2]


def _day(text: str) -> str:
    return datetime.date.fromisoformat(text).isoformat()


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    checking = commands.add_parser("check", help="fail where two places disagree")
    checking.add_argument("--tag", help="the tag of the release, which must be this version's")
    setting = commands.add_parser("set", help="write a new version everywhere")
    setting.add_argument("version", help="MAJOR.MINOR.PATCH")
    setting.add_argument("--day", type=_day, default=datetime.date.today().isoformat(), help="YYYY-MM-DD (default: today)")
    commands.add_parser("notes", help="print what changed in this version")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
