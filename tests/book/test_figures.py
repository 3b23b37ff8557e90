"""The figure comparison, tried on a real notebook: run once, stored, then run again with one cell's code changed at a time.

Every case is a cell of its own, so one run of pytest gives the verdict on all of them.
"""

import json
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.support import comparing
from tests.support.comparing import CHAPTER, compare
from tests.support.pixels import LEVELS, TILE, TOLERANCE, judge, measure

SETUP = """
import sys
import matplotlib.pyplot as plt
import torch
from IPython.display import SVG
from PIL import Image
from torch.nn import Linear, Sequential, SiLU
from companion import plots

plots.use_style()
generator = torch.Generator().manual_seed(0)
draw = {"generator": generator, "dtype": torch.float64}
labels = torch.randint(10, (2000,), generator=generator)
x = torch.sigmoid(torch.randn(10, 784, **draw)[labels] + torch.randn(2000, 784, **draw))
"""

TRAIN = """
encoder = Sequential(Linear(784, 64), SiLU(), Linear(64, 2)).double()
decoder = Sequential(Linear(2, 64), SiLU(), Linear(64, 784)).double()
parameters = [*encoder.parameters(), *decoder.parameters()]
with torch.no_grad():
    for parameter in parameters:
        parameter.copy_(torch.randn(parameter.shape, **draw) / parameter.shape[-1] ** 0.5)
optimizer = torch.optim.Adam(parameters, lr=3e-3, fused=True)
for step in range(100):
    batch = x[torch.randint(len(x), (128,), generator=generator)]
    loss = ((torch.sigmoid(decoder(encoder(batch))) - batch) ** 2).sum(dim=1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
z = encoder(x).detach()
print(f"loss {loss.item():.6f}")
"""

SCATTER = "plots.codes(z, labels)\nplt.show()"
IMAGES = "plots.images(torch.sigmoid(decoder(z[:20])).detach())\nplt.show()"
CURVE = "plt.plot([1, 2, 4])\nplt.show()"
NOISE = "torch.randn(2000, 2, generator=torch.Generator().manual_seed({}), dtype=torch.float64)"
COLOURS = "plt.imshow(x[:40], cmap='{}', aspect='auto')\nplt.show()"
FIGURE_AND_NUMBER = "plt.plot([1, {0}])\nplt.show()\nprint({0})"

MOVED = "figure 1: moved: axes 1: y limit 0.9 to 3.1, expected 0.95 to 2.05"
FONT = "with plt.rc_context({{'font.family': 'DejaVu {}'}}):\n    plt.title('claim')\n    plt.show()"
TILE_OF_ONE = "Image.new('RGB', (8, 8), '{}')"

KEPT = [SETUP.strip(), TRAIN.strip(), SCATTER, IMAGES]  # cells that every run must reproduce


class Case(NamedTuple):
    """A cell as it was stored and as it is run, what its failure must say, and the figure drawn for it (None: no picture)."""

    stored: str
    run: str
    message: str
    picture: int | None = 1


CASES = {
    "changed colour map": Case(
        COLOURS.format("viridis"), COLOURS.format("plasma"), "figure 1: moved: axes 1, image 1: colour map plasma, expected viridis"
    ),
    "changed seed": Case(
        f"plots.codes({NOISE.format(1)})\nplt.show()",
        f"plots.codes({NOISE.format(2)})\nplt.show()",
        "axes 1, scatter 1: all 2,000 points, by up to ",
    ),
    "another font": Case(FONT.format("Sans"), FONT.format("Serif"), "figure 1: drawn differently: it holds the same; RMS "),
    "another picture that matplotlib did not draw": Case(
        TILE_OF_ONE.format("red"), TILE_OF_ONE.format("blue"), "figure 1: moved: RMS "
    ),
    "picture that matplotlib draws no more": Case(CURVE, TILE_OF_ONE.format("red"), "figure 1: resized: "),
    "contents of another run": Case(
        CURVE, CURVE, "figure 1: unverified: the stored picture and the stored contents are of two runs", None
    ),
    "contents that are not stored": Case(
        CURVE, CURVE, "figure 1: unverified: its contents are not stored: make notebooks stores them", None
    ),
    "missing figure": Case(f"{CURVE}\n{CURVE}", CURVE, "figure 2: missing: it is stored, but the run did not draw it", 2),
    "extra figure": Case(CURVE, f"{CURVE}\n{CURVE}", "figure 2: extra: the run drew it, but it is not stored", 2),
    "resized figure": Case(
        CURVE.replace("plt", "plt.figure(figsize=(6, 3)).gca()", 1),
        CURVE.replace("plt", "plt.figure(figsize=(6, 3.1)).gca()", 1),
        "figure 1: resized: expected 1200x600 pixels, got 1200x620",
    ),
    "changed number": Case("print(1.25)", "print(1.26)", "1.26", None),
    "changed warning": Case("print('a', file=sys.stderr)", "print('b', file=sys.stderr)", "mismatch 'stderr'", None),
    "changed number beside a figure": Case(FIGURE_AND_NUMBER.format(2), FIGURE_AND_NUMBER.format(3), MOVED),
    "figure of a cell whose text is ignored": Case(
        FIGURE_AND_NUMBER.format(2), "# NBVAL_IGNORE_OUTPUT\n" + FIGURE_AND_NUMBER.format(3), MOVED
    ),
    "skipped cell with outputs": Case(CURVE, f"# NBVAL_SKIP\n{CURVE}", "skipped, so nothing checks the outputs", None),
    "figure that is no PNG": Case(
        "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')",
        "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')",
        "image/svg+xml output; the book's figures are image/png",
        None,
    ),
    "damaged stored figure": Case(CURVE, CURVE, "figure 1: unreadable: decode: expected a PNG"),
    "cell never run": Case("pass", "pass", "never run before it was stored", None),
}

MOVE_ONE_POINT = """
from matplotlib.collections import PathCollection
drawn_with = PathCollection.draw
first_scatter = []

def draw_moved(points, renderer):
    if not first_scatter and len(points.get_offsets()) >= 1000:
        first_scatter.append(points)
    if points not in first_scatter:
        return drawn_with(points, renderer)
    kept, to_pixels = points.get_offsets(), points.get_offset_transform()
    moved = to_pixels.transform(kept)
    moved[-1, 0] += 3  # the last one lies on top
    points.set_offsets(to_pixels.inverted().transform(moved))
    drawn_with(points, renderer)
    points.set_offsets(kept)

PathCollection.draw = draw_moved
"""

# Notebooks and a piece of the source of the cell whose scatter loses a point; "example" is the one above.
SCATTERS = [
    pytest.param("example", "plots.codes", marks=pytest.mark.slow),
    pytest.param("book/01-autoencoders.ipynb", "ax.scatter(on_ink", marks=pytest.mark.slow),
]
PORTABLE = "book/06-log-variance.ipynb"  # run as other CPUs would here; `make portable` runs all


def has_black(picture):
    """Say whether a pixel is black: the box around a difference is red."""
    return (picture == 0).all(axis=2).any()


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The notebook with its outputs, the cells to keep and then every case as it was stored; and its figures' contents."""
    cells = [new_code_cell(source) for source in [*KEPT, "", *(case.stored for case in CASES.values())]]
    return comparing.stored(new_notebook(cells=cells), tmp_path_factory.mktemp("stored"))


@pytest.fixture(scope="module")
def kept(stored):
    """Only the cells that every run must reproduce, and one without any code; and their figures' contents."""
    notebook, entries = stored
    return new_notebook(metadata=notebook.metadata, cells=notebook.cells[: len(KEPT) + 1]), entries


@pytest.fixture(scope="module")
def changed(stored, tmp_path_factory):
    """The run with every case's code changed. A cell that was never run has no count; a damaged figure is cut in half."""
    notebook, entries = (nbformat.from_dict(json.loads(json.dumps(each))) for each in stored)
    cell = {name: number for number, name in enumerate(CASES, start=len(KEPT) + 1)}
    for name, case in CASES.items():
        notebook.cells[cell[name]].source = case.run
    notebook.cells[cell["cell never run"]].execution_count = None
    bundle = notebook.cells[cell["damaged stored figure"]].outputs[-1].data
    bundle["image/png"] = bundle["image/png"][: len(bundle["image/png"]) // 8 * 4]
    next(entry for entry in entries if entry["cell"] == cell["contents of another run"])["png"] = "0123456789abcdef"
    entries = [entry for entry in entries if entry["cell"] != cell["contents that are not stored"]]
    return compare(notebook, tmp_path_factory.mktemp("changed"), entries, "--figures=pinned")


@pytest.mark.parametrize("name", CASES)
@pytest.mark.medium
def test_change_fails_with_place_and_reason(changed, name):
    """The failure says chapter and cell, what kind it is and, for a figure that moved, how far."""
    cell = len(KEPT) + 1 + list(CASES).index(name)
    message = changed.failures[cell]
    assert CASES[name].message in message
    assert f"{CHAPTER}: cell {cell} (In [" in message


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.picture])
@pytest.mark.medium
def test_change_is_drawn(changed, name):
    """The picture named by the message is on disk, and its largest difference is black, however small it was."""
    cell = len(KEPT) + 1 + list(CASES).index(name)
    figure = CASES[name].picture
    assert f"difference: test-results/01-example-cell{cell:02d}-fig{figure}.png" in changed.failures[cell]
    assert has_black(changed.difference(cell, figure))


@pytest.mark.medium
def test_cells_without_a_change_pass_beside_failing_ones(changed):
    """Only the cases fail, and all of them."""
    assert sorted(changed.failures) == list(range(len(KEPT) + 1, len(KEPT) + 1 + len(CASES)))


@pytest.mark.medium
def test_text_and_figure_are_reported_together(changed):
    """Neither difference hides the other."""
    message = changed.failures[len(KEPT) + 1 + list(CASES).index("changed number beside a figure")]
    assert "mismatch 'stdout'" in message
    assert "figure 1: moved" in message
    assert f"(tolerance {TOLERANCE.tile_rms:.2f})" in message


@pytest.mark.medium
def test_ignored_text_does_not_fail(changed):
    """A cell that asks for it is excused from the comparison of text only."""
    message = changed.failures[len(KEPT) + 1 + list(CASES).index("figure of a cell whose text is ignored")]
    assert "mismatch" not in message


@pytest.mark.medium
def test_every_figure_is_recorded(changed):
    """The file has the failed figures with their verdicts beside the passing ones."""
    verdicts = [row["verdict"] for row in changed.rows()]
    assert {kind: verdicts.count(kind) for kind in set(verdicts)} == {
        "same": 4, "moved": 5, "drawn differently": 1, "unverified": 2, "missing": 1, "extra": 1, "resized": 2, "unreadable": 1
    }  # fmt: skip
    assert f"{len(verdicts)} compared, 13 failed" in changed.output
    assert "1 drawn differently: they hold the same, and their pixels differ" in changed.output


@pytest.mark.slow
def test_unchanged_notebook_passes_under_xdist(kept, tmp_path):
    """The rows also come back from pytest-xdist's workers, and old pictures of the notebook's cells go away."""
    stale = tmp_path / "test-results/01-example-cell02-fig1.png"
    stale.parent.mkdir()
    stale.touch()
    run = compare(kept[0], tmp_path, kept[1], "-n1", "--dist=loadfile")
    assert run.failures == {}
    assert run.cells == len(KEPT) + 1
    assert [(row["chapter"], row["cell"], row["figure"]) for row in run.rows()] == [(CHAPTER, 2, 1), (CHAPTER, 3, 1)]
    assert "2 compared, 0 failed" in run.output
    assert f"largest passing tile_rms 0 of {TOLERANCE.tile_rms:g} ({CHAPTER}: cell 2, figure 1)" in run.output
    assert f"contents at most 0 of their tolerances apart ({CHAPTER}: cell 2, figure 1)" in run.output
    assert not stale.exists()


@pytest.mark.slow
def test_a_figure_that_is_drawn_differently_passes_elsewhere(stored, tmp_path):
    """It is reported, and its picture is there to be looked at."""
    notebook, entries = stored
    cell = len(KEPT) + 1 + list(CASES).index("another font")
    empty = (new_code_cell("", execution_count=1) for _ in range(cell - 1))
    cells = [notebook.cells[0], *empty, nbformat.from_dict(notebook.cells[cell])]
    cells[cell].source = CASES["another font"].run
    run = compare(new_notebook(metadata=notebook.metadata, cells=cells), tmp_path, entries, "--figures=elsewhere")
    assert run.failures == {}
    assert [row["verdict"] for row in run.rows()] == ["drawn differently"]
    assert "1 compared, 0 failed" in run.output
    assert "1 drawn differently: they hold the same, and their pixels differ" in run.output
    assert has_black(run.difference(cell, 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "capability", "threads"),
    [
        ({"ATEN_CPU_CAPABILITY": "default"}, "DEFAULT", 1),
        # passive: two threads that wait by spinning take minutes where another process wants the core
        (
            {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"},
            "AVX2",
            2,
        ),
    ],
    ids=["plain vector code", "avx2, other matrix products, two threads"],
)
def test_a_chapter_comes_out_the_same_on_another_cpu(tmp_path, environment, capability, threads):
    """Its training, numbers and figures, far inside the tolerances; the added cell holds that it was another CPU."""
    chapter, entries = comparing.of_the_book(PORTABLE)
    proof = f"assert torch.backends.cpu.get_cpu_capability() == {capability!r}\nassert torch.get_num_threads() == {threads}"
    cells = [*chapter.cells, new_code_cell(proof, execution_count=1)]
    run = compare(new_notebook(metadata=chapter.metadata, cells=cells), tmp_path, entries, chapter=PORTABLE, **environment)
    assert run.failures == {}
    assert len(run.rows()) >= 8
    assert all(row["distance"][name] <= TOLERANCE._asdict()[name] / 4 for row in run.rows() for name in row["distance"])
    assert all(row["meaning"]["nearness"] <= 1 / 10 for row in run.rows())


@pytest.mark.medium
def test_a_closing_semicolon_silences_a_value_as_it_does_in_jupyter(tmp_path):
    """Chapters end plotting cells with one; without a history IPython would print the value all the same."""
    cells = [new_code_cell(source, execution_count=number + 1) for number, source in enumerate(["40 + 2;", "1;"])]
    assert compare(new_notebook(cells=cells), tmp_path, []).failures == {}


@pytest.mark.parametrize(("name", "piece"), SCATTERS)
def test_one_moved_point_fails(kept, tmp_path, name, piece):
    """One of a chapter's 2,000 points, drawn 3 pixels to the right of where it is, is found; every cell before it passes."""
    notebook, entries = kept if name == "example" else comparing.of_the_book(name)
    cells = [cell for cell in nbformat.from_dict(json.loads(json.dumps(notebook))).cells if cell.cell_type == "code"]
    index = next(number for number, cell in enumerate(cells) if piece in cell.source)
    cells[index].source = MOVE_ONE_POINT + cells[index].source
    cells = cells[: index + 1]
    chapter = CHAPTER if name == "example" else name  # its views are named after it
    run = compare(new_notebook(metadata=notebook.metadata, cells=cells), tmp_path, entries, "--figures=pinned", chapter=chapter)
    assert list(run.failures) == [index]
    what = "figure 1: drawn differently: it holds the same; RMS"
    assert f"{chapter}: cell {index} (In [{cells[index].execution_count}]), {what}" in run.failures[index]
    distance = next(row["distance"] for row in run.rows() if row["cell"] == index)
    assert distance["tile_rms"] > 2 * TOLERANCE.tile_rms
    assert distance["share"] < 1e-4, "more than a point moved"
    assert has_black(run.difference(index, 1))


def blank(height=600, width=1200):
    """A white picture: (height, width, 4) uint8."""
    return np.full((height, width, 4), 255, np.uint8)


def test_each_distance_sees_what_the_others_miss():
    """A faint change everywhere, a faint change in one place, a strong change of a few pixels: one field each."""
    everywhere, place, few = blank(), blank(), blank()
    everywhere[..., 0] -= 1
    place[100:120, 100:120] -= LEVELS
    few[10::50, 10, :3] = 235
    exceeded = []
    for other in (everywhere, place, few):
        allowed, distance = TOLERANCE._asdict(), measure(blank(), other)._asdict()
        exceeded.append([name for name in distance if distance[name] > allowed[name]])
    assert exceeded == [["rms"], ["tile_rms"], ["share"]]


def test_distances_equal_their_definition():
    """Against the formulas, written out, on noise; the worst tile lies across the borders of a fixed grid."""
    rng = np.random.default_rng(0)
    expected, got = blank(40, 50), blank(40, 50)
    got[9 : 9 + TILE, 21 : 21 + TILE] = rng.integers(0, 256, (TILE, TILE, 4))
    gap = expected.astype(float) - got
    distance = measure(expected, got)
    assert distance.rms == pytest.approx(np.sqrt((gap**2).mean()))
    assert distance.tile_rms == pytest.approx(np.sqrt((gap[9 : 9 + TILE, 21 : 21 + TILE] ** 2).mean()))
    assert distance.share == (np.abs(gap).max(axis=2) > LEVELS).mean()


def test_measure_refuses_two_sizes():
    """Pictures of two sizes have no distance."""
    with pytest.raises(ValueError, match=r"measure: expected one size, received \(4, 5, 4\) and \(5, 4, 4\)"):
        measure(blank(4, 5), blank(5, 4))


@pytest.mark.parametrize("text", ["", "%%%", "aGVsbG8="])
def test_text_that_is_no_picture_is_unreadable(text):
    """Whatever is stored, the answer is a verdict and no exception."""
    assert judge(text, text).kind == "unreadable"
