"""Markdown on the pages: what becomes of a table, and that nothing else can come of a text, however it is made."""

import re
import time

import pytest

from coursework.report.marks import Mark, Marks, fingerprint, write_marks
from coursework.report.prose import DEEPEST, ELEMENTS, blocks, readable
from coursework.report.report import report
from tests.support.graded import WHY, graded, result

TABLE = "My **table**:\n\n| kind | share |\n|---|--:|\n| dots | `93.1` |\n\nA line\nand another."
HOSTILE = """<script>alert(1)</script> <b onclick="alert(1)">b</b> <style>p { display: none }</style>

![a](http://127.0.0.1:9/a.png) ![a[b]](http://127.0.0.1:9/b.png) <img src="http://127.0.0.1:9/c.png">
[x](javascript:alert(1)) [x](data:text/html,x) [site](http://127.0.0.1:9/ 'title') <http://127.0.0.1:9/> [by name][n]

[n]: http://127.0.0.1:9/

~~~js" onclick="alert(1)
x
~~~
"""


def shown(tmp_path, text: str, **question) -> str:
    """What the student's page shows of an answer and its mark."""
    folder = graded(tmp_path / "week3", [result("kim", words={"why": text})], written=[WHY | question])
    write_marks(folder, Marks("kim", "week3", {"why": Mark(1, 1, "Not *so*.", fingerprint(text))}))
    report(folder, "html", tmp_path / "out")
    page = (tmp_path / "out" / "students" / "kim.html").read_text(encoding="utf-8")
    return page[page.index("Your answer") :]


def test_an_answer_is_a_table_and_paragraphs_and_the_markers_comment_stays_as_it_is(tmp_path):
    page = shown(tmp_path, TABLE, rubric=["no", "a `table`"])
    assert "<p>My <strong>table</strong>:</p>" in page
    assert '<table><thead><tr><th>kind</th><th class="right">share</th></tr></thead>' in page
    assert '<td class="right"><code>93.1</code></td>' in page
    assert "<p>A line\nand another.</p>" in page
    assert "a <code>table</code>" in page
    assert "Not *so*." in page


def test_code_of_a_student_is_no_markdown(tmp_path):
    assert "x = a*b*c" in shown(tmp_path, "x = a*b*c", code=True)


def test_nothing_that_a_student_wrote_runs_loads_or_leads_away(tmp_path):
    page = shown(tmp_path, HOSTILE)
    answer = page.partition('<div class="prose" dir="auto">')[2].partition("</div>")[0]
    assert set(re.findall("<([^>]*)>", answer)) == {"p", "/p", 'pre tabindex="0"', "/pre"}
    for text in (
        "&lt;script&gt;",
        "[picture: http://127.0.0.1:9/b.png]",
        "site (http://127.0.0.1:9/) http://127.0.0.1:9/ [by name]",
    ):
        assert text in answer


@pytest.mark.parametrize("text", ["$a*b*c$", "$\\{x\\}$", "$$\n\\log p\n- q\n$$"])
def test_a_formula_stays_as_it_was_typed(text):
    assert blocks(text) == (("p", {}), text, ("p",))


LONG = {
    "short rows of a broad table": "|a" * 100 + "\n" + "|-" * 100 + "\n" + "|\n" * 5000,
    "names of links": "[a]: b\n" * 2857,
    "pictures that do not end": "![a](" * 800,
    "pictures without a source": "<img src=' " * 1500,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_no_text_takes_minutes(text):
    before = time.process_time()
    blocks(readable(text))
    assert time.process_time() - before < 3


def test_no_text_makes_elements_without_end_in_one_another():
    depth = deepest = 0
    for part in blocks("*a " * 3000 + "a* " * 3000):
        depth += 0 if isinstance(part, str) else 1 if len(part) == 2 else -1
        deepest = max(deepest, depth)
    assert (depth, deepest) == (0, DEEPEST)
    assert {"script", "style", "img", "a", "iframe"}.isdisjoint(ELEMENTS.values())
