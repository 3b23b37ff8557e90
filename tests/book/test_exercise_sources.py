"""Every committed source of exercises: what is generated from it is what is committed, and its tests reject what they should."""

import ast
import re
from typing import NamedTuple

import pytest

from companion.checks import Verdict
from coursework import selftest
from coursework.assignment import release, source
from coursework.scoring.reference import combinations
from tests.support import ROOT, direct

EXERCISES = ROOT / "book" / "exercises"
PATHS = sorted((EXERCISES / "source").glob("*.md"))
SEEDS = (0, 1, 2)  # that of practice first
LINE = re.compile(
    r"\*(?P<points>\d+) point(?P<s>s?) · (?P<difficulty>easy|medium|hard|project) · (?P<time>\d+) (?P<unit>minutes?|hours?)\*"
)

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


class Section(NamedTuple):
    """An exercise of a page. line: the one below its heading. cells: (role, id, cell), those of no role with None."""

    title: str
    line: str
    cells: list


def sections(exercise):
    """The exercises of a page. A heading counts only where students see it."""
    found = []
    for cell in exercise.notebook.cells:
        kind, id = source.role_of(cell)
        if kind is None and cell.cell_type == "markdown":
            for title in source.headings(cell.source, 2):
                below = cell.source.partition(f"## {title}")[2].split("\n")
                found.append(Section(title, below[2] if len(below) > 2 and not below[1] else "", []))
        if found:
            found[-1].cells.append((kind, id, cell))
    return found


def points(section):
    return sum(cell.metadata.companion.points for kind, _, cell in section.cells if kind in ("test", "written"))


def is_project(section):
    return any(kind == "written" for kind, _, _ in section.cells)


def test_a_page_has_three_to_six_exercises_that_are_numbered_and_end_in_a_project(exercise):
    found = sections(exercise)
    assert 3 <= len(found) <= 6
    assert [section.title.split(".")[0] for section in found] == [str(n) for n in range(1, len(found) + 1)]
    everywhere = [title for cell in exercise.notebook.cells for title in source.headings(cell.source, 2)]
    assert everywhere == [section.title for section in found], (
        "a heading stands where students do not see it: is there a +++ above it?"
    )
    assert exercise.title.startswith("Exercises: ")
    projects = [is_project(section) for section in found]
    assert projects == sorted(projects)
    assert 1 <= sum(projects) <= 2
    assert not any(kind == "test" for section in found if is_project(section) for kind, _, _ in section.cells)


def test_points_difficulty_and_time_stand_below_each_heading(exercise):
    for section in sections(exercise):
        line = LINE.fullmatch(section.line)
        assert line, f"{section.title}: {section.line!r}"
        assert int(line["points"]) == points(section) > 0, section.title
        assert (line["points"] == "1") == (line["s"] == ""), section.line
        assert (line["difficulty"] == "project") == is_project(section), section.line
        assert (line["time"] == "1") == (line["unit"] in ("minute", "hour")), section.line


def test_what_a_check_asks_is_said_before_each_function_that_is_asked_for(exercise):
    lacking = []
    for section in sections(exercise):
        told = False
        for kind, id, cell in section.cells:
            if kind is None and cell.cell_type == "markdown":
                told = told or any(part.startswith("**Asked.**") for part in cell.source.split("\n\n"))
            elif kind == "answer":
                if re.search(r"^(def|class) ", cell.source, re.MULTILINE) and not told:
                    lacking.append(f"{section.title}: {id}")
                told = False
    assert not lacking, "\n".join(lacking)


def test_a_prediction_is_one_point(exercise):
    functions = {answer.id for answer in exercise.answers if re.search(r"^(def|class) ", answer.reference_code, re.MULTILINE)}
    assert {test.id: test.points for test in exercise.tests if test.id not in functions and test.points != 1} == {}
    assert functions, "nothing is written"


def test_what_is_hidden_is_the_check_of_practice_on_other_numbers(exercise):
    for test in exercise.tests:
        shown = re.fullmatch(r"(checks\.check_\w+)\((.+)\)", test.visible)
        assert shown, f"{test.id}: {test.visible!r}"
        hidden = f"verdict = {shown[1]}({shown[2]}, seed=secret_seed)\nassert verdict, verdict.message"
        assert test.hidden == hidden, f"{test.id}: {test.hidden}"


def test_a_project_has_a_rubric_of_four_levels_and_a_sample_from_a_run(exercise):
    notes = {cell.metadata.companion.note: cell.source for cell in exercise.notebook.cells if source.role_of(cell)[0] == "note"}
    assert exercise.written
    for each in exercise.written:
        assert each.points in (3, 6, 9), f"{each.id}: no whole points for each of four levels"
        assert len(each.rubric) == 4, each.id
        assert all(len(level) > 15 for level in each.rubric), each.rubric
        assert len(set(each.rubric)) == 4
        note = notes.get(each.id, "")
        assert len(re.findall(r"^\|.*\|$", note, re.MULTILINE)) >= 4, f"{each.id}: its note has no table"
        for word in ("seed", "second"):
            assert re.search(rf"\b{word}s?\b", note), f"{each.id}: its note says nothing of the {word}s"


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
    for id, slip, seed, verdict in direct.verdicts(exercise.with_values(combinations(exercise)[0]), SEEDS):
        says = next((wrong.says for wrong in exercise.wrong if (wrong.id, wrong.slip) == (id, slip)), "")
        if not isinstance(verdict, Verdict) or verdict.right is not (slip == "reference"):
            problems.append(f"{id}, {slip}, seed {seed}: {verdict!r}")
        elif not re.search(says, verdict.message):
            problems.append(f"{id}, {slip}, seed {seed}: {verdict.message} This does not match {says!r}")
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
