"""What other systems read: Canvas's gradebook, Moodle's grading worksheet with files of feedback, Gradescope's results.json.

An empty cell leaves a platform's grade as it is. So it stands wherever there are no points that count yet: nothing graded, or an answer
that waits for its mark.
"""

import csv
import html
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from coursework.assignment.roster import ClassList, Student
from coursework.report import pages
from coursework.report.feedback import Feedback, Item, as_text, feedback
from coursework.report.reading import ReportError
from coursework.report.standing import Standing
from coursework.report.tables import Given, Sheet

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("Identifier", "Grade", "Maximum Grade", "Last modified (grade)")
MOODLE_NAMES = ("Number", "Identifier", "ID number", "Email address", "Full name")  # who it is, the surest first
COMMENTS = "Feedback comments"
PLATFORM = re.compile(r"[^/]*?_(?:LATE_)?(\d+)_(?:\d+_|assignsubmission_)")  # the user's id in the name of a downloaded file
DOWNLOADED = re.compile(r"([^/]*_\d+_assignsubmission_file_?)[^/]*")  # the folder of Moodle's download
Row = dict[str, str]


def class_of(sheets: Sequence[Sheet]) -> ClassList:
    """Everybody in the results, with what a gradebook may call them: the class list's words, and the id in a downloaded file's name."""
    found: dict[str, Student] = {}
    for graded, standings in sheets:
        listed = {person["id"]: tuple(person["aliases"]) for person in graded.students}
        for each in standings:
            own = [match[1] for row in each.files if row["student"] == each.student and (match := PLATFORM.match(row["file"]))]
            before = found[each.student].aliases if each.student in found else ()
            found[each.student] = Student(each.student, each.name, (*before, *listed.get(each.student, ()), *own))
    return ClassList(tuple(found.values()))


def student_in(row: Mapping[str, str], columns: Sequence[str], everybody: ClassList) -> str | None:
    """The student of a gradebook's row, by the first of the columns that names one."""
    return next((found.id for column in columns if (found := everybody.find(row.get(column) or ""))), None)


def canvas(sheets: Sequence[Sheet], gradebook: Sequence[Row] | None = None) -> tuple[list[list], list[str]]:
    """The table that Canvas's gradebook imports, and who of our students is not in it.

    With a gradebook, its students keep their ids and the columns their names; without, rows carry the name and the id as login.
    """
    columns = [_canvas_column(graded.exercise, gradebook) for graded, _ in sheets]
    possible = [max((each.possible for each in standings), default=0) for _, standings in sheets]
    rows: list[list] = [[*CANVAS, *columns], ["    Points Possible", "", "", "", "", *possible]]
    if gradebook is None:
        who: list[tuple[list, str]] = [([name, "", "", student, ""], student) for student, name in _people(sheets).items()]
    else:
        everybody, order = class_of(sheets), ("SIS Login ID", "SIS User ID", "ID", "Student")
        cells = [[Given(row.get(column, "")) for column in CANVAS] for row in gradebook]
        who = [(mine, student_in(row, order, everybody) or "") for mine, row in zip(cells, gradebook, strict=True)]
    rows += [[*cells, *_finals(sheets, student)] for cells, student in who if student]
    return rows, [student for student in _people(sheets) if student not in {student for _, student in who}]


def moodle(sheet: Sheet, worksheet: Sequence[Row]) -> tuple[list[list], list[str]]:
    """Moodle's grading worksheet with grades and comments filled in, and who of our students is not in it.

    Raises:
        ReportError: Moodle's maximum is not what the exercise can give: points would mean something else there.
    """
    graded, standings = sheet
    rows: list[list] = [[Given(column) for column in worksheet[0]]]
    seen = set()
    for row, standing in _lines(sheet, worksheet):
        filled: Mapping[str, str] = {column: Given(cell) for column, cell in row.items()}
        if standing is not None:
            seen.add(standing.student)
            filled = _graded_row(filled, feedback(graded, standing), standing)
        rows.append(list(filled.values()))
    return rows, [each.student for each in standings if each.student not in seen]


def feedback_zip(sheet: Sheet, worksheet: Sequence[Row]) -> bytes:
    """The zip for Moodle's "Upload multiple feedback files": a page for each student, in the folders that its download has."""
    graded, content = sheet[0], io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for row, standing in _lines(sheet, worksheet):
            if standing is not None and standing.files:
                page = pages.student([feedback(graded, standing)])
                archive.writestr(zipfile.ZipInfo(f"{_moodle_folder(row, standing)}/feedback.html", (1980, 1, 1, 0, 0, 0)), page)
    return content.getvalue()


def gradescope(told: Feedback) -> dict:
    """Feedback as Gradescope's harness reads it: its results.json.

    Source: Gradescope's autograder specifications, "Output format".
    """
    return {
        "score": told.so_far if told.points is None else told.points,
        "output": "\n".join(filter(None, [*told.remarks, told.late, told.comment])),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",  # what the grader prints is for the instructor
        "tests": [_gradescope_test(item) for item in (*told.tests, *told.words) if item.points is not None],
    }


def read_gradebook(path: Path, needed: Sequence[str], what: str) -> list[Row]:
    """The rows of a CSV file that a platform exported.

    Raises:
        ReportError: it cannot be read, lacks a column, or holds no row.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)  # some countries' spreadsheets write semicolons
        rows = list(csv.DictReader(io.StringIO(text), restkey="", restval="", delimiter=delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReportError(f"report: {path}: cannot be read: {error}") from error
    lacking = [column for column in needed if not rows or column not in rows[0]]
    if lacking:
        raise ReportError(f"report: {path}: got no {' and no '.join(lacking)}, expected the columns of {what}, in English")
    return rows


def read_canvas(path: Path) -> list[Row]:
    """The students of the gradebook that Canvas exported."""
    return [row for row in read_gradebook(path, ("Student", "ID"), "the gradebook that Canvas exports") if row["ID"].strip()]


def read_moodle(path: Path) -> list[Row]:
    """The rows of Moodle's grading worksheet."""
    return read_gradebook(path, MOODLE, "the grading worksheet that Moodle exports")


def _lines(sheet: Sheet, worksheet: Sequence[Row]) -> Iterator[tuple[Row, Standing | None]]:
    """Each row of Moodle's worksheet with whose it is."""
    everybody, of = class_of([sheet]), {each.student: each for each in sheet[1]}
    for row in worksheet:
        yield row, of.get(student_in(_numbered(row), MOODLE_NAMES, everybody) or "")


def _people(sheets: Sequence[Sheet]) -> dict[str, str]:
    return {standing.student: standing.name for _, standings in sheets for standing in standings}


def _finals(sheets: Sequence[Sheet], student: str) -> Iterator[float | int | str]:
    for _, standings in sheets:
        final = next((each.final for each in standings if each.student == student), None)
        yield "" if final is None else final


def _canvas_column(exercise: str, gradebook: Sequence[Row] | None) -> str:
    """The name of the assignment's column: as in the gradebook, where Canvas has put its number behind it."""
    columns = [column for column in (gradebook[0] if gradebook else ()) if column]
    return next((column for column in columns if re.fullmatch(rf"{re.escape(exercise)}( \(\d+\))?", column)), exercise)


def _numbered(row: Row) -> Row:
    """A row of Moodle's with the number of "Participant 7781" as a column of its own."""
    return {**row, "Number": "".join(re.findall(r"\d+$", row["Identifier"].strip()))}


def _graded_row(row: Mapping[str, str], told: Feedback, standing: Standing) -> Mapping[str, str]:
    if told.points is None:
        return row
    most = row["Maximum Grade"].strip().replace(",", ".")
    if not re.fullmatch(r"\d+(\.\d+)?", most) or float(most) != standing.possible:
        raise ReportError(
            f"report: {row['Identifier']}: got Maximum Grade {row['Maximum Grade']!r}, expected {standing.possible:g}: set it in Moodle's "
            "assignment and download the worksheet again"
        )
    comments = {COMMENTS: html.escape(as_text(told)).replace("\n", "<br>")} if COMMENTS in row else {}
    return {**row, "Grade": f"{told.points:g}", **comments}


def _moodle_folder(row: Row, standing: Standing) -> str:
    """The folder of Moodle's own download, or the one that it would have."""
    own = [found[1] for each in standing.files if each["student"] == standing.student and (found := DOWNLOADED.match(each["file"]))]
    number = _numbered(row)["Number"]
    name = re.sub(r"[_/\\\x00-\x1f]", " ", row.get("Full name") or standing.name)
    return next((folder for folder in own if f"_{number}_" in folder), f"{name}_{number}_assignsubmission_file_")


def _gradescope_test(item: Item) -> dict:
    return {
        "name": item.title,
        "score": item.points,
        "max_score": item.most,
        "status": "passed" if item.full else "failed",
        "output": item.says or ("" if item.by_hand else "Passed." if item.full else "Not passed."),
        "output_format": "text",
        "visibility": "visible",
    }
