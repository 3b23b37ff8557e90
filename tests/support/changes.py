"""Changes of a figure, one thing at a time, each with what the comparison must say of it: for small notebooks and for the chapters."""

from collections.abc import Callable, Iterator
from textwrap import indent
from typing import NamedTuple

from tests.support import ROOT
from tools.stored_figures import unpacked

SETUP = """
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import ConnectionPatch, Ellipse
from matplotlib_inline.backend_inline import set_matplotlib_formats

set_matplotlib_formats("retina", bbox_inches=None)
plt.rcParams.update({"figure.figsize": (6, 2), "figure.dpi": 50, "font.size": 6})
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#e4e7eb"})
rng = np.random.default_rng(0)
cloud = rng.normal(size=(300, 2))
tones = np.array(["#3f90da", "#ffa90e", "#bd1f01"])[rng.integers(3, size=300)]
picture = rng.random((6, 9))
line = np.linspace(-3, 3, 21)
squares = line[:, None] ** 2 + line**2
""".strip()

# What the small notebook draws into an axes, by name. A frame takes most of a drawing's time: only "axes" has one.
DRAWN = {
    "scatter": "plt.scatter(*cloud.T, s=4, c=tones, linewidths=0)",
    "line": """plt.plot(line, line**2)
plt.plot(line, 3 * line, 'o--')
plt.plot(line, -line, ':')
plt.axhline(2)
plt.axline((0, 0), slope=1)""",
    "image": "plt.imshow(picture, cmap='viridis', vmin=0, vmax=2)",
    "pixels": "plt.imshow(np.stack([picture, picture, 1 - picture], axis=-1))",
    "patch": """plt.gca().add_patch(Ellipse((0, 0), 2, 1, fc='#3f90da80', ec='#000000'))
plt.axvspan(1, 2, color='#e76300')
plt.hist(cloud[:, 0], bins=9, histtype='step')""",
    "bars": "plt.hist(cloud[:, 0], bins=12)\nplt.bar([4, 5], [30, 20], color='#e76300')",
    "lines": "plt.errorbar(line[::4], line[::4] ** 2, 1 + line[::4] ** 2 / 4, fmt='o')\nplt.vlines(line, -4, -3 + line / 4, lw=2)",
    "area": "plt.fill_between(line, line**2, color='#94a4a2', alpha=0.5)",
    "contour": "plt.clabel(plt.contour(line, line, squares, levels=[1, 2, 4], colors='#3f90da'))",
    "arrows": """x, y = np.meshgrid(line[::5], line[::5])
plt.quiver(x, y, x, y / 2, color='#e76300', angles='xy', scale_units='xy', scale=4)""",
    "text": """plt.text(0.3, 0.4, 'here', color='#e76300')
plt.annotate('there', (0.6, 0.5), (4, 4), textcoords='offset points')""",
    "arrow": "plt.annotate('', (0.7, 0.8), (0.2, 0.3), arrowprops={'arrowstyle': '->', 'color': '#e76300'})",
    "axes": """plt.gca().set(title='claim', xlabel='x', ylabel='nats', xlim=(0, 4), ylim=(1, 100), xticks=[0, 2, 4])
plt.plot([1, 3], [20, 60])""",
    "legend": "for name, style in {'first': '-', 'second': '--', 'third': ':'}.items():\n    plt.plot([0], style, label=name)\nplt.legend()",
}

# What it draws as a whole figure.
FIGURES = {
    "figure": """fig, ax = plt.subplots()
ax.plot([0], label='a')
ax.plot([1], label='b')
fig.legend(loc='lower center', ncols=2)
fig.suptitle('Both')""",
    "axes in a figure": """fig, ax = plt.subplots()
fig.add_axes([0.7, 0.7, 0.2, 0.2])
fig.add_axes([0.1, 0.7, 0.2, 0.2])""",
    "connection": """fig, (left, right) = plt.subplots(1, 2)
right.add_artist(ConnectionPatch((0.2, 0.5), (0.6, 0.4), left.transData, right.transData, color='#3f90da'))""",
}


class Change(NamedTuple):
    """A change of one thing in a figure, and what must be said of it."""

    on: str  # what the small notebook draws for it
    kind: str  # of the artist, "legend", "axes" or "figure"
    code: str  # given the artist as `a`, its axes as `ax`, the `figure`, `np` and `moved` (see changing.py)
    says: str  # {at} is "axes 1" or "figure", {name} the artist in it, {a} both, {n} and {less} how many points, {s} what is stored of it
    number: int = 1  # which of its kind in the small notebook
    when: Callable[[dict], bool] | None = None  # of what is stored: whether an artist of a chapter is changed so; None: none is


def small(kind, code, says, number=1, on=None):
    """A change that only the small notebook knows."""
    return Change(on or kind, kind, code, says, number)


def points_of(stored):
    """How many points, or pixels, an artist has."""
    for key, axes in (("points", 1), ("levels", 2), ("pixels", 2)):
        if key in stored and (key != "points" or stored["kind"] != "image"):
            shape = unpacked(stored[key]).shape
            return shape[0] if axes == 1 else shape[0] * shape[1]
    return 0


def in_sight(stored):
    """Whether an artist's points follow the limits of both axes, and enough of them lie within."""
    if stored.get("follows") != "xy":
        return False
    points = unpacked(stored["points"]).reshape(-1, 2)
    return bool(((points > 0.02) & (points < 0.98)).all(axis=1).sum() > 4)


def has(*keys):
    """A condition: the keys are stored, as one value each."""
    return lambda stored: all(isinstance(stored.get(key), str | int | float) and stored[key] != "none" for key in keys)


SEGMENT = "parts = a.get_segments(); parts[2] = parts[2] + [[0, 0], [0, 0.4]]; a.set_segments(parts)"
OFFSETS = "a.set_offsets(moved(a.get_offsets(), a.get_offset_transform(), {}))"
POINTS = "a.set_data(*moved(a.get_xydata(), a.get_transform(), {}).T)"
ONE_FACE = "faces = np.resize(a.get_facecolor(), (len(a.get_offsets()), 4)); faces[7] = (0, 1, 1, 1); a.set_facecolor(faces)"
ROLLED = "a.set_data(np.ma.array(np.roll(np.ma.getdata(a.get_array()), {0}), mask=np.roll(np.ma.getmaskarray(a.get_array()), {0})))"
PIXEL = "values = a.get_array().copy(); i = tuple(np.array(values.shape[:2]) // 2 + 1); "  # beside the middle, where image rows have a frame
ONE_VALUE = PIXEL + "values[i] = a.norm.vmin if a.norm(values[i]) > 0.5 else a.norm.vmax; a.set_data(values)"
NEW_LEGEND = "handles, words = ax.get_legend_handles_labels(); ax.legend({}, {})"
SWAPPED_WORDS = (
    "one, two = a.get_texts()[:2]; words = one.get_text(), two.get_text(); one.set_text(words[1]); two.set_text(words[0])"
)
INK, HALF, SIX = "#123456", "ax.set_autoscale_on(False); ", 6

# Name -> change. Those with a condition are made in the chapters, too.
CHANGES = {
    # scatters
    "one point": Change("scatter", "scatter", OFFSETS.format("right=3"), "{a}: 1 of {n} points, by 3.0 pixels", when=in_sight),
    "one point by little": Change(
        "scatter", "scatter", OFFSETS.format("up=0.2"), "{a}: 1 of {n} points, by 0.2 pixels", when=in_sight
    ),
    "one colour": Change("scatter", "scatter", ONE_FACE, "{a}: colour of the inside of 1 of {n} parts", when=in_sight),
    "sizes": Change("scatter", "scatter", "a.set_sizes([77])", "{a}: sizes 77, expected {s[sizes]:g}", when=has("sizes")),
    "a point less": Change(
        "scatter", "scatter", "a.set_offsets(a.get_offsets()[1:])", "{a}: {less} points, expected {n}", when=in_sight
    ),
    "scatter removed": Change("scatter", "scatter", "a.remove()", "{at}: {name} is missing", when=in_sight),
    "points in another order": small("scatter", "a.set_offsets(a.get_offsets()[::-1])", "{a}: the same points in another order"),
    "points of another seed": small(
        "scatter", "a.set_offsets(np.random.default_rng(9).normal(size=(300, 2)))", "{a}: all 300 points, by up to "
    ),
    "another marker": small(
        "scatter", "from matplotlib.path import Path; a.set_paths([Path.unit_rectangle()])", "{a}: another marker"
    ),
    # lines
    "one point of a line": Change("line", "line", POINTS.format("up=3"), "{a}: 1 of {n} points, by 3.0 pixels", when=in_sight),
    "a line's colour": Change(
        "line", "line", f"a.set(color='{INK}', alpha=None)", "{a}: colour #123456, expected {s[colour]}", 2, when=has("width")
    ),
    "a line's width": Change("line", "line", "a.set_linewidth(7)", "{a}: line width 7, expected {s[width]:g}", when=has("width")),
    "a line's style": Change("line", "line", "a.set_linestyle('-.')", "{a}: style -., expected {s[style]}", 2, when=has("style")),
    "a line's marker": Change("line", "line", "a.set_marker('v')", "{a}: marker v, expected {s[marker]}", 2, when=has("marker")),
    "a marker's size": Change(
        "line", "line", "a.set_markersize(33)", "{a}: marker size 33, expected {s[marker size]:g}", 2, when=has("marker")
    ),
    "a marker's face": small("line", f"a.set_markerfacecolor('{INK}')", "{a}: marker face #123456 is new", 2),
    "line removed": Change("line", "line", "a.remove()", "{at}: {name} is missing", 2, when=in_sight),
    "line hidden": small("line", "a.set_visible(False)", "{at}: line 1 is missing"),
    "a line more": small("line", "ax.plot([0, 1], [0, 1], scalex=False, scaley=False)", "{at}: line 6 is new"),
    "lines swapped": small(
        "line", "b = ax.lines[3]; a.remove(); b.remove(); ax.add_line(b); ax.add_line(a)", "line 3 and line 5 swapped", 3
    ),
    "a line's order": small("line", "a.set_zorder(9)", "{a}: drawing order 9, expected 2"),
    "a level": small("line", "a.set_ydata([3, 3])", "{a}: all 2 points, by up to ", 4),
    "a slope": small("line", "a.set_slope(2)", "{a}: 1 of 2 points, by ", 5),
    "a curve's height": small("line", "a.set_ydata(1.1 * a.get_ydata())", "{a}: 20 of 21 points, by up to "),
    # images
    "image to the right": Change(
        "image", "image", ROLLED.format("1, axis=1"), "{a}: shifted by 1 pixel to the right", when=has("colour map")
    ),
    "image up": small("image", ROLLED.format("-1, axis=0"), "{a}: shifted by 1 pixel up"),
    "colour map reversed": Change(
        "image", "image", "a.set_cmap(a.get_cmap().reversed())", "{a}: colour map reversed", when=has("colour map")
    ),
    "another colour map": Change(
        "image", "image", "a.set_cmap('plasma')", "{a}: colour map plasma, expected {s[colour map]}", when=has("colour map")
    ),
    "colour limits": small("image", "a.set_clim(0, 3)", "{a}: colour limits 0 3, expected 0 2"),
    "one pixel": Change("image", "image", ONE_VALUE, "{a}: 1 of {n} pixels, by ", when=has("colour map")),
    "mirrored": small("image", "a.set_data(a.get_array()[:, ::-1])", "{a}: mirrored"),
    "upside down": small("image", "a.set_data(a.get_array()[::-1])", "{a}: upside down"),
    "three levels": small("image", "a.set_data(a.get_array() + 3 * 2 / 254)", "{a}: all 54 pixels, by up to 3 levels"),
    "image's place": small("image", HALF + "a.set_extent((0.5, 9.5, 5.5, -0.5))", "{a}: by "),
    "masked pixel": small("image", PIXEL + "a.set_data(np.ma.array(values, mask=values == values[i]))", "{a}: 1 of 54 pixels, by "),
    "interpolation": small("image", "a.set_interpolation('bilinear')", "{a}: interpolation bilinear, expected auto"),
    "transparency": small("image", "a.set_alpha(0.5)", "{a}: alpha 0.5 is new"),
    "image removed": Change("image", "image", "a.remove()", "{at}: {name} is missing", when=has("colour map")),
    "one pixel of colours": small(
        "image", PIXEL + "values[i] = 1 - values[i]; a.set_data(values)", "{a}: 1 of 54 pixels, by ", on="pixels"
    ),
    # patches and bars
    "an ellipse's place": Change(
        "patch",
        "patch",
        "a.set_center(moved([a.get_center()], ax.transData, right=3)[0])",
        "{a}: by 3.0 pixels",
        when=lambda stored: stored["shape"] == "Ellipse",
    ),
    "an ellipse's edge": Change(
        "patch",
        "patch",
        f"a.set_alpha(None); a.set_edgecolor('{INK}')",
        "{a}: colour of the edge #123456, expected {s[edge]}",
        when=has("edge"),
    ),
    "an ellipse's inside": Change(
        "patch",
        "patch",
        f"a.set_alpha(None); a.set_facecolor('{INK}')",
        "{a}: colour of the inside #123456, expected {s[face]}",
        when=has("face"),
    ),
    "patch removed": Change("patch", "patch", "a.remove()", "{at}: {name} is missing", when=has("edge")),
    "a span's place": small("patch", "a.set_x(1.5)", "{a}: by ", 2),
    "a step's height": small("patch", "a.set_xy(a.get_xy() * [1, 1.1])", "{a}: by ", 3),
    "one bar": Change(
        "bars",
        "bars",
        "bar = a.patches[min(3, len(a.patches) - 1)]; bar.set_height(0.7 * bar.get_height())",
        "{a}: 1 of {n} bars, by ",
        when=lambda stored: True,
    ),
    "one bar's colour": small("bars", f"a.patches[3].set_facecolor('{INK}')", "{a}: colour of the inside of 1 of 12 parts"),
    "one bar removed": Change(
        "bars", "bars", "a.patches[min(3, len(a.patches) - 1)].remove()", "{a}: {less} bars, expected {n}", when=lambda stored: True
    ),
    # lines, areas, contours, arrows
    "one interval": Change("lines", "lines", SEGMENT, "{a}: 1 of {n} points, by ", when=lambda stored: points_of(stored) >= 6),
    "the intervals' colour": Change(
        "lines",
        "lines",
        f"a.set_alpha(None); a.set_color('{INK}')",
        "{a}: colour of the edge #123456, expected {s[edge]}",
        when=has("edge"),
    ),
    "intervals removed": Change("lines", "lines", "a.remove()", "{at}: {name} is missing", 2, when=has("edge")),
    "one point of an area": small("area", "a.get_paths()[0].vertices[5] += [0, 1]", "{a}: 1 of {n} points, by "),
    "an area's colour": Change(
        "area",
        "area",
        f"a.set_alpha(None); a.set_facecolor('{INK}')",
        "{a}: colour of the inside #123456, expected {s[face]}",
        when=has("face"),
    ),
    "another contour": small(
        "contour",
        "import __main__ as m; a.remove(); ax.contour(m.line, m.line, m.squares, levels=[1, 2, 5], colors='#3f90da')",
        "{a}: heights 1 2 5, expected 1 2 4",
    ),
    "contours' colour": Change(
        "contour",
        "contour",
        f"a.set_alpha(None); a.set_edgecolor('{INK}')",
        "{a}: colour of the edge #123456, expected {s[edge]}",
        when=has("edge"),
    ),
    "a contour's number": small("text", "a.set_text('7')", "{a}: words 7, expected {s[words]}", on="contour"),
    "one arrow": Change("arrows", "arrows", "a.U[2] += 1", "{a}: 1 of {n} arrows, by ", when=lambda stored: True),
    "arrows' length": small("arrows", "a.scale = 2", "{a}: 24 of 25 arrows, by up to "),
    "arrows' colour": Change(
        "arrows",
        "arrows",
        f"a.set_alpha(None); a.set_facecolor('{INK}')",
        "{a}: colour of the inside #123456, expected {s[face]}",
        when=has("face"),
    ),
    # words and arrows
    "a word": Change("text", "text", "a.set_text('otherwise')", "{a}: words otherwise, expected {s[words]}", when=has("words")),
    "a word's place": small("text", "a.set_x(0.4)", "{a}: by "),
    "a word's colour": Change(
        "text", "text", f"a.set_color('{INK}')", "{a}: colour #123456, expected {s[colour]}", when=has("words")
    ),
    "a word's size": Change("text", "text", "a.set_fontsize(33)", "{a}: font 33, expected {s[font]:g}", when=has("words")),
    "a word turned": small("text", "a.set_rotation(30)", "{a}: turned 30 is new"),
    "word removed": Change("text", "text", "a.remove()", "{at}: {name} is missing", when=has("words")),
    "a note's point": small("text", "a.xy = (0.5, 0.5)", "{a}: by ", 2),
    "a note's distance": small("text", "a.xyann = (9, 4)", "{a}: beside 9 4, expected 4 4", 2),
    "an arrow's head": small("arrow", "a.xy = (0.6, 0.8)", "{a}: by "),
    "an arrow's colour": Change(
        "arrow",
        "arrow",
        f"a.arrow_patch.set_color('{INK}')",
        "{a}: colour of the edge #123456, expected {s[edge]}",
        when=has("edge"),
    ),
    "arrow removed": Change("arrow", "arrow", "a.remove()", "{at}: {name} is missing", when=has("edge")),
    "a connection's end": small("connection", "a.xy1 = (0.3, 0.5)", "{a}: by ", number=1),
    "a connection's colour": Change(
        "connection", "connection", f"a.set_color('{INK}')", "{a}: colour of the edge #123456, expected {s[edge]}", when=has("edge")
    ),
    # axes
    "title": Change("axes", "axes", "a.set_title('otherwise')", "{at}: title otherwise, expected {s[title]}", when=has("title")),
    "x label": small("axes", "a.set_xlabel('otherwise')", "{at}: x label otherwise, expected x"),
    "y label": Change(
        "axes",
        "axes",
        "a.set_ylabel('otherwise')",
        "{at}: y label otherwise, expected {s[y][label]}",
        when=lambda stored: "label" in stored["y"],
    ),
    "x limit": small("axes", "a.set_xlim(0, 5)", "{at}: x limit 0 to 5, expected 0 to 4"),
    "a limit by a tenth": Change(
        "axes",
        "axes",
        "low, high = a.get_ylim(); a.set_ylim(low, high + (high - low) / 10)",
        "{at}: y limit {s[y][limits][0]:.6g} to ",
        when=lambda stored: "label" in stored["y"] and stored["y"]["scale"] == "linear" and "limits" in stored["y"],
    ),
    "a limit by little": small("axes", "a.set_xlim(0, 4.004)", "{at}: x limit 0 to 4.004, expected 0 to 4"),
    "an axis turned round": small("axes", "a.invert_xaxis()", "{at}: x limit 4 to 0, expected 0 to 4"),
    "a logarithmic axis": small("axes", "a.set_yscale('log')", "{at}: y scale log, expected linear"),
    "a scaled axis": Change(
        "axes",
        "axes",
        "a.set_yscale('symlog')",
        "{at}: y scale symlog straight to 2, expected linear",
        when=lambda stored: "label" in stored["y"] and stored["y"]["scale"] == "linear",
    ),
    "ticks' words": small("axes", "a.set_xticks([0, 2, 4], ['a', 'b', 'c'])", "{at}: x ticks a b c, expected 0 2 4"),
    "a tick's place": small("axes", "a.set_xticks([0, 2.5, 4], ['0', '2', '4'])", "{at}: x tick 2 moved by "),
    "a tick removed": small("axes", "a.set_xticks([0, 4])", "{at}: x ticks 0 4, expected 0 2 4"),
    "a grid": small("axes", "a.grid(False, axis='y')", "{at}: y grid none, expected #e4e7eb"),
    "an axis hidden": small("axes", "a.set_axis_off()", "{at}: its frame and its ticks are hidden"),
    "a frame": small("axes", "a.spines['top'].set_visible(True)", "{at}: spines bottom left top, expected bottom left"),
    "an axes' background": small("axes", f"a.set_facecolor('{INK}')", "{at}: background #123456, expected #ffffff"),
    "an axes removed": small("axes", "figure.axes[2].remove()", "axes 3 is missing", on="axes in a figure"),
    "an axes' place": small(
        "axes",
        "figure.axes[1].set_position([0.5, 0.5, 0.2, 0.2])",
        "axes 2: another place or size on the page: ",
        on="axes in a figure",
    ),
    # legends and the figure
    "a legend's order": small(
        "legend",
        NEW_LEGEND.format("[handles[i] for i in (1, 0, 2)]", "[words[i] for i in (1, 0, 2)]"),
        "{at}, legend: entries 1 and 2 swapped",
    ),
    "a legend's words swapped": Change(
        "legend", "legend", SWAPPED_WORDS, "{at}, legend: entries 1 and 2 swapped", when=lambda stored: len(stored["entries"]) > 1
    ),
    "an entry less": small("legend", NEW_LEGEND.format("handles[:2]", "words[:2]"), "{at}, legend: entry 3 (third) is missing"),
    "a legend's word": Change(
        "legend",
        "legend",
        "a.get_texts()[0].set_text('otherwise')",
        "{at}, legend, entry 1: words otherwise, expected {s[entries][0][words]}",
        when=lambda stored: len(stored["entries"]) > 1,
    ),
    "an entry's colour": small(
        "legend", f"a.legend_handles[0].set_color('{INK}')", "{at}, legend, entry 1: colour #123456, expected "
    ),
    "a legend's title": small("legend", "a.set_title('otherwise')", "{at}, legend: title otherwise is new"),
    "legend removed": Change("legend", "legend", "a.remove()", "{at}, legend 1 is missing", when=lambda stored: True),
    "a word of the figure's legend": small(
        "figure legend",
        "a.get_texts()[0].set_text('otherwise')",
        "figure, legend, entry 1: words otherwise, expected a",
        on="figure",
    ),
    "the figure's title": small(
        "figure text", "a.set_text('otherwise')", "figure, text 1 ('Both'): words otherwise, expected Both", on="figure"
    ),
    "the figure's background": small("figure", f"figure.set_facecolor('{INK}')", "figure: background #123456, expected #ffffff"),
}


def cells() -> Iterator[tuple[str, dict[str, Change]]]:
    """The small notebook's cells: what each draws, and the changes that are made in it.

    Changes of artists are made in an axes each, up to six in a figure; those of a whole figure all in one.
    """
    for on, drawn in FIGURES.items():
        yield f"{drawn}\nplt.show()", {name: change for name, change in CHANGES.items() if change.on == on}
    for on, drawn in DRAWN.items():
        names = [name for name, change in CHANGES.items() if change.on == on]
        for group in (names[i : i + SIX] for i in range(0, len(names), SIX)):
            body = "\n".join(["plt.sca(ax)", drawn, *([] if on == "axes" else ["ax.set_axis_off()"])])
            loop = f"for ax in plt.subplots(1, {len(group)}, squeeze=False)[1][0]:\n" + indent(body, "    ")
            yield f"{loop}\nplt.show()", {name: CHANGES[name] for name in group}


def in_cell(changes: dict[str, Change], contents: dict) -> Iterator[tuple[str, Change, tuple]]:
    """Each change of the small notebook's cell, with the place where it is made."""
    for number, (name, change) in enumerate(changes.items(), start=1):
        fits = [place for place in places(change, contents) if place[1] == change.number]
        yield name, change, fits[0] if change.on in FIGURES else next(place for place in fits if place[0] == number)


def planned(change, axes, number):
    """The line of code before a cell that plans the change of its first figure."""
    own = change.kind.startswith("figure")
    return f"change_figure({0 if own else axes}, {change.kind.removeprefix('figure ')!r}, {number}, {change.code!r})\n"


def for_kernel():
    """The statement that makes a kernel able to change figures."""
    files = [ROOT / "tools" / "figure_contents.py", ROOT / "tests" / "support" / "changing.py"]
    steps = [f"exec(compile({file.read_text(encoding='utf-8')!r}, {str(file)!r}, 'exec'), changing)" for file in files]
    return "\n".join(
        ["changing = {'__name__': 'changing'}", *steps, "change_figure = changing['change']"]
    )  # a name that no chapter has


def places(change, contents) -> Iterator[tuple[int, int, dict]]:
    """Where a figure has what a change is made of: the axes and the number in it, both from 1, and what is stored there."""
    kind = change.kind.removeprefix("figure ")
    parents = [(0, contents)] if change.kind.startswith("figure") else enumerate(contents["axes"], start=1)
    for axes, parent in parents:
        same = [artist for artist in parent["artists"] if artist["kind"] == kind]
        found = {"axes": [parent], "figure": [parent], "legend": parent["legends"]}.get(kind, same)
        yield from ((axes, number, stored) for number, stored in enumerate(found, start=1))


def sentence(change, axes, number, stored):
    """What must be said of a change at a place."""
    shape = stored.get("shape") or (repr(stored["words"]) if stored.get("words") else None)
    name = f"{change.kind} {number}" + (f" ({shape})" if shape else "")
    at, n = f"axes {axes}" if axes else "figure", points_of(stored)
    return change.says.format(at=at, name=name, a=f"{at}, {name}", n=f"{n:,}", less=f"{n - 1:,}", s=stored)
