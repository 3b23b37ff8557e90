"""Runs in a notebook's kernel: changes one thing of the next figure, after its layout is done and before it is drawn.

Executed after the source of tools/figure_contents.py and in its namespace, so that axes and artists have the numbers that a comparison
gives them.
"""

import matplotlib.backend_bases
import numpy as np

planned = []  # (axes, kind, number, code) of the changes to the next figure


def change(axes, kind, number, code):
    """Plan a change: code that is given the artist as `a`, its axes as `ax`, the `figure`, `np` and `moved`."""
    planned.append((axes, kind, number, code))


def apply(figure, axes, kind, number, code):
    """Make one change; axes and number count from 1, and axes 0 is the figure."""
    ax = _all_axes(figure)[axes - 1] if axes else None
    a = {"axes": ax, "figure": figure}.get(kind) or of_kind(ax or figure, kind)[number - 1]

    def moved(points, transform, right=0.0, up=0.0):
        step = np.array([right, up]) * figure.bbox.width / PAGE
        return nudged(points, transform, step, (ax or figure).bbox)

    exec(code, {"a": a, "ax": ax, "figure": figure, "np": np, "moved": moved})


def lay_out(figure):
    """Give every axes its place and its limits, as drawing does first."""
    if figure.get_layout_engine():
        figure.get_layout_engine().execute(figure)
    for ax in figure.axes:
        ax.get_xlim()  # limits that nobody set are found when somebody asks
        ax.apply_aspect()


def of_kind(parent, kind):
    """The artists of a kind, in the order of a comparison."""
    children = _own_children(parent) if hasattr(parent, "subfigs") else _inside(parent)
    containers = [each for each in getattr(parent, "containers", ()) if _is(each, "BarContainer")]
    if kind == "bars":
        return containers
    if kind == "legend":
        return [child for child in children if _is(child, "Legend")]
    bars = {bar for each in containers for bar in each.patches}
    return [child for child in children if child.get_visible() and child not in bars and kind_of(child) == kind]


def kind_of(artist):
    """What a comparison calls an artist."""
    kind = next((KINDS[c.__name__][0] for c in type(artist).__mro__ if c.__name__ in KINDS), "other")
    return "arrow" if getattr(artist, "arrow_patch", None) else kind


def nudged(points, transform, step, box):
    """Points, (n, 2), with the one nearest to the middle of a box moved by a step on the screen."""
    points = np.array(points, dtype=float)
    shown = transform.transform(points)
    which = np.nanargmin(((shown - [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]) ** 2).sum(axis=1))
    points[which] = transform.inverted().transform(shown[which] + step)
    return points


plain = matplotlib.backend_bases.FigureCanvasBase.print_figure


def print_changed(canvas, *arguments, **options):
    """Change a figure, then print it as before."""
    if planned:
        lay_out(canvas.figure)
    while planned:
        apply(canvas.figure, *planned.pop(0))
    return plain(canvas, *arguments, **options)


matplotlib.backend_bases.FigureCanvasBase.print_figure = print_changed
