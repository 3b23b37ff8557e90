"""nbval, taught to look at figures: a pytest plugin for `pytest --nbval book`.

nbval runs a notebook and compares its text, but it skips every image and every cell that was never run. Here each `image/png`
output of a cell is compared with the stored one, in order, and a cell that was never run fails. A figure that fails is drawn
expected | got | difference into `test-results/`; the distances of all figures go to `test-results/figures.json`.

A notebook with explorables gets one item more at its end: the widget state in the kernel, without code, against the stored one. Text must
be equal, numbers within 1e-6 of their size or of 1, and of bytes (levels from 0 to 255, weights) one in a thousand may differ.

Three distances, because each is blind to what another sees: `rms` over the figure notices a faint change everywhere, `tile_rms`
over its worst 16 x 16 window a faint change in one place, `share` a strong change of a few pixels. They were chosen between two
measurements on figures of 1200 pixels' width:

- below: a float64 training of 1,000 steps and its 7 figures (scatters, images, curves, contours) under
  `ATEN_CPU_CAPABILITY=default` and `=avx2`, `MKL_CBWR=COMPATIBLE`, one and two threads: 0 in all three, no pixel changed. Training
  on another CPU moves a code by about 1e-10, and 2,000 points that each move by 1e-6 pixels give 0.001, 0.1 and 0. Points that
  move by 1/256 pixel, the grid on which matplotlib's Agg draws, give 0.10, 0.6 and no pixel in a scatter of several colours.
- above: one point of 2,000, moved by 3 pixels, in seven styles of scatter: where the point is in sight at least 0.06, 3.7 and 8 of
  960,000 pixels (8e-6), in the middle 0.1 to 0.5, 7 to 33 and 16 to 42 pixels. The top point of chapter 1's first scatter: 0.13,
  9.8 and 14 of 1,536,000 pixels (9e-6).

How near the book comes: its 68 figures of chapters 1 to 6, run by `make portable` as three other CPUs (plain vector code, avx2 with
two threads, MKL's compatible products), move by at most 0.024, 0.23 and 0; that is the first figure of chapter 1, which holds the
longest training. On the same machine every distance is 0.

`tile_rms` of 2 is three times the first and about half the second, and so is a `share` of 5e-6, 4 pixels of 960,000; they found 416
of 420 moved points. `rms` of 0.25 is a change of one level in every sixteenth channel. The four that were not found lie under
others of the same opaque colour, which leaves next to no trace in the picture. Other processors than x86-64 were not measured: a
scatter of one colour is drawn on whole pixels, so there a point on the border between two would jump by one and fail.
"""

import ast
import base64
import io
import json
import os
from typing import NamedTuple

import numpy as np
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile
from PIL import Image, ImageDraw, ImageFont

from sphinx_ext import stored_widgets
from tools import notebooks

RESULTS = "test-results"  # below pytest's rootdir
LEVELS = 8  # of 255; a pixel differs when a channel differs by more: points moved by 1/256 pixel stay below
TILE = 16  # pixels, the side of the window that a point of a scatter about fills
BAR = 44  # height of a panel's label, in pixels


class Distance(NamedTuple):
    """How far two pictures of one size are apart; 0 in every field when they are the same."""

    rms: float  # root of the mean square over all pixels and channels, in levels of 0 to 255
    tile_rms: float  # the same over the worst TILE x TILE window
    share: float  # pixels of which a channel differs by more than LEVELS, over all pixels


TOLERANCE = Distance(rms=0.25, tile_rms=2.0, share=5e-6)


class Verdict(NamedTuple):
    """What became of one figure: same, moved, resized, missing, extra or unreadable."""

    kind: str
    detail: str
    distance: Distance | None = None


def decode(png):
    """Turn base64 text into an array of levels.

    Returns: (height, width, 4) uint8, red, green, blue, alpha. Raises ValueError for what is no 8-bit PNG.
    """
    try:
        image = Image.open(io.BytesIO(base64.b64decode(png)), formats=["PNG"])
        if image.mode.startswith("I"):
            raise ValueError(f"decode: expected 8 bits a channel, received mode {image.mode}")
        return np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError) as error:  # Pillow calls a broken chunk a syntax error
        raise ValueError(f"decode: expected a PNG, received {len(png)} characters: {error}") from error


def measure(expected, got):
    """Measure how far apart two pictures (height, width, channels) of one size are.

    >>> measure(np.zeros((20, 20, 4), np.uint8), np.zeros((20, 20, 4), np.uint8))
    Distance(rms=0.0, tile_rms=0.0, share=0.0)
    """
    if expected.shape != got.shape:
        raise ValueError(f"measure: expected one size, received {expected.shape} and {got.shape}")
    difference = np.abs(expected.astype(np.int64) - got)
    squares = (difference**2).sum(axis=2)
    height, width, channels = expected.shape
    tall, wide = min(TILE, height), min(TILE, width)
    return Distance(
        rms=float(np.sqrt(squares.mean() / channels)),
        tile_rms=float(np.sqrt(window_sums(squares, tall, wide).max() / (tall * wide * channels))),
        share=float((difference.max(axis=2) > LEVELS).mean()),
    )


def window_sums(values, tall, wide):
    """Sum (height, width) integers over every tall x wide window, so that no window's border can hide a change."""
    total = np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    return total[tall:, wide:] - total[:-tall, wide:] - total[tall:, :-wide] + total[:-tall, :-wide]


def judge(expected, got):
    """Compare two figures, each base64 text or None where there is none. Returns a Verdict."""
    if got is None:
        return Verdict("missing", "it is stored, but the run did not draw it")
    if expected is None:
        return Verdict("extra", "the run drew it, but it is not stored")
    try:
        stored, drawn = decode(expected), decode(got)
    except ValueError as error:
        return Verdict("unreadable", str(error))
    if stored.shape != drawn.shape:
        return Verdict("resized", f"expected {pixels(stored)} pixels, got {pixels(drawn)}")
    distance = measure(stored, drawn)
    near = all(value <= allowed for value, allowed in zip(distance, TOLERANCE, strict=True))
    return Verdict("same" if near else "moved", describe(distance), distance)


def pixels(array):
    """Name a picture's size the way people do, width first."""
    return f"{array.shape[1]}x{array.shape[0]}"


def describe(distance):
    """Put the distances beside the tolerances."""
    allowed = TOLERANCE
    return (
        f"RMS {distance.rms:.2f} (tolerance {allowed.rms:.2f}), "
        f"RMS of the worst {TILE}x{TILE} tile {distance.tile_rms:.2f} (tolerance {allowed.tile_rms:.2f}), "
        f"share of differing pixels {distance.share:.1e} (tolerance {allowed.share:.1e})"
    )


def draw_panels(expected, got):
    """Draw expected | got | difference side by side; a figure that is None or unreadable leaves its panel empty."""
    arrays = [picture_or_none(png) for png in (expected, got)]
    sizes = [array.shape[:2] for array in arrays if array is not None] or [(BAR, 4 * BAR)]
    height, width = (max(side) for side in zip(*sizes, strict=True))
    padded = [on_white(array, height, width) for array in arrays]
    gap = np.abs(padded[0].astype(np.int64) - padded[1]).max(axis=2)
    scale = 255 / max(int(gap.max()), 1)
    labels = ["expected (stored)", "got (this run)", f"difference, {scale:.1f} times"]
    sheet = Image.new("RGB", (3 * width + 2, height + BAR), "gray")
    for number, panel in enumerate([*map(Image.fromarray, padded), draw_difference(gap, scale)]):
        sheet.paste(panel, (number * (width + 1), BAR))
        empty = " - nothing" if number < 2 and arrays[number] is None else ""
        write_label(sheet, labels[number] + empty, number * (width + 1), width)
    return sheet


def picture_or_none(png):
    """Decode a figure for looking at."""
    try:
        return None if png is None else decode(png)
    except ValueError:
        return None


def on_white(array, height, width):
    """Lay a picture, or nothing, on a white canvas. Returns (height, width, 3) uint8."""
    canvas = Image.new("RGBA", (width, height), "white")
    if array is not None:
        canvas.alpha_composite(Image.fromarray(array))
    return np.asarray(canvas.convert("RGB"))


def draw_difference(gap, scale):
    """Draw (height, width) differences dark on white, with a red box around all that count, since a point is easily missed."""
    panel = Image.fromarray((255 - gap * scale).astype(np.uint8)).convert("RGB")
    rows, columns = np.nonzero(gap > min(LEVELS, gap.max() // 2))
    if rows.size:
        box = (columns.min() - TILE, rows.min() - TILE, columns.max() + TILE, rows.max() + TILE)
        ImageDraw.Draw(panel).rectangle(tuple(map(int, box)), outline="red", width=3)
    return panel


def write_label(sheet, text, left, width):
    """Write a panel's label into the bar above it."""
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, 0, left + width - 1, BAR - 1), fill="white")
    draw.text((left + 8, 8), text, fill="black", font=ImageFont.load_default(size=24))


def find_images(outputs):
    """List (mime type, data) of every image among a cell's outputs, in order."""
    bundles = [output["data"] for output in outputs if "data" in output]
    return [(mime, data) for bundle in bundles for mime, data in bundle.items() if mime.startswith("image/")]


class FigureFile(IPyNbFile):
    """nbval's notebook, made of cells that look at figures."""

    def setup(self):
        """Start nbval's kernel and let it remember its cells, in memory: IPython finds a closing `;` in its history."""
        super().setup()
        client = self.kernel.kc
        client.execute("get_ipython().history_manager.enabled = False", silent=True)  # writes nothing into the user's own
        options = {"store_history": True, "stop_on_error": False}
        self.kernel.execute_cell_input = lambda source, allow_stdin=None: client.execute(source, allow_stdin=allow_stdin, **options)

    def collect(self):
        """Hand on nbval's cells as FigureCells, and a StateItem when the notebook has widgets."""
        self.figure_cells = []
        for item in super().collect():
            cell = FigureCell.from_parent(self, name=item.name, cell_num=item.cell_num, cell=item.cell, options=item.options)
            self.figure_cells.append(cell)
            yield cell
        if any(stored_widgets.views(cell.cell.outputs) for cell in self.figure_cells):
            yield StateItem.from_parent(self, name="widget state")


class FigureCell(IPyNbCell):
    """nbval's cell; its figures count, and so does having been run."""

    def runtest(self):
        """Run the cell and compare text and figures; a cell whose outputs nothing would check fails."""
        for old in self.results.glob(f"{self.picture_stem}*.png"):
            old.unlink()
        if self.options["skip"] and self.cell.outputs:
            self.raise_cell_error(f"{self.place}: skipped, so nothing checks the outputs it stores")
        self.ignore_text = not self.options["check"]
        self.options["check"] = True  # "ignore output" is for text: a figure is always compared
        super().runtest()
        if self.cell.execution_count is None and self.cell.source.strip():
            self.raise_cell_error(f"{self.place}: never run before it was stored, so there is nothing to compare with")

    def compare_outputs(self, test, ref, skip_compare=None):
        """Compare text as nbval does, then every figure, and report both together."""
        self.comparison_traceback = []
        # nbval skips Jupyter's views, which have random names; the StateItem compares what they lead to.
        skip = (*(skip_compare or self.parent.skip_compare), stored_widgets.VIEW)
        same_text = self.ignore_text or super().compare_outputs(test, ref, skip)
        complaints = self.refuse_other_images(test, ref) + self.compare_figures(test, ref)
        differs = [] if same_text else [f"{self.place}: text differs from what is stored"]
        self.comparison_traceback = differs + self.comparison_traceback + complaints
        return same_text and not complaints

    def refuse_other_images(self, test, ref):
        """Complain about images that are no PNG, which nothing here could compare."""
        mimes = {mime for mime, _ in find_images(test) + find_images(ref)} - {"image/png"}
        return [f"{self.place}: {mime} output; the book's figures are image/png" for mime in sorted(mimes)]

    def compare_figures(self, test, ref):
        """Compare the PNG figures in order, keep every distance for the summary. Returns the complaints."""
        drawn, stored = ([data for mime, data in find_images(side) if mime == "image/png"] for side in (test, ref))
        complaints = []
        for index in range(max(len(drawn), len(stored))):
            expected, got = (side[index] if index < len(side) else None for side in (stored, drawn))
            verdict = judge(expected, got)
            self.record(index + 1, verdict)
            if verdict.kind != "same":
                picture = self.save_picture(index + 1, draw_panels(expected, got))
                complaints.append(
                    f"{self.place}, figure {index + 1}: {verdict.kind}: {verdict.detail}\n"
                    f"    expected | got | difference: {picture}"
                )
        return complaints

    def record(self, number, verdict):
        """Keep one figure's verdict with the test report, which also travels from pytest-xdist's workers."""
        distance = verdict.distance._asdict() if verdict.distance else None
        row = {"chapter": self.chapter, "cell": self.cell_num, "figure": number, "verdict": verdict.kind}
        self.user_properties.append(("figure", row | {"distance": distance}))

    def save_picture(self, number, sheet):
        """Write the panels. Returns the file's path relative to the rootdir."""
        self.results.mkdir(exist_ok=True)
        name = f"{self.picture_stem}{number}.png"
        sheet.save(self.results / name)
        return f"{RESULTS}/{name}"

    @property
    def results(self):
        """The folder for pictures."""
        return self.config.rootpath / RESULTS

    @property
    def picture_stem(self):
        """What the names of this cell's pictures begin with."""
        return f"{self.path.stem}-cell{self.cell_num:02d}-fig"

    @property
    def chapter(self):
        """The notebook's path relative to the rootdir."""
        return os.path.relpath(self.path, self.config.rootpath).replace(os.sep, "/")

    @property
    def place(self):
        """Chapter and cell: nbval counts code cells from 0, Jupyter shows In [n]."""
        return f"{self.chapter}: cell {self.cell_num} (In [{self.cell.execution_count or ' '}])"


class StateItem(pytest.Item):
    """The widget state that the notebook stores, against the state in the kernel after its last cell."""

    def runtest(self):
        """Compare every model that a view leads to."""
        cells = self.parent.figure_cells
        if any(cell.test_outputs is None for cell in cells):
            pytest.skip("not every cell of the notebook was run")
        views = [view["model_id"] for cell in cells for view in stored_widgets.views(cell.test_outputs)]
        models = stored_widgets.without_code(read_state(self.parent.kernel.kc))
        _, got = notebooks.named_models(models, views, self.path.stem)
        complaints = compare_states(stored_widgets.state(self.parent.nb), got)
        if complaints:
            pytest.fail(
                f"{self.parent.name}: widget state differs from what is stored\n" + "\n".join(complaints[:10]), pytrace=False
            )

    def reportinfo(self):
        """Name the notebook."""
        return self.path, 0, f"{self.path.name}: widget state"


def read_state(client):
    """Ask a kernel for the state of all its widgets, as a notebook stores it."""
    ask = "__import__('json').dumps(__import__('ipywidgets').Widget.get_manager_state(drop_defaults=False)['state'])"
    number = client.execute("", user_expressions={"state": ask}, store_history=False)
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == number:
            return json.loads(ast.literal_eval(reply["content"]["user_expressions"]["state"]["data"]["text/plain"]))


def compare_states(stored, got):
    """List what differs between two states of widgets, model by model."""
    complaints = []
    if set(stored) != set(got):
        complaints.append(f"expected {len(stored)} models, got {len(got)}: a view without its state, or a state without a view")
    for name in stored.keys() & got.keys():
        complaints += compare_values(stored[name]["state"], got[name]["state"], stored[name]["model_name"])
        before, after = (
            {str(b["path"]): base64.b64decode(b["data"]) for b in m.get("buffers", [])} for m in (stored[name], got[name])
        )
        complaints += compare_values(before, after, stored[name]["model_name"])
    return complaints


def compare_values(stored, got, place):
    """List what differs between two values as JSON has them, or bytes."""
    if isinstance(stored, dict) and isinstance(got, dict) and stored.keys() == got.keys():
        return [line for key in stored for line in compare_values(stored[key], got[key], f"{place}.{key}")]
    if isinstance(stored, list) and isinstance(got, list) and len(stored) == len(got):
        return [line for i, pair in enumerate(zip(stored, got, strict=True)) for line in compare_values(*pair, f"{place}[{i}]")]
    if isinstance(stored, bytes) and isinstance(got, bytes) and len(stored) == len(got):
        share = sum(a != b for a, b in zip(stored, got, strict=True)) / max(1, len(stored))
        return [f"{place}: {share:.2%} of the bytes differ"] if share > 1e-3 else []
    if type(stored) in (int, float) and type(got) in (int, float) and abs(stored - got) <= 1e-6 * max(1, abs(stored)):
        return []
    return [] if stored == got else [f"{place}: expected {str(stored)[:80]}, got {str(got)[:80]}"]


def compares_figures(config):
    """Say whether this run was asked to hold notebooks against their stored outputs."""
    return getattr(config.option, "nbval", False)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(parent):
    """Let nbval decide what is a notebook, then have our class run it."""
    collectors = yield
    if not compares_figures(parent.config):
        return collectors
    return [FigureFile.from_parent(parent, path=c.path) if isinstance(c, IPyNbFile) else c for c in collectors]


def pytest_configure(config):
    """Report on figures, once: under pytest-xdist the workers' test reports carry the rows to the process that started them."""
    if compares_figures(config) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FigureReport(config))


class FigureReport:
    """Gathers what the cells recorded, and tells how near the figures came to the tolerances."""

    def __init__(self, config):
        """Start with no figures."""
        self.results = config.rootpath / RESULTS
        self.rows = []

    def pytest_runtest_logreport(self, report):
        """Take the figures out of a finished cell's report."""
        if report.when == "call":
            self.rows += [row for name, row in report.user_properties if name == "figure"]

    def pytest_sessionfinish(self):
        """Write every figure's verdict and distances beside the tolerances."""
        if not self.rows:
            return
        self.rows.sort(key=lambda row: (row["chapter"], row["cell"], row["figure"]))
        self.results.mkdir(exist_ok=True)
        content = {"tolerance": TOLERANCE._asdict(), "figures": self.rows}
        (self.results / "figures.json").write_text(json.dumps(content, indent=1) + "\n")

    def pytest_terminal_summary(self, terminalreporter):
        """Say how many figures were compared and which passing ones came nearest to the tolerances."""
        passing = [row for row in self.rows if row["verdict"] == "same"]
        terminalreporter.section("figures")
        terminalreporter.write_line(f"{len(self.rows)} compared, {len(self.rows) - len(passing)} failed")
        for name, allowed in TOLERANCE._asdict().items() if passing else ():
            worst = max(passing, key=lambda row: row["distance"][name])
            place = f"{worst['chapter']}: cell {worst['cell']}, figure {worst['figure']}"
            terminalreporter.write_line(f"largest passing {name} {worst['distance'][name]:.2g} of {allowed:g} ({place})")
