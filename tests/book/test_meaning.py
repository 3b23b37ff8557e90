"""What a figure holds, and when two figures hold the same: the tolerances from both sides, and what must not count."""

import io
import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

from tests.support import meaning
from tools import figure_contents, notebooks, stored_figures
from tools.figure_hook import KEY

CLOUD = np.random.default_rng(0).normal(size=(200, 2))


def held(draw, **options):
    """The contents of a figure, as a file has them."""
    figure, ax = plt.subplots(**{"figsize": (6, 4), "dpi": 50} | options)
    draw(ax)
    figure.savefig(io.BytesIO(), format="png")
    contents = json.loads(json.dumps(figure_contents.contents(figure), allow_nan=False))
    plt.close(figure)
    return contents


def width(contents):
    """How many pixels of the page the first axes is wide."""
    return contents["axes"][0]["unit"][0]


@pytest.mark.parametrize(("pixels", "differs"), [(0.04, False), (0.06, True)])
def test_a_point_may_move_by_a_twentieth_of_a_pixel(pixels, differs):
    stored = held(lambda ax: ax.set(xlim=(0, 1), ylim=(0, 1)) and ax.scatter([0.5, 0.2], [0.5, 0.7]))
    step = pixels / width(stored)
    compared = meaning.compare(
        stored, held(lambda ax: ax.set(xlim=(0, 1), ylim=(0, 1)) and ax.scatter([0.5 + step, 0.2], [0.5, 0.7]))
    )
    assert bool(compared.differences) == differs
    assert compared.nearness == pytest.approx(pixels / meaning.PIXELS, abs=0.05)


@pytest.mark.parametrize(("levels", "differs"), [(1, False), (2, True)])
def test_a_colour_may_move_by_one_level(levels, differs):
    stored, got = (held(lambda ax, red=red: ax.plot([0, 1], color=(red / 255, 0, 0))) for red in (100, 100 + levels))
    assert bool(meaning.compare(stored, got).differences) == differs


@pytest.mark.parametrize(("levels", "differs"), [(1, False), (2, True)])
def test_an_image_may_move_by_one_level(levels, differs):
    levels_of = np.random.default_rng(1).integers(20, 200, (6, 9))
    stored, got = (held(lambda ax, up=up: ax.imshow((levels_of + up) / 254, vmin=0, vmax=1)) for up in (0, levels))
    assert bool(meaning.compare(stored, got).differences) == differs


def test_one_value_on_an_edge_between_levels_is_far_from_the_tolerance():
    picture = np.random.default_rng(1).integers(20, 200, (28, 28)) / 254
    stored = held(lambda ax: ax.imshow(picture, vmin=0, vmax=1))
    picture[3, 4] += 1 / 254
    assert meaning.compare(stored, held(lambda ax: ax.imshow(picture, vmin=0, vmax=1))).nearness == pytest.approx(1 / 28)


def test_rounding_noise_around_the_middle_of_a_colour_map_is_nothing():
    stored, got = (held(lambda ax, up=up: ax.imshow(np.full((4, 4), up), vmin=-1, vmax=1)) for up in (1e-17, -1e-17))
    assert meaning.compare(stored, got) == ([], 0.0)


def test_where_a_limit_moved_the_points_are_compared_in_the_stored_limits():
    """A point on the border takes the limits with it; only the two are named, and not every point."""
    stored = held(lambda ax: ax.scatter(*CLOUD.T))
    moved = CLOUD.copy()
    moved[CLOUD[:, 0].argmax(), 0] += 1
    lines = meaning.compare(stored, held(lambda ax: ax.scatter(*moved.T))).differences
    assert [line.split(":")[0] for line in lines] == ["axes 1", "axes 1, scatter 1"]
    assert "x limit" in lines[0]
    assert "1 of 200 points, by " in lines[1]


def test_limits_on_a_logarithmic_scale_are_mapped_on_that_scale():
    def draw(ax, high):
        ax.plot([1, 10, 100], [1, 100, 10_000])
        ax.set(xscale="log", yscale="log", xlim=(1, high))

    lines = meaning.compare(held(lambda ax: draw(ax, 1000)), held(lambda ax: draw(ax, 100))).differences
    assert lines == ["axes 1: x limit 1 to 100, expected 1 to 1000"]


def test_a_point_far_outside_moves_what_is_in_sight_by_little():
    """A line to 1e9 that moves by a thousandth of that turns by nothing that a reader could see; one within is held tightly."""
    stored, got = (
        held(lambda ax, end=end: ax.set(xlim=(0, 1), ylim=(0, 1)) and ax.plot([0.5, 1e9], [0.5, end]))
        for end in (1e9, 1e9 * (1 + 5e-5))
    )
    compared = meaning.compare(stored, got)
    assert compared.differences == []
    assert compared.nearness > 0.1


def test_another_layout_is_not_another_meaning():
    """An axes that lost three pixels to a wider font holds the same; one that lost thirty does not."""

    def draw(ax, left):
        ax.scatter(*CLOUD.T)
        ax.set_position((left / 600, 0.2, 0.7, 0.7))

    stored = held(lambda ax: draw(ax, 60))
    assert meaning.compare(stored, held(lambda ax: draw(ax, 63))).differences == []
    assert "another place or size on the page" in meaning.compare(stored, held(lambda ax: draw(ax, 90))).differences[0]


def test_limits_that_follow_from_the_layout_are_none_of_the_meaning():
    """With equal units the limits depend on how large the axes is: points are measured by the box around them."""

    def draw(ax, right):
        ax.scatter(*CLOUD.T)
        ax.set_position((0.1, 0.1, right, 0.8))
        ax.set_aspect("equal", adjustable="datalim")

    stored = held(lambda ax: draw(ax, 0.8))
    assert meaning.compare(stored, held(lambda ax: draw(ax, 0.79))).differences == []
    assert stored["axes"][0]["x"].get("limits") is None


def test_gaps_for_labels_of_contours_are_none_of_the_meaning():
    """They are as long as the font makes the label."""
    line = np.linspace(-3, 3, 41)

    def draw(ax, size):
        ax.clabel(ax.contour(line, line, line[:, None] ** 2 + line**2, levels=[1, 2, 4]), fontsize=size)

    lines = meaning.compare(held(lambda ax: draw(ax, 8)), held(lambda ax: draw(ax, 12))).differences
    assert lines == [f"axes 1, text {n} ('{level}'): font 12, expected 8" for n, level in enumerate((1, 2, 4), start=1)]


def test_ticks_that_nobody_set_follow_from_the_limits():
    """How many there are depends on the room; that an axis has words at all does not."""
    stored = held(lambda ax: ax.plot([0, 1]))
    assert meaning.compare(stored, held(lambda ax: ax.plot([0, 1]), figsize=(6, 4))).differences == []
    assert stored["axes"][0]["x"]["ticks"] == "automatic"
    bare = held(lambda ax: ax.plot([0, 1]) and ax.tick_params(labelbottom=False))
    assert meaning.compare(stored, bare).differences == ["axes 1: x ticks without words, expected automatic"]


def test_values_that_are_not_there_are_the_same_only_where_they_are():
    stored, same, other = (held(lambda ax, ys=ys: ax.plot(range(30), ys)) for ys in ([*range(29), np.nan],) * 2 + (range(30),))
    assert meaning.compare(stored, same).differences == []
    assert "axes 1, line 1: 1 of 30 points, by an endless way" in meaning.compare(stored, other).differences


def test_a_figure_that_could_not_be_described_is_no_figure_that_holds_the_same():
    contents = held(lambda ax: ax.plot([0, 1]))
    assert meaning.compare(contents, {"error": "KeyError: 'x'"}).differences == ["the figure could not be described: KeyError: 'x'"]


def test_packed_numbers_are_what_they_were():
    for values in (np.arange(40, dtype=np.uint8).reshape(10, 4), np.linspace(0, 1, 50, dtype=np.float32).reshape(25, 2)):
        assert np.array_equal(stored_figures.unpacked(json.loads(json.dumps(figure_contents._packed(values)))), values)
    assert stored_figures.unpacked(figure_contents._packed([0.5, 0.25])).tolist() == [0.5, 0.25]


def test_the_file_has_a_line_for_each_artist():
    """So that a change of one is a line or two in git; and it is read as it was written."""
    contents = held(lambda ax: [ax.plot([0, 1], [0, n]) for n in range(3)])
    text = stored_figures._text([{"cell": 0, "figure": 1, "png": "0", "contents": contents}])
    assert sum('"kind": "line"' in line and '"colour"' in line for line in text.splitlines()) == 3
    assert json.loads(text)[0]["contents"] == contents


@pytest.mark.parametrize("path", notebooks.book_notebooks(), ids=lambda path: path.stem)
def test_the_book_stores_the_contents_of_every_figure(path):
    """Of still pictures of explorables, too: `make notebooks` writes them with the pictures."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    entries = stored_figures.read(path)
    pictures = {(entry["cell"], entry["figure"]): entry["png"] for entry in stored_figures.take_out(notebook)}
    assert {place: entry["png"] for place, entry in entries.items()} == pictures
    assert [place for place, entry in entries.items() if not (entry["contents"] or {}).get("axes")] == []
    assert KEY not in path.read_text(encoding="utf-8")
