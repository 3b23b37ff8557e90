"""A table of times: each student's own, in any of its forms, and whatever in it is of no use is said."""

import csv
import io

import pytest

from coursework.cli import main
from coursework.report.late import read_rule
from coursework.report.reading import ReportError, read
from coursework.report.report import FORMATS, report
from coursework.report.standing import standings_of
from coursework.report.times import with_times
from tests.support.graded import DUE, graded, result, row, student

LATE = {"per_day": 0.1, "days": 3, "grace_minutes": 10}
HEAD = '"Identifier","Full name","Email address","Status","Grade","Maximum Grade","Grade can be changed",'
MOODLE = (
    "\ufeff" + HEAD + '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
    '"Participant 7781","M. K.","x@x.org","Submitted","","5.00","Yes","Thursday, 3 December 2026, 8:00 AM","-",""\n'
    '"Participant 7782","Jo Lee","lee@x.org","Submitted","","5.00","Yes","Tuesday, 1 December 2026, 11:58 PM","-",""\n'
    '"Participant 7783","No Body","no@x.org","No submission","","5.00","Yes","-","-",""\n'
    '"Participant 7784","Other Section","o@x.org","Submitted","","5.00","Yes","Tuesday, 1 December 2026, 11:58 PM","-",""\n'
)
PEOPLE = [student("kim", "Kim, Min", "1001"), student("lee", "Jo Lee", "lee@x.org"), student("seo", "이서연"), student("park")]


@pytest.fixture
def folder(tmp_path):
    """Four students; Kim's file came as Moodle names it."""
    rows = [row("kim", file="Min Kim_7781_assignsubmission_file_week3.ipynb"), row("lee"), row("seo", late=True), row("park")]
    results = [result(each["id"]) for each in PEOPLE]
    return graded(tmp_path / "results" / "week3", results, rows, PEOPLE, due=DUE, late=LATE)


@pytest.fixture
def told(folder, tmp_path):
    """student -> (days late, points taken off), and what there is to look at, by a table."""

    def by(text, roster=False, due=DUE, late=LATE):
        (tmp_path / "times.csv").write_text(text, encoding="utf-8")
        found, rule = read(folder), read_rule(due, late)
        timed, look = with_times((found, standings_of(found, rule)), rule, tmp_path / "times.csv", roster)
        return {each.student: each.late[:2] for each in standings_of(timed, rule) if each.late.days}, look

    return by


def test_a_student_is_found_by_id_alias_and_name(told):
    for names in (("kim", "lee"), ("1001", "LEE@x.org"), ("Min Kim", '"Lee, Jo"'), ("Kim Min", "Jo Lee")):
        text = f"Student,Submitted\n{names[0]},2026-12-03T08:00\n{names[1]},2026-12-02T01:00\n"
        assert told(text)[0] == {"kim": (2, 1.0), "lee": (1, 0.5)}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026-12-02T00:09", 0),  # in the zone of the due time, and within its grace
        ("2026-12-02 00:10:00", 1),
        ("2026-12-01T15:05:00Z", 0),  # with an offset, the moment that it means
        ("2026-12-01 15:10:00 UTC", 1),
        ("2026-12-02 00:10:00 +0900", 1),
        (" 2026-12-02T00:10 ", 1),
        ("Wednesday, 2 December 2026, 12:09 AM", 0),  # Moodle's, and its American form
        ("Wednesday, 2 December 2026, 12:10 AM", 1),
        ("Wednesday, 2 December 2026, 12:10\u202fAM", 1),
        ("Wednesday, 02 December 2026, 00:10", 1),
        ("Wednesday, December 2, 2026, 12:10 AM", 1),
    ],
)
def test_a_time_is_iso_or_moodles(told, text, days):
    taken = {"kim": (days, 0.5)} if days else {}
    assert told(f'student,submitted\nkim,"{text}"\n') == (taken, ())
    assert told(f'Full name,Last modified (submission)\n"Min Kim","{text}"\n') == (taken, ())


def test_an_instructor_counts_days(told):
    assert told("student,days\nkim,2\nlee,0\nseo,4\npark,-\n") == ({"kim": (2, 1.0), "seo": (4, 5.0)}, ())
    assert told("student,days\nkim,2\n", due=None) == ({"kim": (2, 1.0)}, ())
    assert told("student;submitted;days\nkim;2026-12-03T08:00;0\nlee;2026-12-03T08:00;\n") == ({"lee": (2, 1.0)}, ())


@pytest.mark.parametrize("text", ["tomorrow", "2026-12-03", "Donnerstag, 3. Dezember 2026, 08:00", "2026-13-03T08:00"])
def test_a_time_that_cannot_be_read_is_said(told, text):
    late, look = told(f'student,submitted\nkim,"{text}"\nlee,2026-12-03T08:00\n')
    assert late == {"lee": (2, 1.0)}
    assert len(look) == 1
    assert look[0].startswith(f"times.csv: kim: got '{text}', expected 2026-12-03T08:00, Moodle's ")


@pytest.mark.parametrize("text", ["-1", "1.5", "two", "99999"])
def test_days_are_whole(told, text):
    assert told(f"student,days\nkim,{text}\n")[0] == {}
    assert told(f"student,days\nkim,{text}\n")[1][0].startswith(f"times.csv: kim: got '{text}', ")


def test_who_is_nobody_is_said(told):
    late, look = told("student,days\nnobody,2\nkim,1\nnot in time,\n")
    assert late == {"kim": (1, 0.5)}
    assert look == ("times.csv: 'nobody': nobody in the class, or more than one",)


def test_of_two_rows_none_counts(told):
    late, look = told("student,days\nkim,2\nMin Kim,1\nlee,1\n")
    assert late == {"lee": (1, 0.5)}
    assert look == ("times.csv: kim: got two rows, expected one; none of them counts",)


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("", "no row"),
        ("student,submitted\n", "no row"),
        ("student,when\nkim,1\n", "student, when"),
        ("days,of\n1,kim\n", "days, of"),
    ],
)
def test_another_table_is_refused(told, text, got):
    with pytest.raises(ReportError, match=f"times.csv: got {got}, expected the columns student and submitted"):
        told(text)


def test_times_need_a_due_time(told):
    with pytest.raises(ReportError, match="got times and no due time, expected `due` in the exercise's source, or --due"):
        told("student,submitted\nkim,2026-12-03T08:00\n", due=None)


def test_moodles_worksheet_serves_as_it_is(told, folder, tmp_path):
    late, look = told(MOODLE)
    assert (late, look) == ({"kim": (2, 1.0)}, ("times.csv: 'Participant 7784': nobody in the class, or more than one",))
    made = report(folder, "moodle", tmp_path / "import.csv", roster=tmp_path / "times.csv")
    assert made.look == ("not in the worksheet: seo, park",)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "import.csv").read_text(encoding="utf-8"))))
    assert [each["Grade"] for each in rows] == ["4", "5", "", ""]
    assert (
        "2 days late: 1 point taken off. The time, 2026-12-03 08:00, is from Moodle&#x27;s grading worksheet."
        in rows[0]["Feedback comments"]
    )


def test_a_table_of_times_goes_before_the_worksheet(folder, tmp_path):
    (tmp_path / "sheet.csv").write_text(MOODLE, encoding="utf-8")
    (tmp_path / "times.csv").write_text("student,days\nkim,0\n")
    said = report(folder, "moodle", roster=tmp_path / "sheet.csv", times=tmp_path / "times.csv").said
    assert [each["Grade"] for each in csv.DictReader(io.StringIO(said))] == ["5", "5", "", ""]


def test_a_roster_without_times_or_a_due_time_gives_none(told):
    assert told(MOODLE, roster=True, due=None) == ({}, ())
    assert told("Student,ID\nkim,1\n", roster=True) == ({}, ())


def test_the_table_wins_over_the_files_own_time_and_says_so(folder, tmp_path):
    first = row("kim", submitted="2026-11-30T08:00:00+09:00", state="superseded")
    rows = [row("kim", submitted="2026-12-04T08:00:00+09:00", late=True), row("lee", submitted="2026-12-03T00:00:00+00:00"), first]
    graded(folder, [result("kim"), result("lee")], rows, PEOPLE, due=DUE, late=LATE)
    (tmp_path / "times.csv").write_text("student,submitted\nkim,2026-12-01T20:00\nlee,2026-12-03T09:00\n")
    made = report(folder, "csv", times=tmp_path / "times.csv")
    kim, lee = list(csv.DictReader(io.StringIO(made.said)))[:2]
    assert (kim["final"], lee["final"], made.look) == ("5", "4", ())
    own = "Its own time, 2026-12-04T08:00:00+09:00, does not count."
    assert kim["flags"] == f"time: {own} The time, 2026-12-01 20:00, is from the instructor's table."
    assert lee["flags"] == "2 days late: 1 point taken off. The time, 2026-12-03 09:00, is from the instructor's table."
    assert read(folder).rows[0]["submitted"] == "2026-12-04T08:00:00+09:00"  # a report changes no result


def test_days_say_where_they_come_from(folder, tmp_path):
    (tmp_path / "times.csv").write_text("student,days\nseo,1\nkim,4\n")
    rows = list(csv.DictReader(io.StringIO(report(folder, "csv", times=tmp_path / "times.csv").said)))
    source = "The number of days is from the instructor's table."
    assert rows[2]["flags"] == f"1 day late: 0.5 points taken off. {source}"
    assert rows[0]["flags"] == f"4 days late, and nothing was taken after 3: no points are left. {source}"


def test_a_group_is_as_late_as_its_latest_row(tmp_path):
    people = [student("kim", group="red"), student("lee", group="red"), student("seo", group="blue")]
    folder = graded(tmp_path / "week3", [result("red"), result("blue")], students=people, due=DUE, late=LATE)
    (tmp_path / "times.csv").write_text("student,submitted\nkim,2026-12-01T20:00\nlee,2026-12-02T20:00\nblue,2026-12-03T20:00\n")
    rows = list(csv.DictReader(io.StringIO(report(folder, "csv", times=tmp_path / "times.csv").said)))
    assert [each["final"] for each in rows] == ["4.5", "4.5", "4"]


def test_who_handed_nothing_in_is_not_late(tmp_path):
    folder = graded(tmp_path / "week3", [result("kim")], students=PEOPLE[:2], due=DUE, late=LATE)
    (tmp_path / "times.csv").write_text("student,days\nlee,2\n")
    rows = list(csv.DictReader(io.StringIO(report(folder, "csv", times=tmp_path / "times.csv").said)))
    assert (rows[1]["state"], rows[1]["flags"]) == ("missing", "")


def test_one_table_is_of_one_exercise(folder, tmp_path):
    graded(folder.parent / "week4", [result("kim")])
    with pytest.raises(ReportError, match="got --times for 2 exercises, expected the results of one, such as results/week3"):
        report(folder.parent, "csv", times=tmp_path / "times.csv")


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"moodle", "nbgrader"}))
def test_every_format_has_the_times(folder, tmp_path, format):
    (tmp_path / "times.csv").write_text("student,days\nkim,2\n")
    report(folder, format, tmp_path / "out", times=tmp_path / "times.csv")
    made = tmp_path / "out"
    texts = [path.read_text(encoding="utf-8") for path in (made.rglob("*.*") if made.is_dir() else [made])]
    assert any("2 days late" in text for text in texts) or format == "canvas"
    assert format != "canvas" or ",4" in texts[0]


def test_the_exit_code_says_how_it_went(folder, tmp_path, capsys):
    table = tmp_path / "times.csv"
    for text, code in (("student,days\nkim,2\n", 0), ("student,days\nnobody,2\n", 1), ("student\nkim\n", 2)):
        table.write_text(text)
        assert main(["report", str(folder), "--times", str(table)]) == code
    assert main(["report", str(folder), "--times", str(tmp_path / "none.csv")]) == 2
    assert "times.csv: 'nobody': nobody in the class" in capsys.readouterr().err
