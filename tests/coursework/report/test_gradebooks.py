"""Tables for people and platforms: the right line, the right number, and an empty cell where nothing counts yet."""

import csv
import io
import json
import zipfile

import pytest
from nbgrader.api import Gradebook

from coursework.report.marks import Mark, Marks, fingerprint, write_marks
from coursework.report.reading import ReportError
from coursework.report.report import FORMATS, report
from coursework.report.tables import write_table
from tests.support.graded import DUE, WHY, graded, result, row, student

HOSTILE = "=SUM(A1) & 'b'"
CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,week3 (991),Current Score\n"
    "    Points Possible,,,,,5,(read only)\n"
    '"Kim, Min",101,S1,KIM,A,,\n"Lee, Seo",102,S2,x9,A,,\n"Ode, Ann",103,S3,ann,A,,\n"Student, Test",104,,t,A,,\n'
)
MOODLE = (
    "\ufeff" + '"Identifier","Full name","Email address","Status","Grade","Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
    '"Participant 7781","Han Soo","han@x.org","Submitted","","5.00","Yes","Tuesday","-",""\n'
    '"Participant 7782","Kim_Min","kim@x.org","Submitted","","5.00","Yes","Tuesday","-",""\n'
    '"Participant 7783","No Body","no@x.org","No submission","","5.00","Yes","-","-",""\n'
)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@pytest.fixture
def folder(tmp_path):
    people = [student("kim", "Min Kim"), student("lee", "Lee, Seo"), student("an"), student(HOSTILE)]
    flags = [{"kind": "raised", "detail": "A cell raised NameError."}]
    results = [result("kim", flags=flags), result("lee", (2, 0)), result(HOSTILE, (0, 3))]
    return graded(tmp_path / "results" / "week3", results, students=people)


# --- csv --------------------------------------------------------------------------------------------------


def test_csv_has_a_row_a_student_and_a_column_a_part(folder):
    rows = rows_of(report(folder, "csv").said)
    assert rows[0] == ["student", "name", "group", "state", "final", "possible", "taken off", "kl", "draw", "not marked", "flags"]
    assert rows[1] == ["kim", "Min Kim", "", "graded", "5", "5", "0.0", "2", "3", "0", "raised: A cell raised NameError."]
    assert rows[3][:5] == ["an", "an", "", "missing", ""]


def test_csv_holds_marks_and_keeps_two_parts_of_one_name_apart(tmp_path):
    words = {"kl": "So."}
    folder = graded(tmp_path / "week3", [result("kim", (1, 3), words=words)], written=[{**WHY, "id": "kl"}])
    write_marks(folder, Marks("kim", "week3", {"kl": Mark(2, 2, "", fingerprint("So."))}))
    rows = rows_of(report(folder, "csv").said)
    assert rows[0][7:10] == ["kl", "draw", "kl"]
    assert rows[1][4:10] == ["6", "7", "0.0", "1", "3", "2"]


def test_csv_of_two_exercises_names_them(folder):
    graded(folder.parent / "week4", [result("kim")])
    rows = rows_of(report(folder.parent, "csv").said)
    assert (rows[0][3], rows[0][11]) == ("week3 state", "week4 state")
    assert {len(row) for row in rows} == {19}


def test_no_cell_begins_as_a_formula(folder):
    for format in ("csv", "canvas"):
        cells = [cell for row in rows_of(report(folder, format).said) for cell in row]
        assert "'" + HOSTILE in cells
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)
    for cell in ("=1", "+1", "-1", "@a", " =1", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a"):
        assert rows_of(write_table([[cell]]))[0][0].startswith("'"), repr(cell)
    assert write_table([["kim", -1, 2.5, "a-b"]]) == "kim,-1,2.5,a-b\r\n"


def test_a_csv_file_is_one_that_excel_reads_korean_from(tmp_path):
    folder = graded(tmp_path / "week3", [result("이서연")])
    assert report(folder, "csv", tmp_path / "new" / "grades.csv").said == f"{tmp_path / 'new' / 'grades.csv'}: 1 students"
    content = (tmp_path / "new" / "grades.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "이서연" in content.decode("utf-8-sig")


# --- canvas -----------------------------------------------------------------------------------------------


def test_canvas_takes_ids_and_the_columns_name_from_its_own_export(folder, tmp_path):
    (tmp_path / "export.csv").write_text(CANVAS, encoding="utf-8")
    made = report(folder, "canvas", tmp_path / "import.csv", roster=tmp_path / "export.csv")
    assert rows_of((tmp_path / "import.csv").read_text()) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "week3 (991)"],
        ["    Points Possible", "", "", "", "", "5"],
        ["Kim, Min", "101", "S1", "KIM", "A", "5"],
        ["Lee, Seo", "102", "S2", "x9", "A", "2"],
    ]
    assert made.look == (f"not in the gradebook: an, {HOSTILE}",)


def test_what_a_platform_gave_goes_back_as_it_came_and_what_is_ours_is_harmless(tmp_path):
    folder = graded(tmp_path / "week3", [result("-kim")], students=[student("-kim", "+Min", "101")])
    (tmp_path / "export.csv").write_text(CANVAS.replace("S1,KIM,A", "-,KIM,@A"), encoding="utf-8")
    assert rows_of(report(folder, "canvas", roster=tmp_path / "export.csv").said)[2][:5] == ["Kim, Min", "101", "-", "KIM", "@A"]
    assert rows_of(report(folder, "canvas").said)[2][:4] == ["'+Min", "", "", "'-kim"]


def test_canvas_knows_a_student_by_the_id_in_the_downloaded_name(tmp_path):
    rows = [row("odeann", file="odeann_LATE_103_55512_week3-2.ipynb")]
    folder = graded(tmp_path / "week3", [result("odeann", (1, 1))], rows)
    (tmp_path / "export.csv").write_text(CANVAS, encoding="utf-8")
    assert "Ode, Ann" in report(folder, "canvas", roster=tmp_path / "export.csv").said


def test_canvas_gets_no_points_that_do_not_count_yet(tmp_path):
    results = [result("kim"), result("lee", status="failed", words={}), result("an", words={"why": "So."})]
    folder = graded(tmp_path / "week3", results, students=[student(name) for name in ("kim", "lee", "an", "no")], written=[WHY])
    write_marks(folder, Marks("an", "week3", {"why": Mark(1, 1, "", fingerprint("So."))}))
    made = report(folder, "canvas")
    assert [(row[0], row[-1]) for row in rows_of(made.said)[2:]] == [("kim", ""), ("lee", ""), ("an", "6"), ("no", "")]
    assert made.look[0].startswith("week3: no points for lee")
    assert made.look[1].startswith("week3: 1 wait for a mark")


def test_two_of_one_name_are_nobody(tmp_path):
    people = [student("a", "Min Kim"), student("b", "Kim, Min")]
    folder = graded(tmp_path / "week3", [result("a"), result("b")], students=people)
    (tmp_path / "export.csv").write_text(CANVAS, encoding="utf-8")
    assert report(folder, "canvas", roster=tmp_path / "export.csv").look == ("not in the gradebook: a, b",)


@pytest.mark.parametrize("format", ["canvas", "moodle"])
def test_an_export_that_is_none_is_refused(folder, tmp_path, format):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ReportError, match=r"got no .*, expected the columns of the g"):
        report(folder, format, roster=tmp_path / "x.csv")
    with pytest.raises(ReportError, match="cannot be read"):
        report(folder, format, roster=tmp_path / "none.csv")


# --- moodle -----------------------------------------------------------------------------------------------


@pytest.fixture
def moodle(tmp_path):
    """A class that Moodle knows by numbers: one in a folder of its own, one whose name holds what parts Moodle's names, one missing."""
    rows = [
        row("Han Soo", file="Han Soo_7781_assignsubmission_file_/a/week3.ipynb", submitted="2026-12-02T12:00+09:00"),
        row("kim", file="Kim Min_7782_assignsubmission_file_week3.ipynb"),
    ]
    (tmp_path / "sheet.csv").write_text(MOODLE, encoding="utf-8")
    folder = graded(tmp_path / "week3", [result("Han Soo"), result("kim", (2, 1.5))], rows, due=DUE, late={"per_day": 0.2})
    return folder, tmp_path / "sheet.csv"


def test_moodles_worksheet_comes_back_filled_in(moodle, tmp_path):
    folder, sheet = moodle
    made = report(folder, "moodle", tmp_path / "import.csv", roster=sheet)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "import.csv").read_text())))
    assert [row["Grade"] for row in rows] == ["4", "3.5", ""]
    assert [row["Status"] for row in rows] == ["Submitted", "Submitted", "No submission"]
    assert rows[0]["Feedback comments"].startswith("week3: 4 of 5 points.<br>1 day late: 1 point taken off.<br>")
    assert rows[1]["Feedback comments"].endswith("2. Draw: 1.5 of 3. 2. Draw: no.")
    assert rows[2]["Feedback comments"] == ""
    assert [row["Last modified (grade)"] for row in rows] == ["-", "-", "-"], "as it came"
    assert made.said.endswith("import-feedback.zip: their feedback")


def test_moodles_zip_has_a_page_for_each_in_folders_that_moodle_takes(moodle, tmp_path):
    folder, sheet = moodle
    report(folder, "moodle", tmp_path / "import.csv", roster=sheet)
    with zipfile.ZipFile(tmp_path / "import-feedback.zip") as archive:
        assert archive.namelist() == [
            "Han Soo_7781_assignsubmission_file_/feedback.html",
            "Kim Min_7782_assignsubmission_file_/feedback.html",
        ]
        assert "Feedback for <bdi>Han Soo</bdi>" in archive.read(archive.namelist()[0]).decode()
    for name in archive.namelist():  # as Moodle takes a name apart
        assert name.split("/")[0].split("_", 4)[1].isdigit()


def test_a_folder_that_moodle_never_made_bears_a_name_that_it_can_take_apart(tmp_path):
    (tmp_path / "sheet.csv").write_text(MOODLE, encoding="utf-8")
    folder = graded(tmp_path / "week3", [result("kim")], students=[student("kim", "Min Kim", "kim@x.org")])
    report(folder, "moodle", tmp_path / "import.csv", roster=tmp_path / "sheet.csv")
    with zipfile.ZipFile(tmp_path / "import-feedback.zip") as archive:
        assert archive.namelist() == ["Kim Min_7782_assignsubmission_file_/feedback.html"]


def test_another_maximum_in_moodle_is_refused(moodle, tmp_path):
    folder, sheet = moodle
    sheet.write_text(MOODLE.replace("5.00", "100.00"), encoding="utf-8")
    with pytest.raises(ReportError, match=r"got Maximum Grade '100\.00', expected 5: set it in Moodle"):
        report(folder, "moodle", tmp_path / "import.csv", roster=sheet)
    assert not (tmp_path / "import.csv").exists()


def test_comments_for_moodle_are_no_html_of_a_students(tmp_path):
    folder = graded(tmp_path / "week3", [result("Han Soo", (0, 0))])
    path = folder / "marks" / "Han Soo.json"
    write_marks(folder, Marks("Han Soo", "week3", {}, "<script>a</script>\nb"))
    (tmp_path / "sheet.csv").write_text(MOODLE, encoding="utf-8")
    said = report(folder, "moodle", roster=tmp_path / "sheet.csv").said
    assert path.is_file()
    assert "&lt;script&gt;a&lt;/script&gt;<br>b" in said


# --- the rest ---------------------------------------------------------------------------------------------


def test_gradescope_gets_a_file_a_student_and_with_one_the_file(folder, tmp_path):
    assert report(folder, "gradescope", tmp_path / "gs").said == f"{tmp_path / 'gs'}: 3 results"
    assert json.loads((tmp_path / "gs" / "lee.json").read_text())["score"] == 2
    with pytest.raises(ReportError, match="got 3 results for the one file"):
        report(folder, "gradescope", tmp_path / "results.json")


def test_a_rule_on_the_command_line_takes_the_place_of_the_sources(moodle):
    folder, _ = moodle
    finals = [row[4] for row in rows_of(report(folder, "csv", due="2026-12-03T00:00+09:00").said)[1:]]
    assert finals == ["5", "3.5"]
    assert [row[4] for row in rows_of(report(folder, "csv", late="none").said)[1:]] == ["5", "3.5"]
    with pytest.raises(ReportError, match="got late: "):
        report(folder, "csv", late="ten")


def test_a_damaged_result_is_named_and_ends_nothing(folder):
    (folder / "students" / "kim.json").write_text("{")
    made = report(folder, "csv")
    assert rows_of(made.said)[1][3] == "damaged result"
    assert "kim.json" in made.look[0]


def test_what_cannot_be_written_is_named(folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"file.*cannot be written"):
        report(folder, "csv", tmp_path / "file" / "grades.csv")


def test_an_unknown_format_is_refused(folder):
    assert set(FORMATS) == {"csv", "canvas", "moodle", "gradescope", "nbgrader", "html"}
    with pytest.raises(ReportError, match="expected one of csv, canvas"):
        report(folder, "pdf")


@pytest.mark.medium
@pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # nbgrader's own
def test_nbgraders_gradebook_gets_scores_marks_and_penalties_of_each_member(tmp_path):
    people = [student("kim", group="red"), student("lee", group="red"), student("an")]
    rows = [row("red", submitted="2026-12-02T12:00+09:00")]
    folder = graded(
        tmp_path / "week3",
        [result("red", words={"why": "So."})],
        rows,
        people,
        written=[{**WHY, "task": False}],
        due=DUE,
        late={"per_day": 0.1},
    )
    write_marks(folder, Marks("red", "week3", {"why": Mark(1, 1, "Which unit?", fingerprint("So."))}))
    assert report(folder, "nbgrader", tmp_path / "gradebook.db").said == f"{tmp_path / 'gradebook.db'}: 2 students"
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        found = {each.student.id: each.notebooks[0] for each in book.assignment_submissions("week3")}
        assert {name: (one.score, one.late_submission_penalty) for name, one in found.items()} == {"kim": (6, 0.7), "lee": (6, 0.7)}


def test_an_older_answers_mark_goes_into_no_gradebook(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr("coursework.report.nbgrader_gradebook.write", lambda *_, marks, **__: given.append(marks) or 1)
    folder = graded(tmp_path / "week3", [result("kim", words={"why": "So."})], written=[WHY])
    for text in ("Before.", "So."):
        write_marks(folder, Marks("kim", "week3", {"why": Mark(2, 2, "", fingerprint(text))}))
        report(folder, "nbgrader", tmp_path / "gradebook.db")
    assert [set(marks["kim"].marks) for marks in given] == [set(), {"why"}]


def test_what_nbgraders_gradebook_cannot_take_is_said(folder, tmp_path):
    with pytest.raises(ReportError, match="got no folder"):
        report(folder, "nbgrader", tmp_path / "none" / "gradebook.db")
