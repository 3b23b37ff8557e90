"""Compares what two figures hold, as tools/figure_contents.py describes it, and says in words what moved and by how much.

Two figures have one meaning when nothing below differs by more than this:

- points, limits and ticks: 0.05 pixels of a page on which a figure is 600 wide. A point that lies outside its axes may move by as many
  times more as it lies farther from the middle than the edge does: what is in sight of a line to it moves by no more;
- colours and images: one level of 255;
- sizes, widths and numbers: a ten-thousandth of themselves;
- words, styles, markers, scales and counts: nothing;
- where an axes stands and how large it is: 12 pixels, because the layout follows the font.

Each comparison also gives its distance as a share of the tolerance, so that one can see how near a figure came. Of an image whose levels
are all within the tolerance it is the root mean square: one value on the edge between two levels is nothing to worry about.

Points are compared in the stored figure's limits: where a limit moved, that is named, and not every point of the axes as well.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tools.stored_figures import unpacked

PIXELS = 0.05  # of the page
LEVELS = 1
SHARE = 1e-4  # of a number
LAYOUT = 12  # pixels of the page
NOUNS = {"bars": "bars", "arrows": "arrows"} | dict.fromkeys(("line", "scatter", "contour", "lines", "area"), "points")
# Keys that have a comparison of their own.
APART = {"kind", "points", "follows", "units", "counts", "levels", "pixels", "colours", "colour map"}
WORDS_OF = {"order": "drawing order", "face": "colour of the inside", "edge": "colour of the edge", "width": "line width"}


class Finding(NamedTuple):
    """One thing that was compared: where, what to say of it when it differs, and its distance as a share of the tolerance."""

    where: str
    what: str
    share: float

    @property
    def differs(self) -> bool:
        return not self.share <= 1


class Comparison(NamedTuple):
    """What differs, in words, and the largest distance as a share of its tolerance."""

    differences: list[str]
    nearness: float


def compare(stored: dict, got: dict) -> Comparison:
    """Compare two figures' contents."""
    findings = list(_figure(stored, got))
    said = [f"{each.where}: {each.what}" if each.where else each.what for each in findings if each.differs]
    return Comparison(list(dict.fromkeys(said)), max((each.share for each in findings), default=0.0))


def _figure(stored: dict, got: dict) -> Iterator[Finding]:
    for side in (stored, got):
        if "error" in side:
            yield Finding("", f"the figure could not be described: {side['error']}", math.inf)
            return
    yield from _attributes("figure", stored, got, {"background"})
    yield from _legends("figure", stored["legends"], got["legends"])
    yield from _drawn("figure", stored, got)
    yield from _counted("axes", len(stored["axes"]), len(got["axes"]))
    for number, pair in enumerate(zip(stored["axes"], got["axes"], strict=False), start=1):
        yield from _axes(f"axes {number}", *pair)


def _counted(kind: str, stored: int, got: int) -> Iterator[Finding]:
    """Of things that only their number tells apart, the last ones are missing or new."""
    for number in range(min(stored, got) + 1, max(stored, got) + 1):
        yield Finding("", f"{kind} {number} is {'missing' if stored > got else 'new'}", math.inf)


# ------------------------------------------------------------------ axes


def _axes(where: str, stored: dict, got: dict) -> Iterator[Finding]:
    moved = max(abs(a - b) for key in ("at", "size") for a, b in zip(stored[key], got[key], strict=True))
    place = f"{_place(got)}, expected {_place(stored)}"
    yield Finding(where, f"another place or size on the page: {place}", math.inf if moved > LAYOUT else 0)
    yield from _attributes(where, stored, got, {"title"})
    if hidden := stored.get("off") != got.get("off"):
        yield Finding(where, f"its frame and its ticks are {'hidden' if got.get('off') else 'shown'}", math.inf)
    else:
        yield from _attributes(where, stored, got, {"background", "spines"})
    same_scales = True
    for name, side in zip("xy", stored["unit"], strict=True):
        yield from _axis(where, name, stored[name], got[name], side)
        if not hidden:
            yield from _ticks(where, name, stored[name], got[name], side)
        same_scales = same_scales and stored[name]["scale"] == got[name]["scale"]
    yield from _legends(where, stored["legends"], got["legends"])
    seen = {**got, "artists": [_in_limits(artist, stored, got) for artist in got["artists"]]}
    yield from _drawn(where, stored, seen, placed=same_scales)


def _place(axes: dict) -> str:
    return "{:.0f}x{:.0f} at ({:.0f}, {:.0f})".format(*axes["size"], *axes["at"])


def _axis(where: str, name: str, stored: dict, got: dict, side: float) -> Iterator[Finding]:
    """Scale and limits of one axis that is `side` pixels long."""
    if stored["scale"] != got["scale"]:
        yield Finding(where, f"{name} scale {got['scale']}, expected {stored['scale']}", math.inf)
        return
    length = abs(stored["ends"][1] - stored["ends"][0]) or 1
    if "limits" in stored and "limits" in got:
        moved = max(abs(a - b) for a, b in zip(stored["ends"], got["ends"], strict=True)) / length * side
        limits = " to ".join(_number(limit) for limit in got["limits"]), " to ".join(_number(limit) for limit in stored["limits"])
        yield Finding(where, f"{name} limit {limits[0]}, expected {limits[1]}", _share(moved, PIXELS))


def _ticks(where: str, name: str, stored: dict, got: dict, side: float) -> Iterator[Finding]:
    """Label, grid and ticks of one axis."""
    for key, word in {"label": "label", "minor": "minor ticks", "text": "tick colour and size", "grid": "grid"}.items():
        yield from _exact(where, f"{name} {word}", _plain(stored.get(key)), _plain(got.get(key)))
    words = [
        [_plain(word) for word in each["ticks"]] if isinstance(each.get("ticks"), list) else each.get("ticks")
        for each in (stored, got)
    ]
    if words[0] != words[1]:
        yield Finding(where, f"{name} ticks {_said(words[1])}, expected {_said(words[0])}", math.inf)
        return
    before, after = (unpacked(each.get("places", [])) for each in (stored, got))
    ends = [each["ends"] for each in (stored, got)]
    after = (ends[1][0] + after * (ends[1][1] - ends[1][0]) - ends[0][0]) / ((ends[0][1] - ends[0][0]) or 1)
    if before.size:
        gaps = np.abs(after - before) * side
        worst = int(gaps.argmax())
        named = f" {words[0][worst]}" if words[0][worst] else f" number {worst + 1}"
        yield Finding(where, f"{name} tick{named} moved by {_pixels(gaps[worst])}", _share(gaps[worst], PIXELS))


def _in_limits(artist: dict, stored: dict, got: dict) -> dict:
    """An artist's points as they would lie in the stored limits."""
    if "points" not in artist or not artist["follows"]:
        return artist
    points = unpacked(artist["points"]).astype(float)
    for column, name in enumerate("xy"):
        (low, high), (low_got, high_got) = stored[name]["ends"], got[name]["ends"]
        if name in artist["follows"] and (low, high) != (low_got, high_got):
            points[..., column] = (low_got + points[..., column] * (high_got - low_got) - low) / ((high - low) or 1)
    return {**artist, "points": points}


# ------------------------------------------------------------------ legends


def _legends(where: str, stored: list, got: list) -> Iterator[Finding]:
    yield from _counted(f"{where}, legend", len(stored), len(got))
    for number, (before, after) in enumerate(zip(stored, got, strict=False), start=1):
        name = f"{where}, legend" + (f" {number}" if len(stored) > 1 else "")
        yield from _exact(name, "title", before.get("title"), after.get("title"))
        yield from _entries(name, before["entries"], after["entries"])


def _entries(where: str, stored: list, got: list) -> Iterator[Finding]:
    def equal(i: int, j: int) -> bool:
        return not any(finding.differs for finding in _entry("", stored[i], got[j]))

    words = [[entry["words"] for entry in side] for side in (stored, got)]
    if len(stored) == len(got):
        if pair := _swapped(len(stored), equal):
            yield Finding(where, f"entries {pair[0]} and {pair[1]} swapped", math.inf)
            return
        if pair := _swapped(len(stored), lambda i, j: words[0][i] == words[1][j]):
            yield Finding(where, f"entries {pair[0]} and {pair[1]} swapped their words", math.inf)
            return
    names = [[f"entry {number} ({each})" for number, each in enumerate(side, start=1)] for side in words]
    yield from _in_pairs(where, *names, equal, lambda i, j: _entry(f"{where}, entry {i + 1}", stored[i], got[j]))


def _entry(where: str, stored: dict, got: dict) -> Iterator[Finding]:
    yield from _attributes(where, stored, got, stored.keys() | got.keys())


# ------------------------------------------------------------------ artists


def _drawn(where: str, stored: dict, got: dict, *, placed: bool = True) -> Iterator[Finding]:
    """Compare the artists of one axes, kind by kind, each kind in its order."""
    kinds = dict.fromkeys(artist["kind"] for side in (stored, got) for artist in side["artists"])
    sides = [float(side) for side in stored.get("unit", stored["size"])]
    for kind in kinds:
        before, after = ([artist for artist in side["artists"] if artist["kind"] == kind] for side in (stored, got))
        yield from _same_kind(where, kind, before, after, sides if placed else None)


def _same_kind(where: str, kind: str, stored: list, got: list, sides: list | None) -> Iterator[Finding]:
    found: dict[tuple[int, int], list[Finding]] = {}

    def findings(i: int, j: int) -> list[Finding]:
        if (i, j) not in found:
            found[i, j] = list(_artist(f"{where}, {kind} {i + 1}{_shape(stored[i])}", stored[i], got[j], sides))
        return found[i, j]

    def equal(i: int, j: int) -> bool:
        return not any(finding.differs for finding in findings(i, j))

    if len(stored) == len(got) and (pair := _swapped(len(stored), equal)):
        yield Finding(where, f"{kind} {pair[0]} and {kind} {pair[1]} swapped", math.inf)
        return
    names = [[f"{kind} {number}{_shape(each)}" for number, each in enumerate(side, start=1)] for side in (stored, got)]
    yield from _in_pairs(where, *names, equal, findings)


def _in_pairs(where: str, stored: list[str], got: list[str], equal, compare) -> Iterator[Finding]:
    """Name what is missing and what is new, and compare the rest two by two: things of one kind, each by its name."""
    paired, missing, new = _paired(len(stored), len(got), equal)
    yield from (Finding(where, f"{stored[i]} is missing", math.inf) for i in missing)
    yield from (Finding(where, f"{got[j]} is new", math.inf) for j in new)
    for i, j in paired:
        yield from compare(i, j)


def _shape(artist: dict) -> str:
    """What else tells an artist from its like: the shape of a patch, the words of a text."""
    named = artist.get("shape") or (repr(artist["words"]) if artist.get("words") else None)
    return f" ({named})" if named else ""


def _swapped(count: int, equal) -> tuple[int, int] | None:
    """The numbers, from 1, of the two things that changed places, when that is all that differs."""
    other = []
    for i in range(count):
        if not equal(i, i):
            other.append(i)
        if len(other) > 2:
            return None
    if len(other) == 2 and equal(*other) and equal(*reversed(other)):
        return other[0] + 1, other[1] + 1
    return None


def _paired(stored: int, got: int, equal) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Which to compare with which: in order when there are as many, else so that as many as can be are equal.

    Returns: pairs, the stored that have no partner, the new that have none.
    """
    if stored == got:
        return [(i, i) for i in range(stored)], [], []
    longest = np.zeros((stored + 1, got + 1), int)
    for i in reversed(range(stored)):
        for j in reversed(range(got)):
            longest[i, j] = longest[i + 1, j + 1] + 1 if equal(i, j) else max(longest[i + 1, j], longest[i, j + 1])
    pairs, left, right, i, j = [], [], [], 0, 0
    while i < stored or j < got:
        if i < stored and j < got and equal(i, j):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif j == got or (i < stored and longest[i + 1, j] >= longest[i, j + 1]):
            left.append(i)
            i += 1
        else:
            right.append(j)
            j += 1
    both = min(len(left), len(right))
    return sorted(pairs + list(zip(left, right, strict=False))), left[both:], right[both:]


def _artist(where: str, stored: dict, got: dict, sides: list | None) -> Iterator[Finding]:
    """Compare two artists of one kind."""
    if "points" in stored and "points" in got and (sides or not stored["follows"]):
        yield from _points(where, stored, got, stored.get("units", sides or [1, 1]))
    elif ("points" in stored) != ("points" in got):
        yield Finding(where, "its place is given in another way", math.inf)
    yield from _picture(where, stored, got)
    yield from _attributes(where, stored, got, (stored.keys() | got.keys()) - APART)


def _points(where: str, stored: dict, got: dict, sides: list) -> Iterator[Finding]:
    """Compare places, in pixels of the page."""
    before, after = (_array(side["points"]) for side in (stored, got))
    noun = NOUNS.get(stored["kind"])
    if before.shape != after.shape or stored.get("counts") != got.get("counts"):
        yield Finding(where, f"{len(after):,} {noun or 'points'}, expected {len(before):,}", math.inf)
        return
    if not before.size:
        return
    gaps, shares = distances(before, after, sides)
    far = shares > 1
    by = f"{_pixels(gaps.max())}"
    what = f"by {by}" if noun is None else _how_many(int(far.sum()), len(gaps), noun, by)
    if far.sum() > 1 and noun and _same_set(before, after, sides):
        what = f"the same {noun} in another order"
    yield Finding(where, what, float(shares.max()))


def distances(before: np.ndarray, after: np.ndarray, sides: list) -> tuple[np.ndarray, np.ndarray]:
    """How far each of n places moved, in pixels and as a share of what it may: two (n,) arrays from (n, ..., 2)."""
    with np.errstate(invalid="ignore"):
        steps = np.where((before == after) | (np.isnan(before) & np.isnan(after)), 0, after - before)
        gaps = np.nan_to_num(np.hypot(*np.moveaxis(steps * sides, -1, 0)), nan=np.inf)
        away = np.nan_to_num(2 * np.abs(before - 0.5).max(axis=-1), nan=1)
    shares = gaps / PIXELS / np.maximum(1, away)
    return tuple(each.reshape(len(before), -1).max(axis=1) for each in (gaps, shares))


def _same_set(before: np.ndarray, after: np.ndarray, sides: list) -> bool:
    rows = [each.reshape(len(each), -1) for each in (before, after)]
    in_order = [each[np.lexsort(np.round(each, 4).T)].reshape(before.shape) for each in rows]
    return bool((distances(*in_order, sides)[1] <= 1).all())


def _picture(where: str, stored: dict, got: dict) -> Iterator[Finding]:
    """Compare the levels or colours of an image, and its colour map."""
    for key in ("levels", "pixels"):
        if (key in stored) != (key in got):
            yield Finding(where, "colours in place of values, or values in place of colours", math.inf)
        elif key in stored:
            yield from _levels(where, unpacked(stored[key]).astype(int), unpacked(got[key]).astype(int))
    if "colours" in stored and "colours" in got:
        before, after = (unpacked(side["colours"]).astype(int) for side in (stored, got))
        reverse = np.abs(before[::-1] - after).max() <= LEVELS
        what = "colour map reversed" if reverse else f"colour map {got['colour map']}, expected {stored['colour map']}"
        yield Finding(where, what, float(np.abs(before - after).max() / LEVELS))


def _levels(where: str, stored: np.ndarray, got: np.ndarray) -> Iterator[Finding]:
    if stored.shape != got.shape:
        sizes = ["x".join(map(str, side.shape[1::-1])) for side in (got, stored)]
        yield Finding(where, f"{sizes[0]} pixels large, expected {sizes[1]}", math.inf)
        return
    gaps = np.abs(stored - got).reshape(*stored.shape[:2], -1).max(axis=2)
    if gaps.max() <= LEVELS:
        yield Finding(where, "", float(np.sqrt((gaps.astype(float) ** 2).mean())) / LEVELS)
        return
    far = int((gaps > LEVELS).sum())
    what = _rearranged(stored, got) or _how_many(far, gaps.size, "pixels", f"{gaps.max()} levels")
    yield Finding(where, what, float(gaps.max() / LEVELS))


def _rearranged(stored: np.ndarray, got: np.ndarray) -> str | None:
    """What was done to a picture as a whole, if that explains the other one."""
    turned = {"upside down": stored[::-1], "mirrored": stored[:, ::-1]}
    for what, picture in turned.items():
        if np.abs(picture - got).max() <= LEVELS:
            return what
    height, width = stored.shape[:2]
    steps = [
        step
        for step in np.ndindex(7, 7)
        if step != (3, 3) and all(abs(n - 3) < side for n, side in zip(step, (height, width), strict=True))
    ]
    for down, right in sorted(((row - 3, column - 3) for row, column in steps), key=lambda step: abs(step[0]) + abs(step[1])):
        inner = got[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
        source = stored[max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)]
        if inner.size and np.ptp(source) and np.abs(inner - source).max() <= LEVELS:
            return "shifted by " + " and ".join(_steps(down, "down", "up") + _steps(right, "to the right", "to the left"))
    return None


def _steps(count: int, ahead: str, back: str) -> list[str]:
    if not count:
        return []
    return [f"{abs(count)} pixel{'s' * (abs(count) > 1)} {ahead if count > 0 else back}"]


# ------------------------------------------------------------------ colours, numbers, words


def _attributes(where: str, stored: dict, got: dict, keys: set) -> Iterator[Finding]:
    """Compare what is one value, or one a part: colours, numbers, words."""
    for key in sorted(keys):
        before, after = ([value] if _is_number(value) else value for value in (stored.get(key), got.get(key)))
        name = WORDS_OF.get(key, key)
        if key == "marker" and _is_packed(before) and before != after:
            yield Finding(where, "another marker", math.inf)
        elif _is_packed(before) or _is_packed(after):
            yield from _parts(where, key, before, after)
        elif _is_colour(before) and _is_colour(after):
            yield Finding(where, f"{name} {after}, expected {before}", float(np.abs(_rgba(before) - _rgba(after)).max() / LEVELS))
        elif _is_numbers(before) and _is_numbers(after) and len(before) == len(after):
            gap, scale = max(abs(a - b) for a, b in zip(before, after, strict=True)), max(map(abs, before))
            what = f"{name} {_listed(map(_number, after))}, expected {_listed(map(_number, before))}"
            yield Finding(where, what, _share(gap, SHARE * scale))
        else:
            yield from _exact(where, name, _plain(stored.get(key)), _plain(got.get(key)))


def _exact(where: str, name: str, stored: object, got: object) -> Iterator[Finding]:
    if stored != got:
        said = [f"{name} {_said(got)}, expected {_said(stored)}", f"without {name} {_said(stored)}", f"{name} {_said(got)} is new"]
        yield Finding(where, said[1 if got in (None, "", []) else 2 if stored in (None, "", []) else 0], math.inf)


def _parts(where: str, key: str, stored: object, got: object) -> Iterator[Finding]:
    """Compare a value a part: (n, 4) levels of colours, or (n,) numbers."""
    name = WORDS_OF.get(key, key)
    colours = key in ("face", "edge")
    if stored is None or got is None or stored == "none" or got == "none":
        yield Finding(where, f"another {name}", math.inf)
        return
    before, after = (np.atleast_2d(_rgba(side)) if _is_colour(side) else unpacked(side).astype(float) for side in (stored, got))
    before, after = (each.reshape(-1, 4) if colours else each.reshape(-1, 1) for each in (before, after))
    if len(before) != len(after) and 1 not in (len(before), len(after)):
        yield Finding(where, f"{name} of {len(after):,} parts, expected {len(before):,}", math.inf)
        return
    gaps = np.abs(before - after).max(axis=1)
    allowed = LEVELS if colours else SHARE * max(float(np.abs(before).max()), 1e-9)
    far = int((gaps > allowed).sum())
    yield Finding(where, f"{name} of {_count(far, len(gaps))} parts", _share(float(gaps.max()), allowed))


def _is_packed(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], list)
    return isinstance(value, dict) and "zlib+base64" in value


def _array(value: object) -> np.ndarray:
    return (value if isinstance(value, np.ndarray) else unpacked(value)).astype(float)


def _is_colour(value: object) -> bool:
    return isinstance(value, str) and (value == "none" or bool(re.fullmatch(r"#[0-9a-f]{6}([0-9a-f]{2})?", value)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_numbers(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value))


def _rgba(colour: str) -> np.ndarray:
    """Four levels of a colour as a page writes it."""
    if colour == "none":
        return np.zeros(4)
    return np.array([int(colour[i : i + 2], 16) for i in range(1, len(colour), 2)] + [255] * (9 - len(colour) > 0))


def _plain(value: object) -> object:
    """Words without the marks that one version of matplotlib sets around numbers and another does not."""
    return re.sub(r"\\mathdefault\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", value) if isinstance(value, str) else value


def _share(gap: float, allowed: float) -> float:
    return 0.0 if gap == 0 else float(gap / allowed) if allowed else math.inf


def _how_many(far: int, count: int, noun: str, gap: str) -> str:
    """How many of how many moved, and how far: 1 of 2,000 points, by 3.1 pixels."""
    return f"{_count(far, count)} {noun}, by {'up to ' if far > 1 else ''}{gap}"


def _count(far: int, count: int) -> str:
    return f"all {count:,}" if far == count > 1 else f"{far:,} of {count:,}"


def _pixels(gap: float) -> str:
    return "an endless way" if not math.isfinite(gap) else f"{gap:.1f} pixels" if gap >= 0.1 else f"{gap:.3f} pixels"


def _number(value: float) -> str:
    return f"{value:.6g}"


def _said(value: object) -> str:
    return _listed(value) if isinstance(value, list) else _number(value) if isinstance(value, float) else str(value)


def _listed(words) -> str:
    return " ".join(word if word else "-" for word in map(str, words)) or "none"
