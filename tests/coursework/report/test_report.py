"""Reports: every format from result files, with hostile names and messages in them, and the pages opened in a browser."""

import csv
import io
import json
from pathlib import Path

import pytest

from coursework.report import pages
from coursework.report.reading import ReportError, read_results
from coursework.report.report import report
from coursework.report.tables import table, write_table

HOSTILE = "=SUM(A1) & 'b'"
SCRIPT = "<script>document.title = 'taken'</script>{{ 7 * 7 }}"


def result(student: str, points: tuple = (2, 3), exercise: str = "kl", **more) -> dict:
    tests = [
        {"id": id, "title": title, "points": got, "max_points": most, "message": "" if got == most else f"{title}: no, {SCRIPT}"}
        for id, title, got, most in zip(("kl", "draw"), ("1. KL", "2. Draw"), points, (2, 3), strict=True)
    ]
    made = {
        "format": 1,
        "exercise": exercise,
        "student": student,
        "submission": f"{student}.ipynb",
        "submission_sha256": "0" * 64,
        "source_sha256": "1" * 64,
        "status": "graded",
        "score": sum(points),
        "max_score": 5,
        "manual_points": 0,
        "tests": tests,
        "flags": [],
        "output": "",
        "seconds": 1.6,
        "variant": {},
    }
    return made | more


@pytest.fixture
def results(tmp_path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    unread = {"status": "unreadable", "flags": [{"kind": "unreadable", "detail": "The file is a PDF, not a notebook."}]}
    made = [
        result("kim", flags=[{"kind": "duplicated", "detail": "2 cells answer kl."}], output="tensor(3.)\n</pre>" + SCRIPT),
        result("이서연", (2, 0), manual_points=4),
        result(HOSTILE, (0, 3)),
        result("pdf", (0, 0), **unread),
    ]
    for each in made:
        write(folder, each)
    return folder


def write(folder: Path, each: dict) -> Path:
    path = folder / f"{each['student']}.json"
    path.write_text(json.dumps(each, ensure_ascii=False), encoding="utf-8")
    return path


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


# --- Reading ----------------------------------------------------------------------------------------------


def test_results_are_found_below_the_folder_and_other_files_are_not(results):
    (results / "week2").mkdir()
    write(results / "week2", result("kim", exercise="draw"))
    (results / "settings.json").write_text('{"a": 1}')
    (results / ".kim.json.part").write_text("{")
    assert [(each["student"], each["exercise"]) for each in read_results(results)][1:3] == [("kim", "draw"), ("kim", "kl")]


def test_a_copy_is_one_result_and_two_that_differ_are_refused(results):
    (results / "copy").mkdir()
    write(results / "copy", json.loads((results / "kim.json").read_text()))
    assert len(read_results(results)) == 4
    write(results / "copy", result("kim", (0, 0)))
    with pytest.raises(ReportError, match="expected one result of kim for kl"):
        read_results(results)


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "cannot be read"), ('{"format": 2, "student": "a", "exercise": "b"}', "format 2"), (None, "got no result in")],
)
def test_what_is_no_result_is_refused_by_name(tmp_path, content, said):
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    with pytest.raises(ReportError, match=said):
        read_results(tmp_path)
    with pytest.raises(ReportError, match="expected a folder"):
        read_results(tmp_path / "none")


# --- csv --------------------------------------------------------------------------------------------------


def test_csv_has_a_row_a_student_and_a_column_a_test(results):
    rows = rows_of(report(results, "csv"))
    assert rows[0] == ["student", "status", "score", "max_score", "manual_points", "kl", "draw", "flags"]
    assert ["kim", "graded", "5", "5", "0", "2", "3", "duplicated: 2 cells answer kl."] in rows
    assert ["이서연", "graded", "2", "5", "4", "2", "0", ""] in rows
    assert ["pdf", "unreadable", "0", "5", "0", "0", "0", "unreadable: The file is a PDF, not a notebook."] in rows
    assert len(rows) == 5


def test_csv_of_two_exercises_names_them_and_says_what_is_missing(results):
    (results / "b").mkdir()
    write(results / "b", result("kim", exercise="draw"))
    rows = rows_of(report(results, "csv"))
    assert rows[0][1] == "draw status"
    assert rows[0][8] == "kl status"
    assert rows[1][1] == "missing"
    assert len(rows[0]) == len(rows[1]) == 15


def test_no_cell_begins_as_a_formula(results):
    for format in ("csv", "canvas"):
        cells = [cell for row in rows_of(report(results, format)) for cell in row]
        assert "'" + HOSTILE in cells
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)
    for cell in ("=1", "+1", "-1", "@a", " =1", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a"):
        assert rows_of(write_table([[cell]]))[0][0].startswith("'"), repr(cell)
    assert write_table([["kim", -1, 2.5, "a-b"]]) == "kim,-1,2.5,a-b\r\n"


def test_a_csv_file_is_one_that_excel_reads_korean_from(results, tmp_path):
    said = report(results, "csv", tmp_path / "new" / "grades.csv")
    assert said == f"{tmp_path / 'new' / 'grades.csv'}: 4 students"
    content = (tmp_path / "new" / "grades.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "이서연" in content.decode("utf-8-sig")


# --- canvas -----------------------------------------------------------------------------------------------

GRADEBOOK = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,kl (991),Current Score\n"
    "    Points Possible,,,,,5,(read only)\n"
    '"Kim, Min",101,S1,KIM,A,,\n"Lee, Seo",102,S2,이서연,A,,\n"Ode, Ann",103,S3,ann,A,,\n'
)


def test_canvas_gets_its_columns_and_the_points_row(results):
    rows = rows_of(report(results, "canvas"))
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "kl"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "9"]  # 5 of the tests, and 4 for words that one of them has
    assert ["kim", "", "", "kim", "", "5"] in rows
    assert ["pdf", "", "", "pdf", "", ""] in rows, "nobody gets nothing before a person has looked"


def test_canvas_takes_ids_and_the_columns_name_from_its_own_export(results, tmp_path):
    (tmp_path / "export.csv").write_text(GRADEBOOK, encoding="utf-8")
    write(results, result("odeann_LATE_103_55512_kl", (1, 1)))
    said = report(results, "canvas", tmp_path / "import.csv", roster=tmp_path / "export.csv")
    rows = rows_of((tmp_path / "import.csv").read_text(encoding="utf-8"))
    assert rows[0][-1] == "kl (991)"
    assert ["Kim, Min", "101", "S1", "KIM", "A", "5"] in rows
    assert ["Lee, Seo", "102", "S2", "이서연", "A", "2"] in rows
    assert ["Ode, Ann", "103", "S3", "ann", "A", "2"] in rows, "Canvas's own name of a downloaded file"
    assert said.endswith(f"5 students; not in the gradebook: {HOSTILE}, pdf")


def test_a_gradebook_that_is_none_is_refused(results, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ReportError, match="expected the gradebook that Canvas exports"):
        report(results, "canvas", roster=tmp_path / "x.csv")
    with pytest.raises(ReportError, match="cannot be read"):
        report(results, "canvas", roster=tmp_path / "none.csv")


# --- gradescope -------------------------------------------------------------------------------------------


def test_gradescope_gets_a_file_a_student_as_its_harness_reads_it(results, tmp_path):
    assert report(results, "gradescope", tmp_path / "gs") == f"{tmp_path / 'gs'}: 4 results"
    made = json.loads((tmp_path / "gs" / "이서연.json").read_text(encoding="utf-8"))
    assert made["score"] == 2 == sum(test["score"] for test in made["tests"])
    assert [(test["name"], test["status"], test["max_score"]) for test in made["tests"]] == [
        ("1. KL", "passed", 2),
        ("2. Draw", "failed", 3),
    ]
    assert made["tests"][1]["output"].startswith("2. Draw: no")
    assert made["output"] == "Answers in words are graded by hand, 4 points."
    assert made["stdout_visibility"] == "hidden"
    assert {test["visibility"] for test in made["tests"]} == {"visible"}
    pdf = json.loads((tmp_path / "gs" / "pdf.json").read_text())
    assert pdf["output"].startswith("Your file could not be read")


def test_gradescope_may_be_the_one_file_that_its_harness_looks_for(results, tmp_path):
    with pytest.raises(ReportError, match="got 4 results for the one file"):
        report(results, "gradescope", tmp_path / "results.json")
    for path in list(results.glob("*.json")):
        if path.stem != "kim":
            path.unlink()
    report(results, "gradescope", tmp_path / "results.json")
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 5


# --- html -------------------------------------------------------------------------------------------------


def test_pages_escape_all_that_came_from_students(results, tmp_path):
    report(results, "html", tmp_path / "out")
    written = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_text(encoding="utf-8")
        for path in (tmp_path / "out").rglob("*.html")
    }
    assert set(written) == {"index.html", *(f"students/{name}.html" for name in ("kim", "이서연", "pdf", HOSTILE))}
    for text in written.values():
        assert "<script" not in text.lower()
        assert "default-src 'none'" in text
        assert "http:" not in text
        assert "https:" not in text
    kim = written["students/kim.html"]
    assert "&lt;/pre&gt;&lt;script&gt;" in kim
    assert "{{ 7 * 7 }}" in kim
    assert "이서연" not in kim, "a student's page holds nothing of another"
    assert "2 cells answer kl." in kim
    assert 'href="students/%3DSUM%28A1%29%20%26%20%27b%27.html"' in written["index.html"]
    assert "=SUM(A1) &amp; &#39;b&#39;" in written["index.html"]


def test_a_page_opens_in_a_browser_and_leads_back(results, tmp_path, browser):
    report(results, "html", tmp_path / "out")
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 375, "height": 800}, color_scheme=scheme)
        tab = context.new_page()
        said, asked = [], []
        tab.on("console", lambda message, said=said: said.append(message))
        tab.on("request", lambda request, asked=asked: asked.append(request))
        tab.goto((tmp_path / "out" / "index.html").as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        tab.get_by_role("link", name="이서연").click()
        assert tab.title() == "Feedback for 이서연"
        assert tab.get_by_role("rowheader", name="2. Draw").count() == 1
        assert "2. Draw: no, <script>" in tab.inner_text("main")
        colours = tab.evaluate("[...document.querySelectorAll('.bad')].map(e => getComputedStyle(e).color)")
        assert len(set(colours)) == 1
        tab.get_by_role("link", name="All results").click()
        assert tab.title() == "Results"
        assert [message.text for message in said] == []
        assert all(request.url.startswith("file:") for request in asked)
        context.close()


def test_the_index_says_who_was_not_graded_and_what_is_missing(results):
    (results / "b").mkdir()
    write(results / "b", result("kim", exercise="draw"))
    found = read_results(results)
    text = pages.index(found, sorted({each["student"] for each in found}))
    assert "could not be read" in text
    assert "missing" in text
    assert ">3.33<" in text  # the mean of 5, 2 and 3: an unreadable file is no zero


@pytest.mark.parametrize("name", ["../kim", "a/b", "..", "", "a\\b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    (tmp_path / "a.json").write_text(json.dumps(result(name)))
    with pytest.raises(ReportError, match="expected one that can be a file's"):
        report(tmp_path, "html", tmp_path / "out")


def test_an_unknown_format_is_refused(results):
    with pytest.raises(ReportError, match="expected one of csv, canvas"):
        report(results, "pdf")


def test_table_takes_tests_that_only_some_results_have(results):
    short = result("a")
    short["tests"] = short["tests"][:1]
    rows = table([short, result("b")])
    assert rows[1][5:7] == [2, ""]
