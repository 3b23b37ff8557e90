"""What students are told: points and fixed words, and never what could hold a hidden test's numbers."""

import io
import json
import zipfile

import pytest

from coursework.report.feedback import FLAGS, as_text, feedback
from coursework.report.late import Rule
from coursework.report.marks import Mark, Marks, fingerprint, write_marks
from coursework.report.reading import read
from coursework.report.report import report
from coursework.report.standing import standings_of
from coursework.report.tables import flags as table_flags
from tests.support.graded import WHY, graded, result, row, student

SECRET = "0.7316"
WORKSHEET = (
    '"Identifier","Full name","Grade","Maximum Grade","Last modified (grade)","Feedback comments"\n'
    '"Participant 7","kim","","7.00","-",""\n'
)


@pytest.fixture
def folder(tmp_path):
    """A result with a secret wherever grading may leave one."""
    test = {"id": "kl", "title": "1. KL", "points": 0, "max_points": 2, "message": "Your code raised ValueError.", "detail": SECRET}
    draw = {"id": "draw", "title": "2. Draw", "points": 3, "max_points": 3, "message": "", "detail": SECRET}
    flags = [{"kind": kind, "detail": SECRET} for kind in (*FLAGS, "unheard-of", "forged")]
    words = {"why": "So."}
    kim = result(
        "kim", tests=[test, draw], flags=flags, output=SECRET, output_after=SECRET, words=words, score=3, values={"m": SECRET}
    )
    rows = [row("kim", file="kim_7_assignsubmission_file_week3.ipynb", flags=flags, stamp=f"of {SECRET}")]
    folder = graded(tmp_path / "results" / "week3", [kim], rows, [student("kim")], written=[{**WHY, "solution": SECRET}])
    write_marks(folder, Marks("kim", "week3", {"why": Mark(2, 2, "Well put.", fingerprint("So."))}, "Go on like this."))
    return folder


def test_nothing_for_students_holds_a_detail(folder, tmp_path):
    report(folder, "html", tmp_path / "out")
    report(folder, "gradescope", tmp_path / "gs")
    (tmp_path / "sheet.csv").write_text(WORKSHEET)
    report(folder, "moodle", tmp_path / "moodle.csv", roster=tmp_path / "sheet.csv")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "moodle-feedback.zip").read_bytes())) as archive:
        told = [archive.read(name).decode() for name in archive.namelist()]
    files = [tmp_path / "out" / "students" / "kim.html", tmp_path / "gs" / "kim.json", tmp_path / "moodle.csv"]
    told += [file.read_text() for file in files]
    assert len(told) == 4
    for text in told:
        assert SECRET not in text
        for right in ("Your code raised ValueError.", "Well put.", "names it in nats", "Go on like this.", FLAGS["raised"]):
            assert right in text
    assert SECRET in (tmp_path / "out" / "index.html").read_text(), "it is the instructor's"


def test_remarks_are_fixed_sentences_and_come_once(folder):
    told = feedback(read(folder), standings_of(read(folder), Rule())[0])
    assert told.remarks == tuple(text for kind, text in FLAGS.items() if kind != "test-edited"), "another's numbers explain it"
    assert told.remarks[0] == "This notebook was made for somebody else: its numbers are not yours."
    assert "{" not in "".join(told.remarks)


def test_a_mark_of_an_older_answer_is_not_told(folder):
    write_marks(folder, Marks("kim", "week3", {"why": Mark(2, 2, "Well put.", fingerprint("Before."))}))
    told = feedback(read(folder), standings_of(read(folder), Rule())[0])
    assert (told.points, told.so_far, told.words[0].points, told.words[0].text) == (None, 5, None, "")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (
            "unreadable",
            "kim.ipynb could not be read as a notebook, so nothing was graded. Hand in the notebook itself, the file that",
        ),
        ("another assignment", "kim.ipynb belongs to another assignment"),
        ("grade", "has not been graded yet. This is not your fault"),
        ("superseded", "Nothing was handed in"),
    ],
)
def test_without_points_a_student_is_told_why(tmp_path, state, said):
    folder = graded(tmp_path / "week3", [], [row("kim", state=state)])
    told = feedback(read(folder), standings_of(read(folder), Rule())[0])
    assert told.points is None
    assert said in told.remarks[0]


def test_an_edited_test_cell_is_said_where_no_stamp_explains_it(tmp_path):
    flags = [{"kind": "test-edited", "detail": "The test cell of kl was changed."}]
    for name, of_file, told in (
        ("own", [], "test-edited"),
        ("others", [{"kind": "other-student", "detail": "It was made for lee."}], "other-student"),
    ):
        folder = graded(tmp_path / name, [result("kim", flags=flags)], [row("kim", flags=of_file)])
        standing = standings_of(read(folder), Rule())[0]
        assert feedback(read(folder), standing).remarks == (FLAGS[told],)
        assert [line.partition(":")[0] for line in table_flags(standing)] == [told]


def test_an_answer_is_told_as_it_was_written_code_untouched(tmp_path):
    code = {**WHY, "id": "code", "code": True}
    words = {"why": "![a](attachment:p.png)", "code": "x = '![a](attachment:p.png)'"}
    folder = graded(tmp_path / "week3", [result("kim", words=words)], written=[WHY, code])
    told = feedback(read(folder), standings_of(read(folder), Rule())[0])
    assert [(item.answer, item.code) for item in told.words] == [("[picture: p.png]", False), (words["code"], True)]
    assert not any(item.by_hand for item in told.tests)


def test_as_text_has_a_line_for_each_part(folder):
    told = feedback(read(folder), standings_of(read(folder), Rule())[0])
    lines = as_text(told).splitlines()
    assert lines[0] == "week3: 5 of 7 points."
    assert lines[-3:] == [
        "1. KL: 0 of 2. Your code raised ValueError.",
        "2. Draw: 3 of 3.",
        "3. Say what it costs: 2 of 2. names it in nats. Well put.",
    ]


def test_json_for_gradescope_counts_what_stands_so_far(tmp_path):
    folder = graded(tmp_path / "week3", [result("kim", (2, 0))], written=[WHY])
    report(folder, "gradescope", tmp_path / "results.json")
    made = json.loads((tmp_path / "results.json").read_text())
    assert made["score"] == 2
    assert [(test["score"], test["status"]) for test in made["tests"]] == [(2, "passed"), (0, "failed")]
    assert made["stdout_visibility"] == "hidden"
    write_marks(folder, Marks("kim", "week3", {"why": Mark(0, None, "", fingerprint("kim says: half the distance."))}))
    report(folder, "gradescope", tmp_path / "results.json")
    assert json.loads((tmp_path / "results.json").read_text())["tests"][2]["output"] == ""
