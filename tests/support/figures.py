"""nbval, taught to look at figures: a pytest plugin for `pytest --nbval book`.

nbval runs a notebook and compares its text, but it skips every image and every cell that was never run. Here a cell that was never run
fails, and each `image/png` output of a cell is compared with the stored one, in order, in two ways: pixel by pixel (pixels.py) and by what
the figure holds (meaning.py), which was gathered in the kernel while it was drawn (tools/figure_hook.py). The verdicts:

- same: neither tells them apart;
- moved: the figure holds something else. That fails everywhere, and says which artist, and by how much;
- drawn differently: it holds the same, and the pixels differ. That fails where the versions are the pinned ones on Linux on x86-64, and
  elsewhere, or with --figures=elsewhere, it is only reported: a font or a version draws otherwise;
- missing, extra, resized, unreadable, and unverified, where no contents are stored that belong to the stored picture: all fail.

A figure that fails is drawn expected | got | difference into `test-results/`; the verdicts and distances of all figures go to
`test-results/figures.json`. A notebook with explorables gets one item more at its end (widget_state.py).
"""

import functools
import importlib.metadata
import json
import os
import platform
from typing import NamedTuple

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from sphinx_ext import stored_widgets
from tests.support import ROOT, meaning, pixels
from tests.support.widget_state import StateItem
from tools import colab, stored_figures

RESULTS = "test-results"  # below pytest's rootdir
DRAWING = ("matplotlib", "numpy", "pillow", "torch", "contourpy", "kiwisolver")  # whose versions decide about pixels
TOLD = 8  # differences that a failure names; one change may move a hundred artists
FARTHEST = 999  # share of a tolerance: what is exact, and differs, is infinitely far


class Verdict(NamedTuple):
    """What became of one figure, what to say of it, and its distances from the stored one where both could be read."""

    kind: str
    details: list[str]
    distance: pixels.Distance | None = None
    held: meaning.Comparison | None = None


def judge(expected, got, entry, held):
    """Compare two figures.

    expected, got: base64 text, or None where there is none. entry: what is stored of the expected one's contents, or None.
    held: the contents of the one that was drawn, None where matplotlib did not draw it.
    """
    seen = pixels.judge(expected, got)
    if seen.distance is None:
        return Verdict(seen.kind, [seen.detail])
    if entry is None:
        return Verdict("unverified", ["its contents are not stored: make notebooks stores them"], seen.distance)
    if entry["png"] != stored_figures.digest(expected):
        return Verdict("unverified", ["the stored picture and the stored contents are of two runs: make notebooks"], seen.distance)
    if entry["contents"] is None and held is None:
        return Verdict("same" if seen.kind == "same" else "moved", [seen.detail], seen.distance)
    if entry["contents"] is None or held is None:
        return Verdict("moved", ["a picture that matplotlib drew in one run and not in the other", seen.detail], seen.distance)
    compared = meaning.compare(entry["contents"], held)
    if compared.differences:
        return Verdict("moved", [*shortened(compared.differences), seen.detail], seen.distance, compared)
    kind = "same" if seen.kind == "same" else "drawn differently"
    return Verdict(kind, [f"it holds the same; {seen.detail}"], seen.distance, compared)


def shortened(differences):
    """The first differences, and how many there are beside them."""
    more = len(differences) - TOLD
    return differences if more <= 0 else [*differences[:TOLD], f"and {more} differences more"]


@functools.cache
def is_pinned():
    """Say whether figures must come out as they are stored: the pinned versions on Linux on x86-64."""
    pins = colab.pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    here = {name: importlib.metadata.version(name).split("+")[0] for name in DRAWING}
    return platform.system() == "Linux" and platform.machine() == "x86_64" and all(pins[name] == here[name] for name in DRAWING)


def is_elsewhere(config):
    """Say whether a figure may be drawn differently in this run."""
    chosen = config.getoption("figures")
    return chosen == "elsewhere" if chosen else not is_pinned()


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
        client.execute(stored_figures.code_for_kernel(), silent=True)
        options = {"store_history": True, "stop_on_error": False}
        self.kernel.execute_cell_input = lambda source, allow_stdin=None: client.execute(source, allow_stdin=allow_stdin, **options)

    def collect(self):
        """Hand on nbval's cells as FigureCells, and a StateItem when the notebook has widgets."""
        self.stored_contents = stored_figures.read(self.path)
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
        drawn, stored = (list(stored_figures.pictures(side)) for side in (test, ref))
        complaints = []
        for index in range(max(len(drawn), len(stored))):
            expected = stored[index][0] if index < len(stored) else None
            got, held = drawn[index] if index < len(drawn) else (None, None)
            entry = self.parent.stored_contents.get((self.cell_num, index + 1))
            verdict = judge(expected, got, entry, held)
            self.record(index + 1, verdict)
            if verdict.kind != "same":
                picture = self.save_picture(index + 1, pixels.draw_panels(expected, got))
                if verdict.kind != "drawn differently" or not is_elsewhere(self.config):
                    lines = [*verdict.details, f"expected | got | difference: {picture}"]
                    complaints.append(f"{self.place}, figure {index + 1}: {verdict.kind}: " + "\n    ".join(lines))
        return complaints

    def record(self, number, verdict):
        """Keep one figure's verdict with the test report, which also travels from pytest-xdist's workers."""
        row = {"chapter": self.chapter, "cell": self.cell_num, "figure": number, "verdict": verdict.kind}
        row["distance"] = verdict.distance._asdict() if verdict.distance else None
        row["meaning"] = None
        if verdict.held:
            row["meaning"] = {"nearness": min(verdict.held.nearness, FARTHEST), "differences": shortened(verdict.held.differences)}
        self.user_properties.append(("figure", row))

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


def pytest_addoption(parser):
    """The switch that says whether a figure may be drawn differently, where the versions are not to decide."""
    text = "whether a figure that holds the same may be drawn differently (default: where versions or processor are not the pinned ones)"
    parser.getgroup("course").addoption("--figures", choices=("pinned", "elsewhere"), help=text)


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
        self.failing = {"drawn differently"} if not is_elsewhere(config) else set()
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
        content = {"tolerance": pixels.TOLERANCE._asdict(), "figures": self.rows}
        (self.results / "figures.json").write_text(json.dumps(content, indent=1) + "\n")

    def pytest_terminal_summary(self, terminalreporter):
        """Say how many figures were compared, what became of them, and which passing ones came nearest to the tolerances."""
        say = terminalreporter.write_line
        terminalreporter.section("figures")
        differently = sum(row["verdict"] == "drawn differently" for row in self.rows)
        passing = [row for row in self.rows if row["verdict"] in {"same", "drawn differently"} - self.failing]
        say(f"{len(self.rows)} compared, {len(self.rows) - len(passing)} failed")
        if differently:
            say(f"{differently} drawn differently: they hold the same, and their pixels differ")
        same = [row for row in passing if row["verdict"] == "same"]
        for name, allowed in pixels.TOLERANCE._asdict().items() if same else ():
            worst = max(same, key=lambda row: row["distance"][name])
            say(f"largest passing {name} {worst['distance'][name]:.2g} of {allowed:g} ({place(worst)})")
        if held := [row for row in passing if row["meaning"]]:
            worst = max(held, key=lambda row: row["meaning"]["nearness"])
            say(f"contents at most {worst['meaning']['nearness']:.2g} of their tolerances apart ({place(worst)})")


def place(row):
    """Name the figure of a row."""
    return f"{row['chapter']}: cell {row['cell']}, figure {row['figure']}"
