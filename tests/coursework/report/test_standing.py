"""Whose result counts, what it comes to, and when nothing counts yet."""

from coursework.assignment.rubric import points_of
from coursework.report.late import Rule, read_rule
from coursework.report.marks import Mark, Marks, fingerprint, write_marks
from coursework.report.reading import read
from coursework.report.standing import standings_of
from tests.support.graded import DUE, FREE, WHY, graded, result, row, student


def of(folder, rule=Rule()):  # noqa: B008 (nothing can change it)
    return {each.student: each for each in standings_of(read(folder), rule)}


def mark(folder, who, text, points, **more):
    write_marks(folder, Marks(who, "week3", {"why": Mark(points, None, "", fingerprint(text))} | more))


def test_everybody_on_the_class_list_is_there_in_its_order(tmp_path):
    folder = graded(tmp_path / "week3", [result("kim")], students=[student("lee"), student("kim"), student("an")])
    assert [(each.student, each.state) for each in standings_of(read(folder), Rule())] == [
        ("lee", "missing"),
        ("kim", "graded"),
        ("an", "missing"),
    ]


def test_without_a_class_list_everybody_with_a_file_is_there(tmp_path):
    rows = [row("kim"), row("lee", state="unreadable"), row(None, state="no student"), row("an", state="superseded")]
    folder = graded(tmp_path / "week3", [result("kim")], rows)
    assert {name: each.state for name, each in of(folder).items()} == {"an": "missing", "kim": "graded", "lee": "unreadable"}


def test_states_say_why_there_are_no_points(tmp_path):
    rows = [row("a", state="another assignment"), row("b"), row("c"), row("d")]
    folder = graded(tmp_path / "week3", [result("c"), result("d", status="failed")], rows)
    (folder / "students" / "c.json").write_text("{")
    found = of(folder)
    assert {name: each.state for name, each in found.items()} == {
        "a": "another assignment",
        "b": "not graded",
        "c": "damaged result",
        "d": "failed",
    }
    assert {each.final for each in found.values()} == {None}


def test_an_answer_without_a_mark_holds_the_points_back(tmp_path):
    folder = graded(tmp_path / "week3", [result("kim", words={"why": "So."})], written=[WHY])
    kim = of(folder)["kim"]
    assert (kim.raw, kim.open, kim.final, kim.possible) == (5, 1, None, 7)
    mark(folder, "kim", "So.", 1.5)
    kim = of(folder)["kim"]
    assert (kim.raw, kim.open, kim.final) == (6.5, 0, 6.5)


def test_a_mark_of_an_older_answer_is_open_again(tmp_path):
    folder = graded(tmp_path / "week3", [result("kim", words={"why": "So."})], written=[WHY])
    mark(folder, "kim", "Before.", 2)
    kim = of(folder)["kim"]
    assert (kim.words[0].changed, kim.final) == (True, None)


def test_lateness_comes_off_tests_and_marks_together(tmp_path):
    rows = [row("kim", submitted="2026-12-02T12:00+09:00")]
    folder = graded(tmp_path / "week3", [result("kim", words={"why": "So."})], rows, written=[WHY])
    mark(folder, "kim", "So.", 1)
    kim = of(folder, read_rule(DUE, {"per_day": 0.1}))["kim"]
    assert (kim.raw, kim.late.deduction, kim.final) == (6, 0.7, 5.3)


def test_every_member_of_a_group_gets_its_result_and_marks(tmp_path):
    people = [student("kim", group="red"), student("lee", group="red"), student("an", group="blue")]
    folder = graded(tmp_path / "week3", [result("red", words={"why": "So."})], students=people, written=[WHY])
    mark(folder, "red", "So.", 2)
    found = of(folder)
    assert {name: each.final for name, each in found.items()} == {"kim": 7, "lee": 7, "an": None}
    assert found["an"].state == "missing"


def test_of_two_members_who_handed_in_the_later_counts_for_both(tmp_path):
    people = [student("kim", group="red"), student("lee", group="red")]
    rows = [row("kim", submitted="2026-12-01T10:00+09:00"), row("lee", submitted="2026-12-01T02:00+00:00")]
    folder = graded(tmp_path / "week3", [result("kim", (0, 0)), result("lee", (2, 0))], rows, people)
    found = of(folder)
    assert {name: (each.owner, each.final) for name, each in found.items()} == {"kim": ("lee", 2), "lee": ("lee", 2)}
    assert "the one of lee counts" in found["kim"].notes[0]


def test_of_two_members_one_that_was_graded_counts_before_a_later_one_that_was_not(tmp_path):
    people = [student("kim", group="red"), student("lee", group="red")]
    rows = [row("kim", submitted="2026-12-01T10:00+09:00"), row("lee", submitted="2026-12-01T12:00+09:00")]
    folder = graded(tmp_path / "week3", [result("kim", (2, 0)), result("lee", status="failed")], rows, people)
    assert {name: each.final for name, each in of(folder).items()} == {"kim": 2, "lee": 2}


def test_questions_are_shown_as_their_student_got_them(tmp_path):
    folder = graded(tmp_path / "week3", [result("kim")], written=[WHY, FREE, {**FREE, "id": "long", "prompt": "word " * 30}])
    why, free, long = of(folder)["kim"].words
    assert (why.title, why.prompt) == ("3. Say what it costs", "What does a prior at 2 cost?")
    assert why.solution == "Half the squared distance from 2."
    assert (free.title, free.prompt, free.text) == ("In your own words.", "In your own words.", "")
    assert len(long.title) <= 62
    assert long.title.endswith("word …")


def test_a_question_without_a_heading_has_the_one_above_it_unless_another_stands_there_too(tmp_path):
    twice = [{**FREE, "id": id, "title": "5. Twice"} for id in "ab"]
    written = [{**WHY, "title": "2. Above"}, {**FREE, "title": "4. Go on with {{m}}"}, *twice, {**FREE, "id": "none", "title": ""}]
    words = of(graded(tmp_path / "week3", [result("kim")], written=written))["kim"].words
    assert [each.title for each in words] == ["3. Say what it costs", "4. Go on with 2", *["In your own words."] * 3]
    assert words[1].prompt == "In your own words."


def test_levels_are_even_steps():
    assert [points_of(level, 3, 2) for level in range(3)] == [0, 1, 2]
    assert [points_of(level, 4, 1) for level in range(4)] == [0, 0.33, 0.67, 1]
