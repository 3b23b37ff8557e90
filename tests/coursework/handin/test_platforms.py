"""Whose a file is follows from its name, as each platform writes it, and from the class list."""

import pytest

from coursework.assignment.roster import ClassList, Student
from coursework.handin.platforms import Owner, owner_of, shared_folder, student_of

CLASS = ClassList(
    (
        Student("kim", "Kim, Min", ("1001", "20241234"), ""),
        Student("lee", "Lee, Min-Su", ("1002", "Participant 7781", "lee@uni.example"), ""),
        Student("seo", "이서연", ("20245678", "참가자 7782"), ""),
        Student("ob", "Zoë O'Brien", (), ""),
        Student("berg", "van der Berg, Jan", (), ""),
        Student("p1", "Park, Ji", (), ""),
        Student("p2", "Ji Park", (), ""),
    ),
    None,
)


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("leemin_1001_900123_week3.ipynb", Owner("canvas", "1001", "leemin", "week3.ipynb", 900123)),
        ("leemin_LATE_1001_900123_week3-2.ipynb", Owner("canvas", "1001", "leemin", "week3-2.ipynb", 900123, True)),
        ("이서연_1001_900123_my_file_1.ipynb", Owner("canvas", "1001", "이서연", "my_file_1.ipynb", 900123)),
        ("anon_aB3x_900123_week3.ipynb", Owner("canvas", "anon_aB3x", "", "week3.ipynb", 900123)),
        ("LATE_anon_aB3x_900123_week3.ipynb", Owner("canvas", "anon_aB3x", "", "week3.ipynb", 900123, True)),
        ("leemin_1001_text.html", Owner("canvas", "1001", "leemin", "text.html")),
        ("Han Soo_7781_assignsubmission_file_/a/b.ipynb", Owner("moodle", "7781", "Han Soo", "a/b.ipynb")),
        ("Han Soo_7781_assignsubmission_file/b.ipynb", Owner("moodle", "7781", "Han Soo", "b.ipynb")),
        ("Han Soo_7781_assignsubmission_file_week3.ipynb", Owner("moodle", "7781", "Han Soo", "week3.ipynb")),
        ("Han Soo_7781_assignsubmission_onlinetext/onlinetext.html", Owner("moodle", "7781", "Han Soo", "onlinetext.html")),
        ("kim/week3/week3.ipynb", Owner("nbgrader", "", "kim", "week3/week3.ipynb")),
        ("week3-kim/week3.ipynb", Owner("nbgrader", "", "kim", "week3.ipynb")),
        ("kim.ipynb", Owner("plain", "", "kim", "kim.ipynb")),
        ("han (1).ipynb", Owner("plain", "", "han", "han (1).ipynb", 1)),
        ("kim", Owner("plain", "", "kim", "kim")),
    ],
)
def test_names_of_platforms(name, owner):
    assert owner_of(name, "week3") == owner


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("kimmin_1001_900123_week3.ipynb", "kim"),
        ("someoneelse_1001_900123_week3.ipynb", "kim"),  # the id wins
        ("leeminsu_5555_900123_week3.ipynb", "lee"),
        ("이서연_5555_900123_week3.ipynb", "seo"),
        ("obrienzoë_5555_900123_week3.ipynb", "ob"),
        ("vanderbergjan_5555_900123_week3.ipynb", "berg"),
        ("Jan van der Berg_9_assignsubmission_file_/week3.ipynb", "berg"),
        ("Participant_7781_assignsubmission_file_/week3.ipynb", "lee"),
        ("이서연_7782_assignsubmission_file_/week3.ipynb", "seo"),
        ("seo/week3/week3.ipynb", "seo"),
        ("20245678_이서연.ipynb", "seo"),
        ("week3_kim_final.ipynb", "kim"),
        ("KIM.ipynb", "kim"),
        ("parkji_5555_900123_week3.ipynb", None),
        ("kim_seo.ipynb", None),
        ("grades.csv", None),
        ("week3-final (1).ipynb", None),
        ("kimm_5555_900123_week3.ipynb", None),
    ],
)
def test_the_class_list_says_whose(name, student):
    found, said = student_of(owner_of(name), CLASS)
    assert (found and found.id) == student
    assert bool(said) == (found is None)


def test_names_that_could_be_two_are_named():
    assert student_of(owner_of("parkji_5555_900123_week3.ipynb"), CLASS) == (None, "'parkji' could be p1 or p2.")
    assert student_of(owner_of("kim_seo.ipynb"), CLASS)[1] == "'kim_seo' could be kim or seo."


def test_an_id_that_says_another_than_the_name_is_told():
    found, said = student_of(owner_of("이서연_1001_900123_week3.ipynb"), CLASS)
    assert found.id == "kim"
    assert said == "By the id 1001 it is kim's, by the name 이서연 seo's."


@pytest.mark.parametrize(
    ("names", "folder"),
    [
        (["submissions/kim.ipynb", "submissions/lee.ipynb"], "submissions/"),
        (["submissions/kim/week3/week3.ipynb"], "submissions/"),
        (["jung/week3/week3.ipynb"], ""),
        (["jung/week3.ipynb"], ""),
        (["kim/a.ipynb", "kim/b.ipynb"], ""),
        (["Han Soo_7781_assignsubmission_file_/a.ipynb"], ""),
        (["a/kim.ipynb", "b/lee.ipynb"], ""),
        (["kim.ipynb"], ""),
        ([], ""),
    ],
)
def test_a_folder_around_all_is_no_student(names, folder):
    assert shared_folder(names, "week3", CLASS) == folder


@pytest.mark.parametrize(
    ("names", "folder"),
    [
        (["submissions/kim.ipynb", "submissions/lee.ipynb"], "submissions/"),
        (["submissions/kim/week3.ipynb", "submissions/lee/week3.ipynb"], "submissions/"),
        (["submissions/kim/week3/week3.ipynb"], "submissions/"),
        (["submissions/kim_1_2_x.ipynb"], "submissions/"),
        (["jung/ps1/week3.ipynb", "jung/ps2/week4.ipynb"], ""),
        (["jung/week3.ipynb", "jung/other.ipynb"], ""),
        (["jung/mine.ipynb", "jung/data.csv"], ""),
    ],
)
def test_a_folder_around_all_without_a_class_list(names, folder):
    assert shared_folder(names, "week3", None) == folder
