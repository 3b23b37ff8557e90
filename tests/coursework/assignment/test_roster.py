"""Class lists: every way in which one comes, whom a platform's name means, and what is refused."""

import unicodedata

import pytest

from coursework.assignment.roster import ClassList, RosterError, Student, read_class


def read(folder, text, encoding="utf-8", groups=False):
    path = folder / "class.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return read_class(path, groups)


def ids(folder, text, **options):
    return [student.id for student in read(folder, text, **options).students]


# --- Lists of names ---------------------------------------------------------------------------------------

LISTS = {
    "a name a line": "kim\nlee\n\n이서연\n",
    "a byte-order mark": "\ufeffkim\nlee\n이서연\n",
    "a heading": "student\nkim\nlee\n이서연\n",
    "a Korean heading in a later column": "번호,이름\n1,kim\n2,lee\n3,이서연\n",
    "a column of numbers without a name": "#,이름\n1,kim\n2,lee\n3,이서연\n",
    "semicolons and quotes": 'Name;Mail\n"kim";a@b\nlee;c@d\n이서연;e@f\n',
    "tabs": "name\tteam\nkim\tA\nlee\tA\n이서연\tB\n",
    "a comment": "# my class, of 'three\nkim\nlee\n이서연\n",
    "a hint of Excel's": "sep=;\nname;mark\nkim;1\nlee;2\n이서연;3\n",
    "spaces around": " kim \nlee\t\n\u00a0이서연\n",
    "Hangul in pieces": unicodedata.normalize("NFD", "kim\nlee\n이서연\n"),
}
AS_WRITTEN = [(name, encoding) for name in LISTS for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be")]
AS_WRITTEN += [(name, "cp949") for name in LISTS if name not in ("a byte-order mark", "spaces around", "Hangul in pieces")]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("name", "encoding"), AS_WRITTEN)
def test_a_list_is_read_as_it_comes(tmp_path, name, encoding, newline):
    assert ids(tmp_path, LISTS[name].replace("\n", newline), encoding=encoding) == ["kim", "lee", "이서연"]


def test_a_name_with_a_comma_stays_one_name_in_a_list_of_names(tmp_path):
    names = ["van der Berg, Jan", "Lee, Min", "O'Neil, Ann", "김민수"]
    for text in ("{}\n{}\n{}\n{}\n", "student\n{}\n{}\n{}\n{}\n", '"{}"\n{}\n"{}"\n{}\n'):
        assert ids(tmp_path, text.format(*names)) == names
    assert ids(tmp_path, '"Lee,Min"\n') == ["Lee,Min"], "in quotes even without a space"


@pytest.mark.parametrize("text", ["kim,A\nlee,B\n", "1, kim\n2, lee\n", "kim;A\n", "kim\tA\n", "student\nkim,A\n"])
def test_columns_without_a_heading_are_not_guessed_at(tmp_path, text):
    with pytest.raises(RosterError, match=r"line \d: got several columns, .*expected a name a line, or a table whose first line"):
        read(tmp_path, text)


def test_western_names_of_an_old_windows_are_refused_and_not_misread(tmp_path):
    for text in ("José\nÂngela\n", "Âna\n", "Müller\n", "Çelik\n", "Àlex\n"):
        with pytest.raises(RosterError, match="expected a list saved as UTF-8"):
            read(tmp_path, text, encoding="cp1252")
    assert ids(tmp_path, "김민수A\n똠방\n", encoding="cp949") == ["김민수A", "똠방"]
    assert ids(tmp_path, "김민수a\nb김민수\n", encoding="cp949") == ["김민수a", "b김민수"]


def test_what_is_no_text_is_refused(tmp_path):
    for content, said in ((b"PK\x03\x04" + bytes(90), "spreadsheet program's own file"), (bytes(range(256)), "no text")):
        with pytest.raises(RosterError, match=f"class.csv: .*{said}"):
            read(tmp_path, content)
    with pytest.raises(RosterError, match=r"none\.csv: cannot be read: No such file"):
        read_class(tmp_path / "none.csv")


# --- What platforms export --------------------------------------------------------------------------------

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Week 3 (77)
,,,,,Manual Posting
"    Points Possible",,,,,8.0
"Lee, Min",1001,S1,minlee,A,
"van der Berg, Jan",1002,S2,jan@uni.example,A,4
"Kim, Minsu",1003,S3,kim3,A,
"Kim, Minsu",1004,,kim4,A,
"Park, Ji",1005,,,A,
"Student, Test",1009,,0a1b2c,A,
"""
MOODLE = """\
Identifier,"Full name","Email address",Status,Grade
"Participant 7781","Han Soo",han@uni.example,"No submission",-
"Participant 7782","Kim Min",kim@uni.example,"Submitted",5
"""
PARTICIPANTS = (
    '"First name","Last name","ID number","Email address",Groups\nSoo,Han,2023007,han@uni.example,A\nMin,Kim,,kim@uni.example,A\n'
)


def test_canvas_gives_logins_and_no_student_called_points_possible(tmp_path):
    students = read(tmp_path, CANVAS).students
    assert [student.id for student in students] == ["minlee", "jan@uni.example", "kim3", "kim4", "Park, Ji"]
    assert students[0] == Student("minlee", "Lee, Min", ("S1", "1001"))


def test_in_another_language_canvas_row_of_points_has_no_id(tmp_path):
    assert "Points" not in " ".join(ids(tmp_path, CANVAS.replace("Points Possible", "Mögliche Punkte")))
    assert len(ids(tmp_path, CANVAS.replace("Points Possible", "Mögliche Punkte"))) == 5


def test_moodles_worksheet_and_participants(tmp_path):
    assert read(tmp_path, MOODLE).students[0] == Student(
        "Han Soo", "Han Soo", ("Participant 7781", "7781", "han@uni.example", "han")
    )
    assert [(s.id, s.name) for s in read(tmp_path, PARTICIPANTS).students] == [("2023007", "Soo Han"), ("Min Kim", "Min Kim")]


def test_two_of_one_name_are_told_apart_by_login_or_number(tmp_path):
    assert ids(tmp_path, "name,login\nKim Minsu,km1\nKim Minsu,km2\n") == ["km1", "km2"]
    assert ids(tmp_path, "이름,학번\n김민수,20231234\n김민수,20231235\n") == ["20231234", "20231235"]
    assert ids(tmp_path, "student,name\nkm1,Kim Minsu\nkm2,Kim Minsu\n") == ["km1", "km2"]
    with pytest.raises(RosterError, match=r"got kim minsu more than once.*a column of logins or student numbers"):
        read(tmp_path, "name,email\nKim Minsu,a@x\nKim Minsu,b@x\n")


def test_gradescopes_and_nbgraders_tables(tmp_path):
    roster = "First Name,Last Name,SID,Email,Role\nSoo,Han,77,han@x,Student\nAda,Lovelace,78,ada@x,TA\nIm,Boss,,boss@x,Instructor\n"
    assert read(tmp_path, roster).students == (Student("77", "Soo Han", ("han@x", "han")),)
    assert read(tmp_path, "id,first_name,last_name\nkim1,Min,Kim\n").students == (Student("kim1", "Min Kim"),)


def test_a_running_number_is_no_id_because_another_term_numbers_anew(tmp_path):
    assert read(tmp_path, "ID,Name\n1,kim\n2,lee\n").students == (Student("kim", "kim", ("1",)), Student("lee", "lee", ("2",)))


def test_numbers_that_a_spreadsheet_touched(tmp_path):
    assert ids(tmp_path, "이름,학번\n김민수,20231234.0\n") == ["20231234"]
    with pytest.raises(RosterError, match=r"line 3: got 2\.02E\+07, expected a whole number: a spreadsheet has shortened it"):
        read(tmp_path, "이름,학번\n이서연,20231235\n김민수,2.02E+07\n")


def test_quotes_hold_commas_and_line_ends_and_must_match(tmp_path):
    assert ids(tmp_path, 'name,mail\n"Kim\nMinsu",a@x\n"Lee, Min",b@x\n') == ["Kim Minsu", "Lee, Min"]
    for text in ('name,mail\n"Kim,a@x\nLee,b@x\n', 'name,mail\n"Kim"s,a@x\n'):
        with pytest.raises(RosterError, match=r"line \d: got quotes that do not match"):
            read(tmp_path, text)
    with pytest.raises(RosterError, match="line 2: got 3 columns, expected 2: put quotes around what holds ','"):
        read(tmp_path, "student,group\nvan der Berg, Jan,A\n")


# --- Groups -----------------------------------------------------------------------------------------------


def test_a_member_keeps_the_own_id_and_the_notebook_is_the_groups(tmp_path):
    text = "student,group\nkim,A\nlee,B\npark,A\n"
    listed = read(tmp_path, text, groups=True)
    assert listed.recipients() == ("A", "B")
    assert [(student.id, student.whom) for student in listed.students] == [("kim", "A"), ("lee", "B"), ("park", "A")]
    alone = read(tmp_path, text)
    assert alone.recipients() == ("kim", "lee", "park")


def test_a_list_without_a_table_is_one_of_groups(tmp_path):
    listed = read(tmp_path, "A\nB\n", groups=True)
    assert [(student.group, student.whom) for student in listed.students] == [("A", "A"), ("B", "B")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("student,group\nkim,A\nlee,\n", "line 3: got the group '', .*it is empty"),
        ("student,group\nkim,A\nlee,a\n", "got a more than once, expected groups that differ"),
        ("student,login\nkim,k\n", "got the columns student, login, expected one headed group"),
        ("student,group\nkim,../A\n", "line 2: got the group '../A'.*it holds /"),
    ],
)
def test_groups_that_would_go_wrong_are_refused(tmp_path, text, said):
    with pytest.raises(RosterError, match=said):
        read(tmp_path, text, groups=True)


# --- Whom a text means ------------------------------------------------------------------------------------

MEANT = {
    "minlee": "minlee",
    "MinLee": "minlee",
    "1001": "minlee",
    "s1": "minlee",
    "Lee, Min": "minlee",
    "Min Lee": "minlee",
    "Lee Min": "minlee",
    "leemin": "minlee",
    "van der Berg, Jan": "jan@uni.example",
    "Jan van der Berg": "jan@uni.example",
    "vanderbergjan": "jan@uni.example",
    "park  ji": "Park, Ji",
    "1004": "kim4",
    "Kim, Minsu": None,
    "kimminsu": None,
    "Choi": None,
    "min": None,
    "": None,
    ", ": None,
}


@pytest.mark.parametrize(("text", "id"), MEANT.items())
def test_a_student_is_found_by_what_a_platform_writes(tmp_path, text, id):
    found = read(tmp_path, CANVAS).find(text)
    assert (found and found.id) == id


def test_hangul_in_pieces_and_either_order_are_found():
    listed = ClassList((Student("a", "이 서연"), Student("b", "김민수")))
    assert listed.find(unicodedata.normalize("NFD", "이서연")).id == "a"
    assert listed.find("서연 이").id == "a"
    assert listed.find(unicodedata.normalize("NFD", "김민수")).id == "b"


def test_an_id_goes_before_an_alias_and_an_alias_before_a_name():
    names = (Student("y", "Lee"), Student("z", "An, Na"), Student("w", "Anna"))
    listed = ClassList((Student("lee", "Kim"), Student("x", "Park", ("Kim", "lee")), *names))
    found = [listed.find(text) for text in ("lee", "kim", "park", "anna", "na an")]
    assert [student.id for student in found] == ["lee", "x", "x", "w", "z"]


# --- What is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kim\nlee\nKim\n", "got kim more than once"),
        ("stra\u00dfe\nSTRASSE\n", "got strasse more than once"),
        ("", "got no name"),
        ("student\n\n", "got no name"),
        ("student,group\n", "got no name"),
        ("kim\n../lee\n", r"line 2: got the id '\.\./lee'.*it holds /"),
        ("kim\nA:B\n", "it holds :"),
        ("CON\n", "Windows keeps it"),
        (".kim\n", "begins or ends with a dot"),
        ("a\u202eb\n", "cannot be seen"),
        ("가" * 90 + "\n", "longer than"),
        ("name,login\nkim,a/b\n", "line 2: got the id 'a/b'"),
    ],
)
def test_a_list_that_would_go_wrong_is_refused(tmp_path, text, said):
    with pytest.raises(RosterError, match=f"class.csv: .*{said}"):
        read(tmp_path, text)
