"""Every committed source of exercises: what is generated from it is what is committed, and its tests reject what they should."""

import ast
import re

import pytest

from companion.checks import Verdict
from coursework import selftest
from coursework.assignment import release, source
from coursework.scoring.reference import combinations
from tests.support import ROOT, direct

EXERCISES = ROOT / "book" / "exercises"
PATHS = sorted((EXERCISES / "source").glob("*.md"))


# One in every run, the others with --slow.
ONE_AND_THE_REST = pytest.mark.parametrize(
    "exercise",
    [pytest.param(path, id=path.stem, marks=[] if path.stem == "07-loss" else pytest.mark.slow) for path in PATHS],
    indirect=True,
)


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: path.stem)
def exercise(request) -> source.Exercise:
    return source.load_source(request.param)


@pytest.fixture(scope="module")
def supervisor(sandbox):
    from coursework.sandbox.supervisor import Supervisor

    with Supervisor() as supervisor:
        yield supervisor


def test_there_is_a_source_for_every_chapter():
    chapters = [path.stem for path in sorted(EXERCISES.parent.glob("[0-9][0-9]-*.ipynb"))]
    assert [path.stem for path in PATHS] == chapters


def test_there_are_enough_of_them():
    headings = {path.stem: source.headings(path.read_text(encoding="utf-8"), 2) for path in PATHS}
    assert {name: len(titles) for name, titles in headings.items() if not 3 <= len(titles) <= 5} == {}, "three to five a chapter"
    assert sum(map(len, headings.values())) >= 28
    assert sum(len(source.load_source(path).tests) for path in PATHS) >= 14


def test_exercises_are_numbered_and_go_from_a_prediction_to_an_open_project(exercise):
    titles = [title for cell in exercise.notebook.cells if not source.role_of(cell)[0] for title in source.headings(cell.source, 2)]
    assert [title.split(".")[0] for title in titles] == [str(n) for n in range(1, len(titles) + 1)]
    assert exercise.title.startswith("Exercises: ")
    checked = {test.title for test in exercise.tests}
    assert checked, "no exercise is checked"
    assert set(titles) - checked, "no exercise is open"


def test_generating_it_again_changes_no_byte(exercise):
    planned = release.plan([exercise], EXERCISES, solutions=EXERCISES / "solutions", force=True)
    assert len(planned) == 2
    for path, content in planned.items():
        assert path.read_bytes() == content, f"{path.name} is not what its source gives: run `make exercises`"


def test_every_checked_exercise_carries_six_wrong_answers(exercise):
    slips = {test.id: [wrong.slip for wrong in exercise.wrong if wrong.id == test.id] for test in exercise.tests}
    assert {id: len(found) for id, found in slips.items() if len(found) < 6} == {}
    for id, found in slips.items():
        assert len(set(found)) == len(found), f"{id}: a slip stands twice"
    assert all(wrong.says for wrong in exercise.wrong), "without `says` nothing holds the message to the slip"


@pytest.mark.medium
@ONE_AND_THE_REST
def test_the_check_passes_the_reference_and_names_each_slip(exercise):
    problems = []
    for id, slip, verdict in direct.verdicts(exercise.with_values(combinations(exercise)[0])):
        says = next((wrong.says for wrong in exercise.wrong if (wrong.id, wrong.slip) == (id, slip)), "")
        if not isinstance(verdict, Verdict) or verdict.right is not (slip == "reference"):
            problems.append(f"{id}, {slip}: {verdict!r}")
        elif not re.search(says, verdict.message):
            problems.append(f"{id}, {slip}: {verdict.message} This does not match {says!r}")
    assert not problems, "\n".join(problems)


@ONE_AND_THE_REST
def test_the_grader_passes_the_reference_and_rejects_the_empty_and_every_wrong_answer(exercise, supervisor):
    problems = selftest.self_test(exercise, supervisor)
    assert not problems, "\n".join(problems)


def test_nothing_of_a_solution_is_in_what_a_student_gets(exercise):
    """Lines are compared without their spaces; a line that is also given, or says little, is no leak."""
    given = "\n".join(cell.source for cell in release.student_notebook(exercise).cells)
    lines = {_bare(line) for line in given.splitlines()}
    secret = []
    for cell in exercise.notebook.cells:
        kind, _ = source.role_of(cell)
        if kind in ("note", "wrong"):
            secret.append(cell.source)
        elif kind in ("answer", "written"):
            secret.append(source.split(cell.source, source.SOLUTION)[1])
        elif kind == "test":
            secret.append(source.split(cell.source, source.HIDDEN)[1])
    assert not any(word in given for word in ("BEGIN", "HIDDEN TESTS", "SOLUTION"))
    ordinary = {
        _bare(line) for cell in exercise.notebook.cells if source.role_of(cell)[0] is None for line in cell.source.splitlines()
    }
    own = {_bare(line) for text in secret for line in text.splitlines()} - ordinary
    signatures = {_bare(line) for answer in exercise.answers for line in answer.stub_code.splitlines()}
    visible = {_bare(line) for test in exercise.tests for line in test.visible.splitlines()}
    assert (own - signatures - visible) & {line for line in lines if len(line) > 3} == set()


def test_the_first_code_cell_imports_companion_and_every_cell_can_be_read(exercise):
    cells = [cell for cell in exercise.notebook.cells if cell.cell_type == "code"]
    assert re.search(r"^(from|import) companion\b", cells[0].source, re.MULTILINE)
    for cell in cells:
        ast.parse(cell.source)


def test_links_lead_somewhere(exercise):
    notebook = release.student_notebook(exercise, f"solutions/{exercise.name}.md")
    page = release.solution_page(exercise)
    texts = [(EXERCISES, "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown"))]
    texts.append((EXERCISES / "solutions", page))
    for folder, text in texts:
        for link in re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", text):
            assert (folder / link).exists(), f"{link} from {folder.name}/"


def _bare(line: str) -> str:
    return re.sub(r"\s+", "", line)
