"""tools/portable.py: other machines are really played, a chaotic training and a number at an edge are found, and the report names them."""

import ast
import builtins
import json
import math
import platform
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.support import ROOT
from tools import portable, portable_kernel

runs_kernels = pytest.mark.medium


# ------------------------------------------------------------------ numbers at an edge


@pytest.fixture
def look(monkeypatch):
    """Run a cell as the probe does; what it wrote down, and what the cell left behind."""

    def run(source: str, **names) -> tuple[list[dict], dict]:
        records: list[dict] = []
        edges = portable_kernel.Edges(lambda **record: records.append(record))
        monkeypatch.setattr(builtins, portable_kernel.NAME, edges, raising=False)
        edges.begin(SimpleNamespace(raw_cell=source))
        tree = portable_kernel.Rewrite(edges).visit(ast.parse(source))
        exec(compile(tree, "cell", "exec"), names)
        return [record for record in records if "edge" in record], names

    return run


AT_AN_EDGE = {
    "an f-string": ("text = f'{v:.2f}'", {"v": 0.125 + 1e-12}),
    "a share": ("text = f'{v:5.1%}'", {"v": 0.1235}),
    "significant digits": ("text = f'{v:.2g}'", {"v": 0.000125}),
    "a format made of a variable": ("text = f'{v:.{n}f}'", {"v": 1.25, "n": 1}),
    "a tensor's number": ("text = f'{v:.2f}'", {"v": torch.tensor(0.125).double()}),
    "str.format": ("text = 'of {:.2f} {x:.1f}'.format(v, x=0.1)", {"v": 0.125}),
    "format": ("text = format(v, '.2f')", {"v": 0.125}),
    "round": ("text = str(round(v, 2))", {"v": 0.125}),
    "round of a tensor": ("w = v.round(decimals=2)", {"v": torch.tensor([0.3, 0.125]).double()}),
    "torch.round": ("w = torch.round(v, decimals=2)", {"v": torch.tensor([0.3, 0.125]).double(), "torch": torch}),
    "round of an array": ("w = v.round(1)", {"v": np.array([0.25])}),
    "numpy.round": ("w = np.round(v)", {"v": np.array([2.5]), "np": np}),
    "a printed tensor": ("print(v)", {"v": torch.tensor([0.00125, 0.12345]).double()}),
    "a tensor in an f-string": ("text = f'{v}'", {"v": torch.tensor([0.00125, 0.12345]).double()}),
    "inside a function": ("def show(v):\n    return f'{v:.2f}'\ntext = show(0.125)", {}),
    "the sign of noise": ("text = f'{v:.2f}'", {"v": 3e-17}),
    "the sign of what is next to nothing": ("text = f'{v:.2f}'", {"v": -3e-11}),
    "the sign of rounded noise": ("w = round(v, 2)", {"v": -3e-17}),
    "float32, whose noise is larger": ("text = f'{v:.2f}'", {"v": torch.tensor(0.1249999)}),
}
AWAY_FROM_IT = {
    "a number between": ("text = f'{v:.2f}'", {"v": 0.124}),
    "an exact 0": ("text = f'{v:.2f}'", {"v": 0.0}),
    "noise without a sign": ("text = f'{v.abs():.2f}'", {"v": torch.tensor(-3e-17).double()}),
    "a small probability": ("text = f'{v:.2f}'", {"v": 3e-170}),
    "a small number with its own digits": ("text = f'{v:.3g}'", {"v": 2.06e-9}),
    "a whole number": ("text = f'{v:.2f}'", {"v": 3}),
    "all digits": ("text = f'{v} {v!r:<30}'", {"v": 0.125}),
    "not a number": ("text = f'{v:.2f}'", {"v": math.nan}),
    "rounded for a drawing": ("w = v.round(decimals=6)", {"v": torch.tensor([0.0000005]).double()}),
    "a printed array that was rounded": ("print(v, f'{v}')", {"v": np.array([36.9, 6.1, 0.125])}),
}


@pytest.mark.parametrize("name", AT_AN_EDGE)
def test_a_number_that_a_billionth_prints_otherwise_is_found(look, name):
    source, names = AT_AN_EDGE[name]
    [found] = look(source, **names)[0]
    assert found["cell"] == source
    assert len(set(found["texts"])) == 2


@pytest.mark.parametrize("name", AWAY_FROM_IT)
def test_other_numbers_are_not(look, name):
    assert look(AWAY_FROM_IT[name][0], **AWAY_FROM_IT[name][1])[0] == []


def test_what_runs_between_cells_is_left_alone(look):
    assert look("", v=0.125)[0] == []
    tree = ast.parse("f'{v:.2f}'")
    assert ast.dump(portable_kernel.Rewrite(portable_kernel.Edges(print)).visit(tree)) == ast.dump(ast.parse("f'{v:.2f}'"))


def test_what_was_rounded_is_named_as_it_was_written(look):
    [found], _ = look("text = f'a {2 * v:>8.{n}f} b'", v=0.0625, n=2)
    assert found["edge"] == "2 * v:>8.{n}f"
    assert found["value"] == 0.125
    assert found["texts"] == ["0.12", "0.13"]


def test_a_cell_gives_what_it_gave(look, capsys):
    source = """
import math
a = f"{math.pi:>8.3f}|{'x':>3}|{'x'!r:>4}|{[1.5]}|{math.pi:{width}.{width - 4}f}|{math.pi=:.1f}"
b = "{:.1f} {0} {name!s:>4}".replace("{0}", "").format(2.25, name="n"), round(2.675, 2), round(7), format(1e-3, "g"), sum([1.0])
print("a", a, sep="-", end="!")
""".strip()
    plain: dict = {"width": 6}
    exec(source, plain)
    before = capsys.readouterr().out
    _, names = look(source, width=6)
    assert (names["a"], names["b"]) == (plain["a"], plain["b"])
    assert capsys.readouterr().out == before


def test_a_table_is_looked_at_when_it_is_shown():
    pandas = pytest.importorskip("pandas")
    records: list[dict] = []
    edges = portable_kernel.Edges(lambda **record: records.append(record))
    table = pandas.DataFrame({"name": ["a", "b"], "raw": [0.1234565, 0.2], "count": [1, 2]})
    for value in (table, table.round(3)):
        edges.begin(SimpleNamespace(raw_cell="table"))
        edges.end(SimpleNamespace(result=value))
    assert [record.get("value", record.get("numbers")) for record in records] == [0.1234565, 1, 0]
    edges.called(("table", "table.round({'raw': 2})", True), pandas.DataFrame({"raw": [0.125]}).round, {"raw": 2})
    assert records[-1]["value"] == 0.125


# ------------------------------------------------------------------ weights moved where a training begins


def test_each_optimizer_moves_its_weights_by_their_last_digits(monkeypatch):
    monkeypatch.setattr(torch.optim.Optimizer, "__init__", torch.optim.Optimizer.__init__)  # given back at the end
    records: list[dict] = []
    portable_kernel.start_chaos(None, lambda **record: records.append(record))
    before = [torch.linspace(-3, 3, 1001).double(), torch.zeros(1000).double(), torch.ones(1000)]
    weights = [start.clone().requires_grad_() for start in before]
    torch.optim.Adam(weights, lr=0.1)
    far = [((now - then).detach() / then.abs().clamp(min=1)).abs() for now, then in zip(weights, before, strict=True)]
    assert all(0 < distance.max() <= 1.3e-15 for distance in far[:2])  # and the last digit is up to 4e-16 wide
    assert 0 < far[2].max() < 1e-6
    assert [record["optimizer"] for record in records] == ["Adam"]
    assert 2000 < records[0]["weights"] <= 3001
    torch.optim.SGD(weights, lr=0.1)
    torch.optim.LBFGS(weights[:1])
    assert [record["optimizer"] for record in records] == ["Adam", "SGD", "LBFGS"]


def test_a_gradient_that_is_there_already_stays_valid(monkeypatch):
    monkeypatch.setattr(torch.optim.Optimizer, "__init__", torch.optim.Optimizer.__init__)
    portable_kernel.start_chaos(None, lambda **record: None)
    weight = torch.ones(3, requires_grad=True, dtype=torch.float64)
    loss = (weight**2).sum()
    torch.optim.SGD([weight], lr=0.1)
    loss.backward()
    assert torch.allclose(weight.grad, 2 * weight)


# ------------------------------------------------------------------ in a kernel

# w' = w - f'(w) = 4 w (1 - w), which doubles an error with each step, and w' = (1 + w) / 2, which halves it.
TRAIN = """
import torch
def train(loss):
    w = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1)
    for _ in range(80):
        optimizer.zero_grad()
        loss(w).sum().backward()
        optimizer.step()
    return w.item()
""".strip()
CHAOTIC = "print(f'{train(lambda w: 4 * w**3 / 3 - 1.5 * w**2):.3f}')"
CALM = "print(f'{train(lambda w: (w - 1) ** 2 / 4):.3f}')"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Write a notebook into a repository of its own, with outputs as this machine gives them, or as given; make one run of it."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["tests.support.figures"]\n')
    path = tmp_path / "01-small.ipynb"

    def made(probe: str, *sources: str, printed: str | None = None) -> portable.Run:
        notebook = new_notebook(cells=[new_markdown_cell("Words"), *map(new_code_cell, sources)])
        if printed is None:
            NotebookClient(notebook, kernel_name="python3").execute()
        else:
            notebook.cells[-1].update(execution_count=1, outputs=[new_output("stream", text=printed)])
        nbformat.write(notebook, path)
        return portable.run(path, probe, portable.Machine({"PORTABLE_PROBE": probe}, 1), tmp_path)

    return made


@runs_kernels
def test_an_edge_is_named_with_its_cell_and_nothing_else_fails(run):
    found = run("edges", "v = 0.375\nprint(f'{v / 3:.2f} {v:.3f}')", printed="0.12 0.375\n")
    assert found.failures == []
    [edge] = [record for record in found.records if "edge" in record]
    assert edge == {
        "edge": "v / 3:.2f", "value": 0.125, "texts": ["0.12", "0.13"], "notebook": "01-small", "cell": 0, "index": 1
    }  # fmt: skip
    assert sum(record.get("numbers", 0) for record in found.records) == 2


@pytest.mark.slow
def test_a_chaotic_training_fails_under_chaos_and_a_calm_one_does_not(run):
    found = run("chaos", TRAIN, CALM, CHAOTIC)
    assert [failure.split(": ")[:2] for failure in found.failures] == [["01-small", "Cell 2"]]
    assert [record["optimizer"] for record in found.records if "optimizer" in record] == ["SGD", "SGD"]


@pytest.mark.slow
def test_a_probe_that_does_not_start_fails(run, monkeypatch):
    monkeypatch.setattr(portable, "PROFILE", "# {tools}")
    assert run("chaos", "print(1)", printed="1\n").failures == ["01-small: the kernel did not start chaos"]


# ------------------------------------------------------------------ other machines

on_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="what is played are processors of this kind")


@pytest.fixture(scope="module")
def own() -> dict:
    """What this machine gives by itself."""
    return portable.witness({}, 1)


@pytest.mark.slow
@on_x86
def test_every_setting_takes_effect(own):
    machines = portable.machines()
    said = {name: portable.witness(*machine) for name, machine in machines.items()}
    assert said["plain"]["capability"] == "DEFAULT"
    assert said["plain"]["torch"] != own["torch"]
    assert said["plain"]["products"] == own["products"]
    assert said["avx2"]["capability"] == "AVX2"
    assert "COMPATIBLE" in said["compatible"]["MKL"]
    assert said["compatible"]["products"] != own["products"]
    assert said["sse4"]["libm"] != own["libm"]
    assert own["features"]
    assert said["numpy"]["features"] == []
    assert said["numpy"]["numpy"] != own["numpy"]
    assert {name: found["threads"] for name, found in said.items()} == {name: machine.threads for name, machine in machines.items()}


def test_what_plays_a_machine_does_not_come_from_outside(monkeypatch):
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    monkeypatch.setenv("HOME", "/home")
    variables = portable.environment({"MKL_CBWR": "AVX2"}, 2)
    assert "ATEN_CPU_CAPABILITY" not in variables
    assert (variables["MKL_CBWR"], variables["OMP_NUM_THREADS"], variables["HOME"]) == ("AVX2", "2", "/home")


def test_a_machine_that_is_this_one_is_not_run(monkeypatch):
    played = {"plain": portable.Machine({"A": "1"}, 1), "sse4": portable.Machine({"B": "1"}, 1), "threads": portable.Machine({}, 2)}
    monkeypatch.setattr(portable, "machines", lambda: played)
    monkeypatch.setattr(portable, "witness", lambda settings, threads: ("A" in settings, threads))
    runs, same = portable.worth_playing(portable.RUNS)
    assert list(runs) == ["plain", "threads", "chaos", "edges"]
    assert same == ["sse4"]
    assert list(portable.worth_playing(["chaos", "plain"])[0]) == ["plain", "chaos"]


# ------------------------------------------------------------------ the report

TOLERANCE = {"rms": 0.25, "tile_rms": 2.0}


def row(cell: int, rms: float, **more) -> dict:
    return {
        "chapter": "book/01-a.ipynb", "cell": cell, "figure": 1, "verdict": "same", "distance": {"rms": rms, "tile_rms": rms}, **more
    }  # fmt: skip


def test_a_share_is_the_largest_of_pixels_and_meaning():
    assert portable.share(row(1, 0.05), TOLERANCE) == 0.2
    assert portable.share(row(1, 0.05, meaning=None), TOLERANCE) == 0.2
    assert portable.share(row(1, 0.05, meaning={"nearness": 0.9, "differences": []}), TOLERANCE) == 0.9
    assert portable.share(row(1, 0.05) | {"distance": None}, TOLERANCE) == math.inf


def test_figures_are_read_and_none_is_no_error(tmp_path):
    file = tmp_path / "figures.json"
    assert portable.read_figures(file) == ({}, {})
    file.write_text(json.dumps({"tolerance": TOLERANCE, "figures": [row(1, 0.0), row(2, 0.025)]}))
    assert portable.read_figures(file) == ({("book/01-a.ipynb", 1, 1): 0.0, ("book/01-a.ipynb", 2, 1): 0.1}, TOLERANCE)


def one(figures=(), failures=(), records=()) -> portable.Run:
    return portable.Run(
        {("book/01-a.ipynb", cell, 1): value for cell, value in figures}, list(failures), list(records), TOLERANCE, 1.5
    )


def test_the_table_has_what_moved_and_names_what_is_to_be_mended():
    edge = {"edge": "v:.2f", "value": 0.125, "texts": ["0.12", "0.13"], "notebook": "01-a", "cell": 3, "index": 4}
    results = {
        "plain": [one([(1, 0.0), (2, 0.02), (3, 0.0)])],
        "chaos": [
            one([(1, 0.0), (2, 0.12), (3, math.inf)], ["01-a: Cell 3: figure 1: resized"], [{"optimizer": "SGD", "weights": 7}])
        ],
        "edges": [one(records=[edge, edge, {"numbers": 5}])],
    }
    played = {name: portable.Machine({"NAME": name}, 1) for name in results}
    report = portable.summarize(results, played, ["avx2"])
    text = portable.as_markdown(json.loads(json.dumps(report, allow_nan=False)))
    assert "| figure | plain | chaos | edges |" in text
    assert "| 01-a: cell 2, figure 1 | 2.0% | 12.0% |  |" in text
    assert "| 01-a: cell 3, figure 1 | 0 | not measured |  |" in text
    assert "cell 1, figure" not in text
    assert "- plain: 2 of 3 figures exact, nearest 2.0% (01-a: cell 2, figure 1); 0 failures; 2 s (NAME=plain, threads 1)" in text
    assert "1 trainings moved" in text
    assert "5 numbers looked at" in text
    assert "- avx2: not run, because its settings change nothing on this machine" in text
    assert "make robust, nearer than a tenth: 01-a: cell 2, figure 1" in text
    assert "- FAILED in chaos: 01-a: Cell 3: figure 1: resized" in text
    assert text.count("at an edge: 01-a: cell 3 (4 of all): `v:.2f` of 0.125 is 0.12 or 0.13") == 1
    assert not report["good"]


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (one([(1, 0.1)]), 0),
        (one([(1, 0.11)]), 1),
        (one([(1, 0.0)], ["Cell 1: differs"]), 1),
        (one(records=[{"edge": "v", "value": 0.5, "texts": ["0", "1"], "notebook": "01-a", "cell": 1, "index": 1}]), 1),
    ],
)
def test_it_fails_when_something_is_to_be_mended(tmp_path, monkeypatch, capsys, found, status):
    monkeypatch.setattr(portable, "worth_playing", lambda names: ({"plain": portable.Machine({}, 1)}, []))
    monkeypatch.setattr(portable, "run", lambda *arguments: found)
    monkeypatch.setattr(portable.notebooks, "book_notebooks", lambda: [Path("book/01-a.ipynb")])
    assert portable.main([], tmp_path) == status
    said = capsys.readouterr().out
    assert (tmp_path / "test-results" / "portable.md").read_text() in said
    assert json.loads((tmp_path / "test-results" / "portable.json").read_text())["good"] == (status == 0)


def test_a_wrong_name_says_what_there_is(capsys):
    with pytest.raises(SystemExit):
        portable.main(["99"])
    assert "there is no notebook '99'" in capsys.readouterr().err
