"""The instructor's page and the students': what is on them, that it is only text, and how they look in a browser."""

import re

import pytest

from coursework.report.marks import Mark, Marks, fingerprint, write_marks
from coursework.report.report import report
from tests.support.browser import watch
from tests.support.graded import DUE, WHY, graded, result, row, student

HOSTILE = "=SUM(A1) & 'b'"
SCRIPT = "<script>document.title = 'taken'</script>{{ 7 * 7 }}"


@pytest.fixture
def folder(tmp_path):
    """A class with one of each: marked and late, hostile, in a group, failed, missing, and a file that is nobody's."""
    flags = [{"kind": "raised", "detail": SCRIPT}]
    hostile = result(HOSTILE, (0, 3), flags=flags, output=f"tensor(3.)\n</pre>{SCRIPT}", words={"why": SCRIPT})
    hostile["tests"][0] |= {"message": SCRIPT, "detail": "ValueError: tensor([0.3])"}
    results = [
        result("kim", words={"why": "So."}),
        hostile,
        result("red", (2, 0), words={"why": ""}),
        result("oh", status="failed"),
    ]
    people = [
        student("kim", "Min Kim"),
        student(HOSTILE),
        student("한서", "한서", group="red"),
        student("jo", group="red"),
        student("oh"),
        student("ann", "Ann Ode"),
    ]
    rows = [
        row("kim", submitted="2026-12-02T12:00+09:00", late=True),
        row(HOSTILE, file=SCRIPT),
        row("red"),
        row("oh"),
        row(None, file="grades.csv", state="no student"),
    ]
    folder = graded(tmp_path / "week3", results, rows, people, written=[WHY], due=DUE, late={"per_day": 0.1})
    write_marks(folder, Marks("kim", "week3", {"why": Mark(1, 1, f"Which unit? {SCRIPT}", fingerprint("So."))}, "Good.\nGo on."))
    return folder


@pytest.fixture
def pages(folder, tmp_path):
    assert report(folder, "html", tmp_path / "out").said == f"{tmp_path / 'out' / 'index.html'}: 6 students, 6 pages"
    return tmp_path / "out"


def text_of(page) -> str:
    return page.read_text(encoding="utf-8")


def test_the_index_says_who_is_missing_and_why_others_have_no_points(pages):
    text = re.sub(r"\s+", " ", text_of(pages / "index.html"))
    assert "<b>Handed nothing in:</b> Ann Ode." in text
    assert "4 graded, 1 failed, 1 handed nothing in, 3 with answers that wait for a mark." in text
    assert "Mean 5.30, median 5.30 of 7." in text, "of those whose points count"
    assert "grades.csv" in text
    assert "no student" in text
    assert "ValueError: tensor([0.3])" in text, "the detail is the instructor's"


def test_the_index_has_the_command_that_grades_one_again_where_there_is_something(pages):
    text = text_of(pages / "index.html")
    assert "<code>coursework grade week3.md submitted -o results --only oh --force</code>" in text
    assert "--only kim" not in text
    assert "--only red" not in text
    assert "--only &#39;=SUM(A1) &amp; &#39;&#34;&#39;&#34;&#39;b&#39;&#34;&#39;&#34;&#39;&#39; --force" in text
    assert "--only ann" not in text


def test_those_that_need_a_look_stand_first_each_part_by_name(pages):
    parts = re.split(r"<h3>(.*?)</h3>", text_of(pages / "index.html"))
    names = {title: re.findall(r"<bdi>(.*?)</bdi>", part) for title, part in zip(parts[1::2], parts[2::2], strict=True)}
    assert names["Need a look: 2"] == ["=SUM(A1) &amp; &#39;b&#39;", "oh"]
    assert names["The others: 4"] == ["Ann Ode", "jo", "Min Kim", "한서"]
    assert list(names) == ["Need a look: 2", "The others: 4", "How the tests went"]


def test_names_with_a_comma_can_be_told_apart(tmp_path):
    people = [student("soo", "Han, Soo"), student("hyun", "Lim, Hyun"), student("kim")]
    report(graded(tmp_path / "week3", [result("kim")], students=people), "html", tmp_path / "out")
    assert "<b>Handed nothing in:</b> Han, Soo; Lim, Hyun." in text_of(tmp_path / "out" / "index.html")


def test_results_of_an_older_source_are_counted(tmp_path):
    results = [result("kim", source_sha256="b"), result("lee", source_sha256="a"), result("oh", source_sha256="a")]
    report(graded(tmp_path / "week3", results, source_sha256="b"), "html", tmp_path / "out")
    assert "2 results were made with another version of the source" in text_of(tmp_path / "out" / "index.html")
    report(graded(tmp_path / "week4", results[:1], source_sha256="b"), "html", tmp_path / "new")
    assert "another version of the source" not in text_of(tmp_path / "new" / "index.html")


def test_an_answer_stands_beside_its_mark_and_none_is_not_passed(tmp_path):
    folder = graded(tmp_path / "week3", [result("kim", words={"why": f"So.\n{SCRIPT}"}), result("lee", words={})], written=[WHY])
    for name, words in (("kim", f"So.\n{SCRIPT}"), ("lee", "")):
        write_marks(folder, Marks(name, "week3", {"why": Mark(0, None, "", fingerprint(words))}))
    report(folder, "html", tmp_path / "out")
    kim, lee = (text_of(tmp_path / "out" / "students" / f"{name}.html") for name in ("kim", "lee"))
    assert "<p>So.\n&lt;script&gt;" in kim
    assert "{{ 7 * 7 }}" in kim
    assert "You left it empty." in lee
    assert "Not passed." not in kim + lee


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_state_points_and_flags_are_in_sight(pages, browser, scheme):
    context = browser.new_context(viewport={"width": 360, "height": 800}, color_scheme=scheme)
    tab = context.new_page()
    tab.goto((pages / "index.html").as_uri())
    hidden = """cells => cells.filter(cell => cell.innerText.trim()).filter(cell => {
        const box = cell.getBoundingClientRect()
        return box.left < 0 || box.right > 360 || !box.height
    }).map(cell => cell.innerText)"""
    cells = tab.locator(".students tbody th, .students tbody td")
    assert cells.count() > 30
    assert cells.evaluate_all(hidden) == []
    context.close()


def test_the_index_counts_how_each_test_went(pages):
    cells = re.findall(
        r"<th scope=\"row\">(1\. Move the prior|2\. Draw)</th>\s*((?:<td.*?</td>\s*)+)", text_of(pages / "index.html")
    )
    counts = {title: re.findall(r">(\d+)<", row) for title, row in cells}
    assert counts == {"1. Move the prior": ["2", "2", "0", "1"], "2. Draw": ["3", "2", "0", "1"]}


def test_nothing_from_a_student_is_more_than_text(pages):
    written = [text_of(path) for path in pages.rglob("*.html")]
    assert len(written) == 7
    for text in written:
        assert "<script" not in text.lower()
        assert "default-src 'none'" in text
        assert "http:" not in text
        assert "https:" not in text
    assert "&lt;/pre&gt;&lt;script&gt;" in text_of(pages / "index.html")
    assert "{{ 7 * 7 }}" in text_of(pages / "students" / "kim.html")
    assert 'href="students/%3DSUM%28A1%29%20%26%20%27b%27.html"' in text_of(pages / "index.html")


def test_a_students_page_has_points_marks_lateness_and_nobody_elses(pages):
    text = re.sub(r"\s+", " ", text_of(pages / "students" / "kim.html"))
    assert "<b>5.3</b> of 7 points" in text
    assert "1 day late: 0.7 points taken off. Without that it would be 6." in text
    assert "names a cost" in text
    assert "Good. Go on." in text
    for other in ("한서", "oh", "SUM"):
        assert f"<bdi>{other}" not in text


def test_a_member_of_a_group_reads_the_groups_result(pages):
    text = re.sub(r"\s+", " ", text_of(pages / "students" / "한서.html"))
    assert "Handed in with the group <bdi>red</bdi>" in text
    assert "<b>2</b> of 7 points so far. Not everything is marked yet." in text


def test_exercises_stand_one_after_the_other(folder, tmp_path):
    graded(tmp_path / "week4", [result("kim")], title="The next")
    report(tmp_path, "html", tmp_path / "out")
    for page in ("index.html", "students/kim.html"):
        assert re.findall(r"<h2>(.*?)</h2>", text_of(tmp_path / "out" / page)) == ["Exercises: week3", "The next"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_fit_and_load_nothing(pages, browser, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab = context.new_page()
    trouble = watch(tab, pages.as_uri())
    tab.goto((pages / "index.html").as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.title() == "Results"
    tab.get_by_role("link", name="Min Kim").click()
    assert tab.title() == "Feedback for Min Kim"
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert "Which unit? <script>" in tab.inner_text("main")
    tab.goto((pages / "students" / f"{HOSTILE}.html").as_uri().replace("'", "%27"))
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert trouble == {"console": [], "failed": [], "left": []}
    context.close()
