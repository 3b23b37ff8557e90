"""How many submissions a minute does `coursework grade` score on two processes, how many nbgrader's autograder, in how much memory?

python benchmarks/grading.py             200 submissions, a few with an accident; nbgrader on the first 20 of them
python benchmarks/grading.py --hostile   the table of hostile and unlucky submissions of tests/coursework, with their scores, too

Both grade the same exercise on two processes: nbgrader's command works on one submission at a time, so it is started twice, on half
of its share each. Memory is that of all processes together, shared pages counted once (PSS).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from coursework.assignment.release import nbgrader_source  # noqa: E402
from coursework.samples import hostile, small  # noqa: E402
from coursework.scoring.grade import grade  # noqa: E402
from coursework.scoring.terms import Terms  # noqa: E402

RESULT = Path(__file__).with_suffix(".json")
SUBMISSIONS, SAMPLE, JOBS = 200, 20, 2
TIMES, MEGABYTES = 4, 1000  # at least so many times nbgrader's rate, in less than so much memory
WRONG = {
    "guess": "prediction = 1.0",
    "gaussian_kl": "def gaussian_kl(mu, logvar):\n    return 0.25 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)",
    "draw": "def draw(mu, logvar, generator):\n    return mu + logvar.exp() * torch.randn(mu.shape, generator=generator, dtype=mu.dtype)",
}
ACCIDENTS = (
    "stripped",
    "unknown-kernel",
    "deleted-answer",
    "deleted-tests",
    "raising-cell",
    "magics",
    "duplicated",
    "stderr-noise",
)


def hand_in(folder: Path, exercise) -> None:
    """A class's submissions in nbgrader's layout: most answers right, some wrong or missing, an accident in one of ten."""
    accidents = {case.name: case for case in hostile.CASES}
    for i in range(SUBMISSIONS):
        answers = {id: code for j, (id, code) in enumerate(small.ANSWERS.items()) if (i + j) % 7}
        answers |= {id: code for j, (id, code) in enumerate(WRONG.items()) if (i + j) % 5 == 0}
        content = small.notebook(exercise, answers)
        if i % 10 == 9:
            content = accidents[ACCIDENTS[i // 10 % len(ACCIDENTS)]].content(exercise)
        path = folder / f"student{i:03d}" / exercise.name / f"{exercise.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content), encoding="utf-8")


class Memory:
    """The most memory of this process's children, looked at once a second. In bytes."""

    def __enter__(self) -> "Memory":
        self.most, self.over = 0, threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.thread.join()

    def look(self) -> None:
        while not self.over.wait(1):
            self.most = max(self.most, sum(map(self.of, psutil.Process().children(recursive=True))))

    @staticmethod
    def of(process: psutil.Process) -> int:
        try:
            return process.memory_full_info().pss
        except psutil.Error:
            return 0


def ours(exercise, submitted: Path, results: Path) -> dict:
    """`coursework grade`, from its start to its end."""
    command = [sys.executable, "-m", "coursework.cli", "grade", str(exercise.path), str(submitted), "-o", str(results)]
    with Memory() as memory:
        started = time.perf_counter()
        code = subprocess.call([*command, "-j", str(JOBS), "--quiet"], cwd=ROOT, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - started
    graded = [json.loads(path.read_text(encoding="utf-8")) for path in (results / exercise.name / "students").glob("*.json")]
    if code != 0 or len(graded) != SUBMISSIONS or any(each["status"] != "graded" for each in graded):
        raise SystemExit(f"grading: coursework grade ended with {code} and {len(graded)} results of {SUBMISSIONS}")
    return {"submissions": SUBMISSIONS, **rate(SUBMISSIONS, seconds), "peak_pss_mb": round(memory.most / 1e6)}


def theirs(exercise, submitted: Path, folder: Path) -> dict:
    """nbgrader's autograder, once for each process, on its share of the sample."""
    students = sorted(path.name for path in submitted.iterdir())[:SAMPLE]
    courses = [course(exercise, submitted, folder / f"course{k}", students[k::JOBS]) for k in range(JOBS)]
    with Memory() as memory:
        started = time.perf_counter()
        running = [nbgrader(place, "autograde", exercise.name) for place in courses]
        for process in running:
            process.wait()
        seconds = time.perf_counter() - started
    done = sum(1 for place in courses for _ in (place / "autograded").glob("*/*/*.ipynb"))
    return {"submissions": SAMPLE, "autograded": done, **rate(SAMPLE, seconds), "peak_pss_mb": round(memory.most / 1e6)}


def course(exercise, submitted: Path, place: Path, students: list[str]) -> Path:
    """A course as nbgrader keeps it, with the assignment released and these students' submissions collected."""
    source = place / "source" / exercise.name
    source.mkdir(parents=True)
    nbformat.write(nbgrader_source(exercise), source / f"{exercise.name}.ipynb")
    (place / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'course'\n", encoding="utf-8")
    (place / "submitted").mkdir()
    for student in students:
        (place / "submitted" / student).symlink_to(submitted / student)
    if nbgrader(place, "generate_assignment", exercise.name).wait():
        raise SystemExit("grading: nbgrader could not take the exercise")
    return place


def nbgrader(place: Path, *arguments: str) -> subprocess.Popen:
    """One of nbgrader's commands in a course, begun; what it says goes to a file there."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by name
    with (place / "log.txt").open("a", encoding="utf-8") as log:
        return subprocess.Popen(command, cwd=place, stdout=log, stderr=log, env=os.environ | {"PATH": path})


def rate(count: int, seconds: float) -> dict:
    return {"seconds": round(seconds, 1), "per_minute": round(60 * count / seconds, 1)}


def table(folder: Path) -> list[dict]:
    """The hostile and unlucky submissions of the tests, graded: what each is, what it earned, what it got."""
    for name in ("source", "submitted", "results"):
        (folder / name).mkdir(parents=True)
    exercise = small.exercise(folder / "source")
    places = {name: str(folder / "nothing") for name in hostile.PLACES} | {
        "@SUBMISSIONS@": str(folder / "submitted"),
        "@PORT@": "9",
    }
    hostile.hand_in(folder / "submitted", exercise, places)
    grade(exercise, folder / "submitted", out=folder / "results", jobs=JOBS, terms=Terms(timeout=10), progress=False)
    rows = []
    results = folder / "results" / exercise.name
    states = {row["file"]: row for row in json.loads((results / "class.json").read_text(encoding="utf-8"))["rows"]}
    for case in hostile.CASES:
        came, path = states[case.name + case.suffix], results / "students" / f"{case.name}.json"
        result = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"score": 0, "flags": []}
        flags = {flag["kind"] for flag in [*came["flags"], *result["flags"]]}
        row = {"case": case.name, "what": case.what, "earned": case.score, "score": result["score"], "status": came["state"]}
        rows.append(row | {"flags": sorted(flags)})
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Measure, store, and say whether both budgets were kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hostile", action="store_true", help="the table of hostile submissions too")
    options = parser.parse_args(arguments)
    stored = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    with tempfile.TemporaryDirectory(prefix="companion-") as name:
        folder = Path(name)
        (folder / "submitted").mkdir()
        exercise = small.exercise(folder)
        hand_in(folder / "submitted", exercise)
        result = {"companion": ours(exercise, folder / "submitted", folder / "results")}
        result["nbgrader"] = theirs(exercise, folder / "submitted", folder)
        rows = table(folder / "hostile") if options.hostile else stored.get("hostile", [])
    times = result["companion"]["per_minute"] / result["nbgrader"]["per_minute"]
    megabytes = result["companion"]["peak_pss_mb"]
    result |= {"times": round(times, 1), "times_wanted": TIMES, "megabytes_limit": MEGABYTES, "processes": JOBS}
    result |= {"cores": os.cpu_count(), "hostile": rows}
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unearned = [row["case"] for row in rows if row["score"] != row["earned"]]
    print(
        f"grading: {result['companion']['per_minute']:.0f} submissions a minute, nbgrader {result['nbgrader']['per_minute']:.0f}: "
        f"{times:.1f} times, at least {TIMES} wanted; {megabytes} MB, limit {MEGABYTES}"
        + (f"; {len(rows)} hostile or unlucky, wrong score: {', '.join(unearned) or 'none'}" if rows else "")
    )
    return int(times < TIMES or megabytes >= MEGABYTES or bool(unearned))


if __name__ == "__main__":
    sys.exit(main())
