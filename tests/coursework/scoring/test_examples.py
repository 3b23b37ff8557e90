"""A check's verdict has an example, which is for practice: where a test is graded, no student reads a word of it."""

import html
import json
import re

import pytest

from coursework.report.report import report
from coursework.samples import small
from coursework.scoring import messages
from coursework.scoring.grade import grade
from coursework.scoring.reference import reference
from coursework.scoring.results import read_result
from coursework.scoring.scorer import grade_submission

HIDDEN, SLIP = "0.8123", "The mean is taken over the images."
EXAMPLE = "'draw(mu=tensor([' + str(8123 / 10_000) + ']))'"  # so that the number stands in no line of the test
MADE = (f"Verdict(False, {SLIP!r}, {EXAMPLE})", f"Verdict(False, {SLIP!r}, example={EXAMPLE})")
# What an instructor may do with a verdict that is not right. The first is the book's own way, the others say too much.
SAID = {
    "assert verdict, verdict.message": SLIP,
    "assert verdict, verdict.example": messages.UNMET,
    "assert verdict, str(verdict)": messages.UNMET,
    "assert verdict, verdict._repr_html_()": messages.UNMET,
    "assert verdict, verdict": messages.UNMET,
    "assert verdict, f'{verdict.message} {verdict.example}'": messages.UNMET,
    "assert verdict, verdict.message + verdict[-1]": messages.UNMET,
    "raise ValueError(verdict.example)": messages.UNUSED,
    "print(verdict.example)\nassert verdict, verdict.message": SLIP,
}

REAL = """
from companion.checks.cases import gaussians, seeded
from companion.checks.comparing import compare

def reference(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)

cases = [gaussians(1, 2, seeded(86))]
verdict = compare(gaussian_kl, reference, cases, name="gaussian_kl", praise="Yes.")
"""


def with_tests(exercise, code):
    """The exercise with tests that all are this code."""
    return exercise._replace(tests=tuple(test._replace(code=code) for test in exercise.tests))


@pytest.mark.parametrize(("statement", "said"), SAID.items())
def test_a_student_reads_the_message_and_never_the_example(exercise, supervisor, statement, said):
    for made in MADE:
        code = f"from companion.checks.verdict import Verdict\nverdict = {made}\n{statement}"
        result = grade_submission(with_tests(exercise, code), reference(exercise), supervisor)
        assert {test.message for test in result.tests} == {said}
        assert (result.score, result.status) == (0, "graded")
        assert HIDDEN not in json.dumps([result.output, result.output_after])


def test_no_number_of_a_real_check_s_example_is_in_what_a_class_gets_back(exercise, tmp_path, sandbox):
    """Of a wrong answer, in every kind of feedback; the instructor does not find it either."""
    wrong = "def gaussian_kl(mu, logvar):\n    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(dim=1)"
    space = {}
    exec(f"import torch\n{wrong}\n{REAL}", space)
    verdict = space["verdict"]
    numbers = re.findall(r"\d+\.\d\d+", verdict.example)
    assert not verdict
    assert len(numbers) > 2
    code = f"{REAL}\nassert verdict, verdict.message"
    tests = tuple(test._replace(code=code) if test.id == "gaussian_kl" else test for test in exercise.tests)
    (tmp_path / "in").mkdir()
    made = small.notebook(exercise, small.ANSWERS | {"gaussian_kl": wrong})
    (tmp_path / "in" / "kim.ipynb").write_text(json.dumps(made), encoding="utf-8")
    grade(exercise._replace(tests=tests), tmp_path / "in", out=tmp_path / "results", jobs=1, progress=False)
    result = read_result(tmp_path / "results" / "small" / "students" / "kim.json")
    assert result["tests"][1]["message"] == verdict.message
    for format in ("html", "gradescope"):
        report(tmp_path / "results", format, tmp_path / format)
    files = [path for path in tmp_path.rglob("*") if path.suffix in (".html", ".json")]
    told = {path: path.read_text(encoding="utf-8") for path in files}
    assert sum(verdict.message in html.unescape(text) for text in told.values()) >= 3
    assert [(path, number) for path, text in told.items() for number in numbers if number in text] == []
