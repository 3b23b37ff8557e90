"""What a figure holds, as plain JSON: the words, limits and artists of every axes, in the order in which they are drawn.

The source runs in a notebook's kernel, where only `companion` is installed, so it imports numpy and matplotlib and nothing else. It draws
nothing: it reads a figure that has just been drawn. Points are shares of their axes' sides, through the axes' own transforms, because a
layout may move by a pixel with the font of another version; the axes' sizes stand beside them, in pixels of a page on which a figure is
600 wide. Colours are "#rrggbb" or "#rrggbbaa". Up to 16 numbers are a list, more are packed: {"shape", "dtype", "zlib+base64"}.
"""

import base64
import warnings
import zlib

import numpy as np
from matplotlib.colors import to_hex, to_rgba_array

PAGE = 600  # pixels that a figure is wide
STEP = 2.0**-19  # of an axes' side, to which points are rounded: a thousandth of a pixel
FEW = 16  # numbers that a reader of the file can take in
SAMPLES = 16  # of a colour map: as many from its one end as from its other, so that a reversed map has the same, reversed
LEVELS = 254  # from one end of a colour map to the other: the middle is a level, so rounding noise around it changes none
MASKED = 255  # the level of a value that is not there
CORNERS = np.array([[0, 0], [1, 0], [0, 1]])  # of a rectangle's and an ellipse's own square: where, how large, how turned


def contents(figure):
    """Describe a figure that was just drawn."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):  # a logarithm of nothing is no news of the chapter
        warnings.simplefilter("ignore")
        own = _Frame(figure, figure.bbox, None)
        inside = _all_axes(figure)
        return {
            "size": _size(figure.bbox, figure),
            "background": _colour(figure.get_facecolor()),
            **_artists(_own_children(figure), own),
            "axes": [_axes(ax, figure) for ax in inside],
        }


def _all_axes(figure):
    """Every visible axes, with those that lie in another."""
    found = []
    for ax in figure.axes:
        found += [ax, *(child for child in ax.child_axes if child not in figure.axes)]
    return [ax for ax in found if ax.get_visible()]


def _own_children(figure):
    """What a figure and its subfigures hold beside axes."""
    children = []
    for child in figure.get_children():
        if child in figure.subfigs:
            children += _own_children(child)
        elif child is not figure.patch and child not in figure.axes:
            children.append(child)
    return children


class _Frame:
    """Where an artist's points are measured: in shares of a box of the page.

    An axes whose limits follow from its size (equal units, "datalim") is measured by the box around its data.
    """

    def __init__(self, figure, box, ax):
        self.figure, self.box, self.ax = figure, box, ax
        self.labels = set()  # of contours, whose places depend on the font

    def place(self, points, transform):
        """Shares of the box: (..., 2) points of a transform -> (..., 2) float32."""
        points = np.asarray(np.ma.filled(np.ma.asarray(points, dtype=float), np.nan))
        shown = np.ma.filled(transform.transform(points.reshape(-1, 2)), np.nan)
        shares = (shown - [self.box.x0, self.box.y0]) / [self.box.width or 1, self.box.height or 1]
        return (np.round(shares / STEP) * STEP).astype(np.float32).reshape(points.shape)

    def measured(self, points, transform, **more):
        """An artist's points, and which of their two numbers follow the axes' limits."""
        return {"points": _packed(self.place(points, transform)), "follows": self.follows(transform), **more}

    def follows(self, transform):
        """What of a transform goes through the data's: "xy", "x", "y" or nothing."""
        if self.ax is None:
            return ""
        contains = getattr(transform, "contains_branch_separately", None) or transform.contains_branch_seperately
        return "".join(name for name, yes in zip("xy", contains(self.ax.transData), strict=True) if yes)


# ------------------------------------------------------------------ axes


def _axes(ax, figure):
    """One axes: its place, words, scales, limits and ticks, and what is drawn in it."""
    by_data = ax.get_aspect() != "auto" and ax.get_adjustable() == "datalim" and bool(np.isfinite(ax.dataLim.get_points()).all())
    frame = _Frame(figure, ax.dataLim.transformed(ax.transData) if by_data else ax.bbox, ax)
    corner = [(ax.bbox.x0 - figure.bbox.x0) * PAGE / figure.bbox.width, (ax.bbox.y0 - figure.bbox.y0) * PAGE / figure.bbox.width]
    described = {"at": [round(value, 2) for value in corner], "size": _size(ax.bbox, figure), "unit": _size(frame.box, figure)}
    for where in ("left", "center", "right"):
        if ax.get_title(loc=where):
            described["title"] = ax.get_title(loc=where)
    view = [ax.dataLim.intervalx, ax.dataLim.intervaly] if by_data else [ax.get_xlim(), ax.get_ylim()]
    if not ax.axison:
        described["off"] = True
    else:
        described["background"] = _colour(ax.get_facecolor())
        described["spines"] = " ".join(sorted(name for name, spine in ax.spines.items() if spine.get_visible()))
    for name, axis, interval in zip("xy", (ax.xaxis, ax.yaxis), view, strict=True):
        described[name] = _axis(axis, interval, shown=ax.axison, by_data=by_data)
    return {**described, **_artists(_inside(ax), frame)}


def _axis(axis, interval, *, shown, by_data):
    """One axis: its scale, its limits (as they are, and on its scale) and, when it is shown, its words and ticks."""
    ends = axis.get_transform().transform(np.asarray(interval, dtype=float))
    described = {"scale": _scale(axis), "ends": [float(f"{end:.10g}") for end in ends]}
    if not by_data:
        described["limits"] = [float(f"{limit:.10g}") for limit in interval]
    if shown and axis.get_visible():
        label = axis.label.get_text() if axis.label.get_visible() else ""
        described |= {"label": label} if label else {}
        described |= {} if by_data else _ticks(axis, ends)
    return described


def _scale(axis):
    """A scale's name, with what it was given where that is not the default."""
    transform = axis.get_transform()
    base, straight = getattr(transform, "base", 10), getattr(transform, "linthresh", None)
    more = [] if base == 10 else [f"of base {base:g}"]
    more += [] if straight is None else [f"straight to {straight:g}"]
    return " ".join([axis.get_scale(), *more])


def _ticks(axis, ends):
    """An axis' ticks: their words and where they are, as shares of the axis, and the lines that go out from them.

    Ticks that nobody has set follow from the limits, the font and the room there is. So of these it says only that they are there.
    """
    first = axis.get_major_ticks()[:1]
    described = {"grid": _colour(first[0].gridline.get_color()) if first and first[0].gridline.get_visible() else "none"}
    if first:
        described["text"] = f"{_colour(first[0].label1.get_color())} {first[0].label1.get_fontsize():g}"
    if axis.isDefault_majloc and "Category" not in type(axis.get_major_locator()).__name__:
        written = first and (first[0].label1.get_visible() or first[0].label2.get_visible())
        return {**described, "ticks": "automatic" if written else "without words"}
    words, shares = [], []
    axis.get_majorticklabels()  # brings the ticks up to date
    for tick in axis.get_major_ticks():
        share = float((axis.get_transform().transform(tick.get_loc()) - ends[0]) / ((ends[1] - ends[0]) or 1))
        if -1e-6 <= share <= 1 + 1e-6:
            shares.append(share)
            words.append(" ".join(each.get_text() for each in (tick.label1, tick.label2) if each.get_visible()))
    minor = [label.get_text() for label in axis.get_minorticklabels() if label.get_visible() and label.get_text()]
    return {**described, "ticks": words, "places": _packed(shares), **({"minor": minor} if minor else {})}


def _inside(ax):
    """What an axes holds beside its own frame."""
    own = {ax.patch, ax.xaxis, ax.yaxis, ax.title, getattr(ax, "_left_title", None), getattr(ax, "_right_title", None)}
    own |= {*ax.spines.values(), *ax.child_axes}
    return [child for child in ax.get_children() if child not in own]


# ------------------------------------------------------------------ artists


def _artists(children, frame):
    """Artists in the order in which they were added, and legends apart: {"artists": [...], "legends": [...]}."""
    groups = [each.patches for each in getattr(frame.ax, "containers", ()) if _is(each, "BarContainer")]
    inside = set(children)
    shown = [[bar for bar in group if bar.get_visible() and bar in inside] for group in groups]
    bars = {bar: group for group in shown for bar in group}
    frame.labels = {label for child in children for label in getattr(child, "labelTexts", ())}
    artists, legends = [], []
    for child in children:
        if not child.get_visible():
            continue
        if _is(child, "Legend"):
            legends.append(_legend(child))
        elif child not in bars:
            artists.append(_artist(child, frame))
        elif child is bars[child][0]:
            artists.append(_bars(bars[child], frame))
    return {"artists": artists, "legends": legends}


def _artist(artist, frame):
    """One artist, by the first of its classes that there is a function for."""
    kind, describe = next((KINDS[c.__name__] for c in type(artist).__mro__ if c.__name__ in KINDS), ("other", _other))
    return {"kind": kind, "order": artist.get_zorder(), **describe(artist, frame)}


def _line(line, frame):
    return {**frame.measured(line.get_xydata(), line.get_transform()), **_line_look(line)}


def _line_look(line):
    """A line's colour, its width and style where it has a line, its markers where it has some; what has the line's colour does not repeat it."""
    shows_line = line.get_linestyle() != "None" and bool(line.get_linewidth())
    marker = str(line.get_marker())
    face, edge = (_colour(each, line.get_alpha()) for each in (line.get_markerfacecolor(), line.get_markeredgecolor()))
    colour = _colour(line.get_color(), line.get_alpha()) if shows_line else face if face != "none" else edge
    look = {"colour": colour}
    if shows_line:
        look |= {"width": line.get_linewidth(), "style": line.get_linestyle()}
        look |= {"steps": line.get_drawstyle()} if line.get_drawstyle() != "default" else {}
    if marker not in ("None", "", " "):
        look |= {"marker": marker, "marker size": line.get_markersize(), "marker line": line.get_markeredgewidth()}
        look |= {f"marker {name}": each for name, each in (("face", face), ("edge", edge)) if each != colour}
    return look


def _endless_line(line, frame):
    """A line without ends (`axline`), by two of its points: its ends follow the limits."""
    start, end, slope = np.asarray(line.get_xy1(), dtype=float), line.get_xy2(), line.get_slope()
    points = [start, start + np.array([1, slope]) if end is None else end]
    return {**frame.measured(points, frame.ax.transData), **_line_look(line)}


def _patch(patch, frame):
    """A patch by the path of its edge; an ellipse and a rectangle by their corners."""
    name = type(patch).__name__
    path = CORNERS if name in ("Ellipse", "Circle", "Rectangle") else patch.get_path().vertices
    measured = {"points": _packed(frame.place(path, patch.get_transform())), "follows": frame.follows(patch.get_data_transform())}
    return {"shape": name, **measured, **_patch_look(patch)}


def _patch_look(patch):
    look = {"face": _colour(patch.get_facecolor()) if patch.get_fill() else "none"}
    if patch.get_linewidth():
        look |= {"edge": _colour(patch.get_edgecolor()), "width": patch.get_linewidth(), "style": patch.get_linestyle()}
    return look | ({"hatch": patch.get_hatch()} if patch.get_hatch() else {})


def _bars(patches, frame):
    """The bars of one call as one artist, by two corners each: (n, 2, 2) points."""
    corners = np.stack([frame.place(CORNERS[1:], bar.get_transform()) for bar in patches])
    follows = frame.follows(patches[0].get_data_transform())
    look = {"face": _colours([bar.get_facecolor() for bar in patches]), "width": _numbers([bar.get_linewidth() for bar in patches])}
    edges = {"edge": _colours([bar.get_edgecolor() for bar in patches])} if any(bar.get_linewidth() for bar in patches) else {}
    order = patches[0].get_zorder()
    return {"kind": "bars", "order": order, "points": _packed(corners), "follows": follows, **look, **edges}


def _arrow_look(patch):
    return {"arrow": type(patch.get_arrowstyle()).__name__, **_patch_look(patch), "head": patch.get_mutation_scale()}


def _arrow(patch, frame):
    """An arrow by its ends, before it is shortened by points: how long a point is depends on no data."""
    ends = getattr(patch, "_posA_posB", None)
    points = patch.get_path().vertices if ends is None else ends
    return {**frame.measured(points, patch.get_transform()), **_arrow_look(patch)}


def _connection(patch, frame):
    """A line between two axes: each end by the axes, counted from 1, whose data's coordinates it is given in, and its share of that."""
    axes, points, units = [], [], []
    for point, given, own in ((patch.xy1, patch.coords1, patch.axesA), (patch.xy2, patch.coords2, patch.axesB)):
        ax = next((ax for ax in frame.figure.axes if given is ax.transData), own if given == "data" else None)
        box, transform = (frame.figure.bbox, given) if ax is None else (ax.bbox, ax.transData)
        axes.append(0 if ax is None else frame.figure.axes.index(ax) + 1)
        words = isinstance(transform, str)  # "axes fraction", "figure pixels": what the numbers are stays with the words
        points.append(np.array(point) if words else _Frame(frame.figure, box, ax).place([point], transform)[0])
        units.append(_size(box, frame.figure))
    described = {"axes": axes, "points": _packed(points), "units": units, "follows": ""}
    coordinates = [each for each in (patch.coords1, patch.coords2) if isinstance(each, str) and each != "data"]
    return {**described, **({"coordinates": " ".join(coordinates)} if coordinates else {}), **_arrow_look(patch)}


def _text(text, frame):
    """Words with their look, and with their place when it is one of the axes: contours' labels and titles have none."""
    words = {"words": text.get_text(), "colour": _colour(text.get_color(), text.get_alpha()), "font": text.get_fontsize()}
    words |= {"weight": str(text.get_fontweight())} if str(text.get_fontweight()) not in ("normal", "400") else {}
    box = text.get_bbox_patch()
    words |= {"box": f"{_colour(box.get_facecolor())} {_colour(box.get_edgecolor())}"} if box and box.get_visible() else {}
    if text in frame.labels or frame.ax is None:
        return words
    align = {"align": f"{text.get_horizontalalignment()} {text.get_verticalalignment()}"}
    align |= {"turned": text.get_rotation()} if text.get_rotation() else {}
    if not text.get_transform().contains_branch(frame.ax.transAxes):
        return {**words, **align}
    return {**words, **align, **frame.measured([text.get_position()], text.get_transform())}


def _annotation(note, frame):
    """Words beside a point: the point, the words' place when that is in data's coordinates, and the arrow between them."""
    frame_free = _text(note, _Frame(frame.figure, frame.box, None))
    if note.arrow_patch is not None:
        frame_free |= {"kind": "arrow", **_arrow_look(note.arrow_patch)}
    if note.xycoords != "data" or frame.ax is None:
        return frame_free
    by_data = note.anncoords == "data"
    points = [note.xyann, note.xy] if by_data else [note.xy]
    beside = {} if by_data else {"beside": [float(value) for value in note.xyann]}
    return {**frame_free, **frame.measured(points, frame.ax.transData), **beside}


def _image(image, frame):
    """An image by its levels, its colours and where its corners are."""
    left, right, bottom, top = image.get_extent()
    place = frame.measured([[left, bottom], [right, top]], image.get_transform())
    look = {"origin": image.origin, "interpolation": image.get_interpolation()}
    alpha = image.get_alpha()
    return {**place, **_levels(image), **look, **({} if alpha is None or np.ndim(alpha) else {"alpha": float(alpha)})}


def _levels(mapped):
    """What a picture shows: levels from 0 to 254 with their colour map, or its own colours."""
    values = mapped.get_array()
    if values.ndim == 3:
        whole = values if values.dtype == np.uint8 else np.round(np.clip(np.ma.filled(values, 0), 0, 1) * 255)
        return {"pixels": _packed(np.asarray(whole, dtype=np.uint8))}
    shares = np.ma.masked_invalid(mapped.norm(values))
    levels = np.ma.filled(np.round(np.clip(shares, 0, 1) * LEVELS), MASKED).astype(np.uint8)
    colours = mapped.cmap(np.round(np.linspace(0, mapped.cmap.N - 1, SAMPLES)).astype(int), bytes=True)
    ends = {"colour limits": [float(f"{end:.10g}") for end in (mapped.norm.vmin, mapped.norm.vmax)]}
    bad = {"masked": _colour(mapped.cmap.get_bad())} if (levels == MASKED).any() else {}
    return {"levels": _packed(levels), "colour map": mapped.cmap.name, "colours": _packed(colours), **ends, **bad}


def _contour(lines, frame):
    """Contours by their levels and lines, from before labels cut gaps into them: a gap is as long as its label's font makes it."""
    pieces = [path.vertices for path in lines.get_paths()]
    generator = getattr(lines, "_contour_generator", None)
    if lines.labelTexts and not lines.filled and generator is not None:
        pieces = [np.concatenate([np.zeros((0, 2)), *_uncut(generator.lines(level))]) for level in lines.levels]
    points = np.concatenate([np.zeros((0, 2)), *pieces])
    measured = frame.measured(points, lines.get_transform(), counts=[len(piece) for piece in pieces])
    return {**measured, "heights": _numbers(lines.levels), "filled": bool(lines.filled), **_collection_look(lines)}


def _uncut(lines):
    """The points of contourpy's lines, which come alone or with their codes, as its `line_type` says."""
    return lines[0] if isinstance(lines, tuple) else lines


def _scatter(points, frame):
    """Points with their sizes, colours and the shape of their markers."""
    markers = [path.vertices for path in points.get_paths()]
    shape = {"marker": _packed(np.round(np.concatenate(markers), 4))} if markers else {}
    measured = frame.measured(points.get_offsets(), points.get_offset_transform())
    return {**measured, "sizes": _numbers(points.get_sizes()), **shape, **_collection_look(points)}


def _paths(collection, frame):
    """Lines or areas of one call, by all their corners in a row."""
    if len(collection.get_offsets()) > 1:
        return {**frame.measured(collection.get_offsets(), collection.get_offset_transform()), **_collection_look(collection)}
    pieces = [path.vertices for path in collection.get_paths()]
    points = np.concatenate([np.zeros((0, 2)), *pieces])
    counts = [len(piece) for piece in pieces]
    counts = counts[:1] if len(set(counts)) == 1 else counts
    return {**frame.measured(points, collection.get_transform(), counts=counts), **_collection_look(collection)}


def _mesh(mesh, frame):
    """Coloured cells, as an image is."""
    coordinates = frame.measured(mesh.get_coordinates().reshape(-1, 2), mesh.get_transform())
    return {**coordinates, **(_collection_look(mesh) if mesh.get_array() is None else _levels(mesh))}


def _arrows(quiver, frame):
    """A field of arrows: where they begin, and where they end when their length is in data's units."""
    starts, steps = np.asarray(quiver.XY), np.stack([quiver.U, quiver.V], axis=-1)
    look = {"shaft": quiver.width, "pivot": quiver.pivot, **_collection_look(quiver)}
    if quiver.angles == quiver.scale_units == "xy":
        ends = np.stack([starts, starts + np.ma.filled(steps, np.nan) / quiver.scale], axis=1)
        return {**frame.measured(ends, frame.ax.transData), **look}
    return {**frame.measured(starts, frame.ax.transData), "steps": _numbers(np.ravel(steps) / quiver.scale), **look}


def _collection_look(collection):
    """Colours and widths of a collection's parts; what no part differs in stands once."""
    face, edge, widths = collection.get_facecolor(), collection.get_edgecolor(), collection.get_linewidth()
    look = {"face": _colours(face)}
    if np.any(widths):
        patterns = {str(np.round(dashes, 2).tolist()) for _, dashes in collection.get_linestyle() if dashes is not None}
        look |= {"dashes": " ".join(sorted(patterns))} if patterns else {}
        same = np.shape(face) == np.shape(edge) and np.array_equal(face, edge)
        look |= {"edge": "as inside" if same else _colours(edge), "width": _numbers(widths)}
    return look


def _other(artist, frame):
    """What there is no function for: its class, and its words when it has any."""
    words = [child.get_text() for child in artist.findobj() if hasattr(child, "get_text")]
    return {"shape": type(artist).__name__, "words": " | ".join(words)}


def _legend(legend):
    """A legend's title and its entries: words, and the look of what stands before them. Where it stands is a matter of layout."""
    title = {"title": legend.get_title().get_text()} if legend.get_title().get_text() else {}
    handles = [_handle_look(handle) for handle in legend.legend_handles]
    words = [text.get_text() for text in legend.get_texts()]
    return {**title, "entries": [{"words": each, **look} for each, look in zip(words, handles, strict=True)]}


def _handle_look(handle):
    for name, look in (("Line2D", _line_look), ("Patch", _patch_look), ("Collection", _collection_look)):
        if _is(handle, name):
            return look(handle)
    return {"shape": type(handle).__name__}


# Class of matplotlib's -> what its artists are called, and the function that describes one.
KINDS = {
    "AxLine": ("line", _endless_line),
    "Line2D": ("line", _line),
    "ConnectionPatch": ("connection", _connection),
    "FancyArrowPatch": ("arrow", _arrow),
    "Patch": ("patch", _patch),
    "Annotation": ("text", _annotation),
    "Text": ("text", _text),
    "AxesImage": ("image", _image),
    "ContourSet": ("contour", _contour),
    "PathCollection": ("scatter", _scatter),
    "Quiver": ("arrows", _arrows),
    "QuadMesh": ("mesh", _mesh),
    "LineCollection": ("lines", _paths),
    "PolyCollection": ("area", _paths),
    "Collection": ("collection", _paths),
}


# ------------------------------------------------------------------ numbers and colours


def _is(artist, name):
    return any(cls.__name__ == name for cls in type(artist).__mro__)


def _size(box, figure):
    """Width and height of a box, in pixels of the page."""
    return [round(float(side) * PAGE / figure.bbox.width, 2) for side in (box.width, box.height)]


def _colour(colour, alpha=None):
    """One colour as a page writes it."""
    [rgba] = to_rgba_array(colour, alpha) if not isinstance(colour, str) or colour != "none" else [(0, 0, 0, 0)]
    return "none" if rgba[3] == 0 else to_hex(rgba, keep_alpha=bool(rgba[3] < 1))


def _colours(colours):
    """One colour when all are the same, else (n, 4) levels."""
    rows = np.round(np.asarray(to_rgba_array(colours)) * 255).astype(np.uint8)
    if not len(rows):
        return "none"
    return _colour(tuple(rows[0] / 255)) if (rows == rows[0]).all() else _packed(rows)


def _numbers(values):
    """One number when all are the same, else (n,) numbers."""
    values = np.atleast_1d(np.asarray(values, dtype=float))
    return float(f"{values[0]:.7g}") if len(values) and (values == values[0]).all() else _packed(values)


def _packed(values):
    """A few numbers as a list, more of them compressed."""
    values = np.asarray(values)
    if values.dtype != np.uint8:
        values = values.astype(np.float32)
    if values.size <= FEW and np.isfinite(values).all():
        return np.round(values.astype(float), 6).tolist() if values.dtype != np.uint8 else values.tolist()
    text = base64.b64encode(zlib.compress(np.ascontiguousarray(values).tobytes(), 9)).decode()
    return {"shape": list(values.shape), "dtype": str(values.dtype), "zlib+base64": text}
