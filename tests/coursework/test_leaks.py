"""Nothing of what an instructor keeps gets out: not into a release, not into a site built of it, not into a report."""

import base64
import json
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import nbformat
import pytest

from coursework import selftest
from coursework.assignment import release
from coursework.assignment.roster import ClassList, Student
from coursework.assignment.source import SOLUTION, load_source, load_sources, role_of, split
from coursework.assignment.stamp import Key
from coursework.report.report import report
from tests.support import ROOT, private, waiting

PRACTICE = ROOT / "book" / "exercises" / "source"


def found(folder: Path, words) -> dict[str, list[str]]:
    """Where in a folder words occur, in file names and in bytes, whole as they are."""
    hits: dict[str, list[str]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for word in words:
            if word.encode() in content or word in path.name:
                hits.setdefault(word, []).append(path.relative_to(folder).as_posix())
    return hits


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A private assignment released, for all and for two students of whom one has the other word."""
    place = tmp_path_factory.mktemp("leaks")
    exercises = load_sources(private.folder(place / "private"))
    out = place / "out"
    release.release(exercises, out)
    names = ("kim", "lee", "park", "choi")
    release.release(exercises, place / "each", students=ClassList(tuple(Student(name, name) for name in names)), key=Key(bytes(16)))
    return place


def test_the_words_are_in_the_private_folder(released):
    assert set(found(released / "private", private.SECRETS)) == set(private.SECRETS)


def test_none_of_them_is_in_the_release(released):
    assert found(released / "out", private.SECRETS) == {}
    own = [word for word in private.SECRETS if word != "othermark"]  # that one is a value of a variant, which some get
    assert found(released / "each", own) == {}
    for path in (released / "each").rglob("*.ipynb"):
        values = {"red", "othermark"} & set(path.read_text().replace(".", " ").replace(",", " ").split())
        assert len(values) == 1, "a student sees the own value and not the others"


def build(folder: Path) -> Path:
    """Build a site of the pages in a folder, as the book is built, warnings as errors. The first chapter, to which they lead, is empty."""
    (folder / "conf.py").write_text(
        'extensions = ["myst_nb"]\nroot_doc = "index"\nexclude_patterns = ["out"]\nnb_execution_mode = "off"\nhtml_sourcelink_suffix = ""\n'
    )
    (folder / "index.md").write_text("# Site\n\n```{toctree}\n:glob:\n*\n*/*\n```\n")
    line = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", folder, folder / "out"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=waiting.HANG)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def pages(folder: Path, *files: Path) -> Path:
    (folder / "exercises").mkdir(parents=True)
    first = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One")])
    nbformat.write(first, folder / "01-autoencoders.ipynb")
    for file in files:
        shutil.copy(file, folder / "exercises" / file.name)
    return folder


@pytest.mark.slow
def test_none_of_them_is_in_a_site_built_of_the_release(released, tmp_path):
    site = build(pages(tmp_path / "site", released / "out" / "double.ipynb"))
    assert "Double it" in (site / "exercises" / "double.html").read_text(encoding="utf-8")
    assert found(site, private.SECRETS) == {}
    assert (site / "_sources" / "exercises" / "double.ipynb").is_file()
    assert "doubl" in (site / "searchindex.js").read_text(encoding="utf-8")


@pytest.mark.slow
def test_such_a_search_would_find_them(released, tmp_path):
    """With the private source itself among the pages, the words are found in a page, in the sources and in the index."""
    source = tmp_path / "double.md"
    source.write_text(
        (released / "private" / "double.md").read_text(encoding="utf-8").replace(":companion: ", "# "), encoding="utf-8"
    )
    hits = found(build(pages(tmp_path / "site", source)), private.SECRETS)
    assert set(hits) == set(private.SECRETS)
    assert {"_sources/exercises/double.md", "exercises/double.html", "searchindex.js"} <= set(hits["notemark"])


@pytest.mark.slow
@pytest.mark.usefixtures("sandbox")
def test_none_of_them_is_in_a_report(released, tmp_path):
    """A submission that fails, graded by the real scorer, in all four formats."""
    from coursework.scoring.grade import grade

    exercise = load_source(released / "private" / "double.md")
    (tmp_path / "submitted").mkdir()
    for student, line in (("kim", "    return x"), ("lee", "    raise ValueError('mine')")):
        nbformat.write(
            selftest.answered(exercise, {"double": f"def double(x):\n{line}"}), tmp_path / "submitted" / f"{student}.ipynb"
        )
    grade(exercise, tmp_path / "submitted", out=tmp_path / "results", jobs=1, progress=False)
    students = (tmp_path / "results" / "double" / "students").glob("*.json")
    messages = {path.stem: json.loads(path.read_text())["tests"][0]["message"] for path in students}
    assert messages == {"kim": "Once is not twice.", "lee": "Your code raised ValueError."}
    for format in ("csv", "canvas", "gradescope", "html"):
        report(tmp_path / "results", format, tmp_path / "reports" / format)
    own = [word for word in private.SECRETS if word != "wordsmark"]  # who marks answers in words has their solution at hand
    assert found(tmp_path / "reports", private.SECRETS) == {}
    assert found(tmp_path / "results", own) == {}


# --- The book's own practice ------------------------------------------------------------------------------


def shown(exercise) -> list[str]:
    """What readers may see of an exercise, taken from its source: text, given code, answers, notes, and the visible part of tests."""
    cells = [cell.source for cell in exercise.notebook.cells if role_of(cell)[0] not in ("test", "wrong")]
    return [*cells, *(test.visible for test in exercise.tests)]


def secret_lines(exercise) -> set[str]:
    """Lines of hidden tests and of wrong answers that stand nowhere else in the source, long enough to say something."""
    hidden = {line.strip() for test in exercise.tests for line in test.hidden.splitlines()}
    hidden |= {line.strip() for wrong in exercise.wrong for line in wrong.code.splitlines()}
    return {line for line in hidden - {line.strip() for text in shown(exercise) for line in text.splitlines()} if len(line) > 30}


@pytest.mark.parametrize("path", sorted(PRACTICE.glob("*.md")), ids=lambda path: path.stem)
def test_the_practice_notebook_and_page_hold_no_hidden_test_and_no_wrong_answer(path):
    exercise = load_source(path)
    lines = secret_lines(exercise)
    assert len(lines) > 5
    notebook = "\n".join(cell.source for cell in release.student_notebook(exercise).cells)
    given = {line.strip() for line in (notebook + "\n" + release.solution_page(exercise)).splitlines()}
    assert given & lines == set()


def test_the_site_has_the_solutions_and_not_the_hidden_tests(site):
    """On the built site as it is; what is shown with colours is searched without the marks of them."""
    texts = {path: plain(path) for path in site.rglob("*") if path.suffix in (".html", ".js", ".ipynb", ".md", ".txt", ".json")}
    exercises = [load_source(path) for path in sorted(PRACTICE.glob("*.md"))]
    # A chapter, the wrong-code lab or another exercise may show the very line that is a slip or a test in this one.
    pages = [path for folder in (ROOT / "book", ROOT / "book" / "appendix") for path in folder.glob("*.ipynb")]
    chapters = [cell.source for path in pages for cell in nbformat.read(path, as_version=4).cells]
    public = (ROOT / "book" / "appendix" / "instructors.md").read_text(
        encoding="utf-8"
    )  # says how every hidden test of the book reads
    taught = bare("\n".join([public, *chapters, *(text for exercise in exercises for text in shown(exercise))]))
    for exercise in exercises:
        pages = [text for name, text in texts.items() if name.match(f"solutions/{exercise.name}.html")]
        assert pages, f"there is no page of solutions for {exercise.name}"
        solution = split(next(c.source for c in exercise.notebook.cells if role_of(c)[0] == "answer"), SOLUTION)[1]
        assert bare(solution.splitlines()[0]) in pages[0]
        lines = {line for line in map(bare, secret_lines(exercise)) if line not in taught}
        assert len(lines) > 20, "what is searched for"
        for line in lines:
            assert not [name for name, text in texts.items() if line in text], line


def plain(path: Path) -> str:
    """The text of a page without its tags and spaces, and of another file without spaces."""
    import html
    import re

    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".html":
        text = html.unescape(re.sub(r"<[^>]*>", "", text))
    return bare(text.replace("\\n", "\n").replace('\\"', '"'))


def bare(text: str) -> str:
    return "".join(text.split())


def test_the_inventory_of_the_site_names_no_source(site):
    for path in site.rglob("objects.inv"):
        content = zlib.decompress(path.read_bytes().split(b"\n", 4)[4])
        assert b"exercises/source" not in content
    assert not list((site / "_sources").rglob("source/*")), "sources with hidden tests are no pages"
    assert base64.b64encode(b"BEGIN HIDDEN TESTS") not in b"".join(p.read_bytes() for p in site.glob("*.html"))
