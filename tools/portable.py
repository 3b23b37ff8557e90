"""Run the notebooks as other machines would, and say how near each figure comes to its tolerance: `make portable`.

    python tools/portable.py [--only RUN ...] [NOTEBOOK ...]

NOTEBOOK is a path or a name, as for tools/notebooks.py. Every run is `pytest --nbval` on one notebook, in an environment of its own:

- MACHINES play other processors on this one, by what torch, MKL and numpy read from the environment. One that gives what this machine
  gives by itself is not run: on a processor without AVX-512 `avx2` may be such a one, and away from x86-64 all of MKL's.
- `chaos` moves the weights by 1e-15 at the start of each training. A training that enlarges an error prints and draws something else.
- `edges` looks at each number that a cell rounds, and finds those that 1e-9 would print otherwise.

It fails when a cell fails, when a figure is nearer to its tolerance than a tenth of it, or when a number sits at an edge. Such a figure
or number is to be made robust; the tolerance stays. test-results/portable.md has the table, portable.json the same for programs, and
test-results/portable/ the pictures of figures that moved. Both files are written anew after each run.
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

sys.path.append(str(Path(__file__).resolve().parent))
import notebooks

ROOT = Path(__file__).resolve().parent.parent
PROBES = ("chaos", "edges")
RUNS = ("plain", "avx2", "compatible", "sse4", "numpy", "threads", *PROBES)
TENTH = 0.1  # of a tolerance: a figure that comes nearer on any machine is to be made robust
PROFILE = """import sys
sys.path.append({tools!r})
c.InteractiveShellApp.extensions = ["portable_kernel"]
"""
WITNESS = """import hashlib, json, math
import numpy, torch
import numpy._core._multiarray_umath as code
y = numpy.arange(90000).reshape(300, 300) * 0.6180339887 % 1  # the same on every machine
x = torch.from_numpy(y)
results = {"torch": x.sigmoid().numpy(), "products": (x @ x).numpy(), "numpy": numpy.tanh(y.astype("float32"))}
results["libm"] = numpy.array([f(v) for v in y.ravel()[:3000].tolist() for f in (math.exp, math.log1p, math.cos)])
features = [name for name in code.__cpu_dispatch__ if code.__cpu_features__[name]]
said = {name: hashlib.sha256(result.tobytes()).hexdigest()[:8] for name, result in results.items()}
said |= {"capability": torch.backends.cpu.get_cpu_capability(), "threads": torch.get_num_threads(), "features": features}
print("\\n" + json.dumps(said))
"""
PLAYING = ("ATEN_", "GLIBC_TUNABLES", "MKL_", "NPY_", "OPENBLAS_", "PORTABLE_")  # what such variables begin with


class Machine(NamedTuple):
    """A processor to play: what is set in the environment, and how many threads."""

    settings: dict[str, str]
    threads: int


class Run(NamedTuple):
    """What one notebook gave on one machine: figures with their shares, cells that failed, and what the kernel wrote down."""

    figures: dict[tuple[str, int, int], float]  # (chapter, cell, number) -> the largest distance as a share of its tolerance
    failures: list[str]
    records: list[dict]
    tolerance: dict[str, float]
    seconds: float


def machines() -> dict[str, Machine]:
    """The six machines, by the names that the table's columns have."""
    features = " ".join(witness({}, 1)["features"])
    return {
        "plain": Machine({"ATEN_CPU_CAPABILITY": "default"}, 1),  # torch without vector code
        "avx2": Machine({"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2"}, 2),
        "compatible": Machine({"MKL_CBWR": "COMPATIBLE"}, 2),  # the products that MKL gives on any processor
        # An old one: MKL's products (it listens on Intel's processors only), and the exp, log and cos of the C library.
        "sse4": Machine({"MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"}, 1),
        "numpy": Machine({"NPY_DISABLE_CPU_FEATURES": features, "OPENBLAS_CORETYPE": "Nehalem"}, 1),  # numpy without vector code
        "threads": Machine({}, 2),
    }


def witness(settings: dict[str, str], threads: int) -> dict:
    """What a process in this environment computes with: numbers by torch, MKL, numpy and the C library as hashes, and what these say."""
    variables = environment(settings, threads) | {"MKL_VERBOSE": "1"}
    done = subprocess.run([sys.executable, "-c", WITNESS], env=variables, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout.strip().splitlines()[-1])
    found = re.search(r"MKL_VERBOSE .*? for .*? architecture (.*?),", done.stdout), re.search(r"CNR:(\S+)", done.stdout)
    return said | {"MKL": " ".join(match[1] for match in found if match)}


def environment(settings: dict[str, str], threads: int) -> dict[str, str]:
    """The variables of a run: none of those that play a machine come from outside. Two threads wait without spinning."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(PLAYING)}
    return outside | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"} | settings


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Run, print and write the table; 1 when something is to be mended."""
    options = _parse(arguments)
    played, same = worth_playing(options.only or RUNS)
    results: dict[str, list[Run]] = {name: [] for name in played}
    for path in options.notebooks or notebooks.book_notebooks():
        for name, machine in played.items():
            results[name].append(run(path, name, machine, root))
            print(f"{name:10s} {path.stem}: {_in_short(results[name][-1])}", flush=True)
            report = summarize(results, played, same)
            _write(report, root / "test-results")  # after each run, so that one that is broken off leaves something
    print("\n" + as_markdown(report))
    return int(not report["good"])


def worth_playing(names: Collection[str]) -> tuple[dict[str, Machine], list[str]]:
    """The runs to make, by name, and the names of machines that are this one and not run again."""
    wanted = {name: machine for name, machine in machines().items() if name in names}
    own = {threads: witness({}, threads) for threads in {machine.threads for machine in wanted.values()}}
    same = [name for name, machine in wanted.items() if machine.settings and witness(*machine) == own[machine.threads]]
    probes = {name: Machine({"PORTABLE_PROBE": name}, 1) for name in PROBES if name in names}
    return {name: machine for name, machine in (wanted | probes).items() if name not in same}, same


def run(path: Path, name: str, machine: Machine, root: Path = ROOT) -> Run:
    """Compare one notebook in the environment of one machine. The kernel has an IPython folder of its own, and not the user's."""
    results, started = root / "test-results", time.perf_counter()
    (results / "figures.json").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        log, report = Path(scratch) / "log.jsonl", Path(scratch) / "report.xml"
        variables = environment(machine.settings, machine.threads)
        variables |= {"IPYTHONDIR": str(_ipython(Path(scratch), machine)), "PORTABLE_LOG": str(log)}
        options = ["--figures=elsewhere", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", "--nbval", *options, str(path)]
        done = subprocess.run(command, cwd=root, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        failures = failed_cells(report) if report.exists() else []
        records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    if done.returncode not in (0, 1) or (done.returncode == 1 and not failures):
        failures.append(f"pytest ended with {done.returncode}: {done.stdout.strip()[-400:]}")
    if "PORTABLE_PROBE" in machine.settings and {"started": name} not in records:
        failures.append(f"the kernel did not start {name}")
    figures, tolerance = read_figures(results / "figures.json")
    _keep_pictures(results, path.stem, name)
    places = [record | place(record["cell"], path) if "cell" in record else record for record in records]
    return Run(figures, [f"{path.stem}: {failure}" for failure in failures], places, tolerance, time.perf_counter() - started)


def _ipython(scratch: Path, machine: Machine) -> Path:
    """An IPython folder: empty for a machine, with our extension for chaos and edges."""
    folder = scratch / "ipython"
    (folder / "profile_default").mkdir(parents=True)
    if "PORTABLE_PROBE" in machine.settings:
        profile = PROFILE.format(tools=str(Path(__file__).resolve().parent))
        (folder / "profile_default" / "ipython_kernel_config.py").write_text(profile, encoding="utf-8")
    return folder


def failed_cells(report: Path) -> list[str]:
    """The cells of a JUnit file that failed, each with what was said of it in one line."""
    failed = []
    for case in ElementTree.parse(report).iter("testcase"):
        for problem in (*case.findall("failure"), *case.findall("error")):
            said = re.sub(r"\x1b\[[\d;]*m|#x1B\[[\d;]*m", "", problem.text or problem.get("message", ""))
            failed.append(f"{case.get('name')}: {' '.join(said.split())[:300]}")
    return failed


def read_figures(file: Path) -> tuple[dict[tuple[str, int, int], float], dict[str, float]]:
    """The figures of figures.json with their shares, and the tolerances; both empty where no figure was drawn."""
    if not file.exists():
        return {}, {}
    content = json.loads(file.read_text(encoding="utf-8"))
    shares = {}
    for row in content["figures"]:
        shares[row["chapter"], row["cell"], row["figure"]] = share(row, content["tolerance"])
    return shares, content["tolerance"]


def share(row: dict, tolerance: dict) -> float:
    """How far a figure moved: the largest of its distances as a share of what is allowed; infinite where nothing could be measured.

    Where the figure's contents were compared too, how near they came is a share already.

    >>> share({"distance": {"rms": 0.05, "tile_rms": 0.2}, "meaning": {"nearness": 0.3}}, {"rms": 0.25, "tile_rms": 2.0})
    0.3
    """
    if row["distance"] is None:
        return math.inf
    shares = [row["distance"][name] / allowed for name, allowed in tolerance.items()]
    return float(max(*shares, (row.get("meaning") or {}).get("nearness", 0)))


def place(source: str, path: Path) -> dict:
    """Where a cell with this source stands in a notebook, counted from 0: among all cells, and among those of code as nbval counts."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [index for index, cell in enumerate(cells) if cell["cell_type"] == "code"]
    found = [index for index in code if "".join(cells[index]["source"]) == source]
    index = found[0] if found else None
    return {"notebook": path.stem, "index": index, "cell": code.index(index) if found else None}


def _keep_pictures(results: Path, stem: str, name: str) -> None:
    """Move the pictures of figures that failed out of the way of the next run, which would draw over them."""
    for picture in results.glob(f"{stem}-cell*.png"):
        kept = results / "portable" / name / picture.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        picture.replace(kept)


def summarize(results: dict[str, list[Run]], played: dict[str, Machine], same: list[str]) -> dict:
    """What the table shows, for programs: figures that were not exact on every machine, failures, edges, a summary of each run."""
    results = {name: runs for name, runs in results.items() if runs}  # the others are still to come
    shares: dict[tuple, dict[str, float]] = {}
    for name, runs in results.items():
        for figure, value in _figures(runs):
            shares.setdefault(figure, {})[name] = value
    moved = {figure: found for figure, found in shares.items() if any(found.values())}
    edges = _distinct(record for runs in results.values() for one in runs for record in one.records if "edge" in record)
    failures = {name: [failure for one in runs for failure in one.failures] for name, runs in results.items()}
    robust = [figure for figure, found in moved.items() if max(found.values()) > TENTH]
    names = ("chapter", "cell", "figure")
    return {
        "good": not (robust or edges or any(failures.values())),
        "tolerance": next((one.tolerance for runs in results.values() for one in runs if one.tolerance), {}),
        "runs": {name: played[name]._asdict() | _summary(runs) for name, runs in results.items()},
        "as this machine": same,
        "figures": [
            dict(zip(names, figure, strict=True)) | {"shares": {name: _finite(value) for name, value in found.items()}}
            for figure, found in sorted(moved.items())
        ],
        "make robust": [dict(zip(names, figure, strict=True)) for figure in sorted(robust)],
        "failures": {name: found for name, found in failures.items() if found},
        "edges": edges,
    }


def _finite(value: float) -> float | None:
    """A share as JSON can have it: None for a figure that could not be measured, because it is missing or of another size."""
    return value if math.isfinite(value) else None


def _figures(runs: list[Run]) -> Iterator[tuple[tuple[str, int, int], float]]:
    """Every figure of some runs with its share."""
    for one in runs:
        yield from one.figures.items()


def _distinct(records: Iterable[dict]) -> list[dict]:
    """Records without those that are there twice, as a loop gives them."""
    return list({json.dumps(record, sort_keys=True): record for record in records}.values())


def _summary(runs: list[Run]) -> dict:
    """One run of all notebooks in numbers."""
    figures, records = dict(_figures(runs)), [record for one in runs for record in one.records]
    nearest = max(figures, key=figures.get, default=None)
    return {
        "figures": len(figures),
        "exact": sum(value == 0 for value in figures.values()),
        "largest": _finite(figures[nearest]) if nearest else 0.0,
        "nearest": _name(*nearest) if nearest and figures[nearest] else "",
        "failures": sum(len(one.failures) for one in runs),
        "trainings": sum("optimizer" in record for record in records),
        "weights moved": sum(record.get("weights", 0) for record in records),
        "numbers looked at": sum(record.get("numbers", 0) for record in records),
        "seconds": round(sum(one.seconds for one in runs), 1),
    }


def _name(chapter: str, cell: int, figure: int) -> str:
    """A figure's place in few words."""
    return f"{Path(chapter).stem}: cell {cell}, figure {figure}"


def as_markdown(report: dict) -> str:
    """The report for people."""
    names = list(report["runs"])
    lines = [
        "# How near each figure came to its tolerance",
        "",
        "A share of the tolerance; a figure that is not listed was exact.",
        "",
    ]
    lines += [f"| figure | {' | '.join(names)} |", "|---|" + "--:|" * len(names)]
    for row in report["figures"]:
        shares = [_percent(row["shares"][name]) if name in row["shares"] else "" for name in names]
        lines.append(f"| {_name(row['chapter'], row['cell'], row['figure'])} | {' | '.join(shares)} |")
    lines += ["", *(_line(name, found) for name, found in report["runs"].items())]
    lines += [f"- {name}: not run, because its settings change nothing on this machine" for name in report["as this machine"]]
    lines += [f"- make robust, nearer than a tenth: {_name(**figure)}" for figure in report["make robust"]]
    lines += [f"- FAILED in {name}: {failure}" for name, found in report["failures"].items() for failure in found]
    lines += [
        f"- at an edge: {edge['notebook']}: cell {edge['cell']} ({edge['index']} of all): `{edge['edge'][:150]}` "
        f"of {edge['value']!r} is {' or '.join(edge['texts'])}"
        for edge in report["edges"]
    ]
    return "\n".join([*lines, "", "Nothing is to be mended." if report["good"] else "What is named above is to be mended.", ""])


def _percent(value: float | None) -> str:
    """A share in the table."""
    return "not measured" if value is None else "0" if value == 0 else f"{value:.1%}"


def _line(name: str, found: dict) -> str:
    """The summary of one run in a line."""
    more = {"trainings": "trainings moved", "numbers looked at": "numbers looked at"}
    nearest = f", nearest {_percent(found['largest'])} ({found['nearest']})" if found["nearest"] else ""
    settings = ", ".join([*(f"{key}={value}" for key, value in found["settings"].items()), f"threads {found['threads']}"])
    said = [f"{found['exact']} of {found['figures']} figures exact{nearest}", f"{found['failures']} failures"]
    said += [f"{found[key]:,} {words}" for key, words in more.items() if found[key]]
    return f"- {name}: {'; '.join(said)}; {found['seconds']:.0f} s ({settings})"


def _in_short(found: Run) -> str:
    """One notebook's result on one machine, for who waits."""
    largest = _finite(max(found.figures.values(), default=0.0))
    edges = len(_distinct(record for record in found.records if "edge" in record))
    said = [f"{found.seconds:.0f} s", f"nearest {_percent(largest)}"]
    said += [f"{len(found.failures)} FAILED"] if found.failures else []
    return ", ".join(said + ([f"{edges} AT AN EDGE"] if edges else []))


def _write(report: dict, results: Path) -> None:
    """Both files."""
    results.mkdir(exist_ok=True)
    (results / "portable.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (results / "portable.md").write_text(as_markdown(report), encoding="utf-8")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="default: every notebook below book/ but the exercises")
    parser.add_argument("--only", action="append", choices=RUNS, metavar="RUN", help=f"one of {', '.join(RUNS)}; may come again")
    options = parser.parse_args(arguments)
    try:
        options.notebooks = [notebooks.find(name) for name in options.notebooks]
    except ValueError as error:
        parser.error(str(error))
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
