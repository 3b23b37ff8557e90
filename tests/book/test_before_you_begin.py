"""The six questions before chapter 1: what their code prints, their numbers by another way, and where a reader finds them."""

import contextlib
import io
import math
import re

import nbformat
import pytest
import torch

from tests.support import ROOT
from tests.support.pages import BOOK, CHAPTERS

PAGE = ROOT / "book" / "before-you-begin.md"
FENCE = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QUESTIONS = re.split(
    r"^## (?=\d\. )", PAGE.read_text(encoding="utf-8").partition("\n## What your answers say")[0], flags=re.MULTILINE
)[1:]


def printed(code):
    """What a piece of code prints in a fresh namespace."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code, {})
    return out.getvalue()


def fences(number, kind):
    """The blocks of code, or of printed text, of a question."""
    return [text for found, text in FENCE.findall(QUESTIONS[number - 1]) if found == kind]


def answer(number):
    return QUESTIONS[number - 1].partition("<details>")[2]


@pytest.mark.parametrize("number", range(1, 7))
def test_the_code_prints_what_the_answer_says(number):
    (code,), (said,) = fences(number, "python"), fences(number, "text")
    assert printed(code) == said
    assert said in answer(number), "what is printed is not folded"


def test_in_place_the_start_shrinks_as_the_wrong_answer_says():
    (code,) = fences(1, "python")
    wrong = printed(code.replace("x = x - rate * x", "x -= rate * x")).splitlines()
    assert wrong == ["[4.0, 2.0, 1.0]", "[0.5]", "0.5"]
    assert "`[0.5]` and `0.5` in the last two lines" in answer(1)


def test_the_mean_over_the_other_axis_is_what_the_wrong_answer_says():
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [8.0, 6.0]])
    assert f"x=torch.tensor({x.tolist()})".replace(" ", "") in re.sub(
        r",(?=[])])|\s", "", re.sub(r"\s", "", fences(2, "python")[0])
    )
    assert f"`{x.mean(dim=1)}`" in answer(2)
    assert [tuple(row) for row in (x - x.mean(dim=0)).int().tolist()] == [(-3, -2), (-1, 0), (4, 2)]
    with pytest.raises(RuntimeError):
        x - x.mean(dim=1)
    square = x[:2]
    assert not torch.equal(square - square.mean(dim=1), square - square.mean(dim=1, keepdim=True))


def test_the_derivative_by_autograd_and_by_its_factors():
    w = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    torch.log(1 + 4 * torch.exp(3 * w)).backward()
    assert w.grad.item() == pytest.approx(2.4)
    outer, middle, inner = 1 / 5, 4, 3
    assert outer * middle * inner == pytest.approx(2.4)
    assert outer * middle == pytest.approx(0.8)
    assert outer == pytest.approx(0.2)
    assert r"f(w) = \log(1 + 4\,e^{3w})" in QUESTIONS[2]
    assert "**$f'(0) = 2.4$" in answer(3)
    assert "are 0.8, which" in answer(3)
    assert "and 0.2, which" in answer(3)


def matrix(rows):
    return r"\begin{pmatrix} " + r" \\ ".join(" & ".join(map(str, row)) for row in rows) + r" \end{pmatrix}"


def test_the_matrix_product_row_by_column():
    x, w = [[1, 0, 2], [0, 1, 1]], [[1, 2], [0, -1], [3, 1]]
    product = [[sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*w, strict=True)] for row in x]
    assert matrix(x) in QUESTIONS[3]
    assert matrix(w) in QUESTIONS[3]
    assert f"XW = {matrix(product)}" in answer(4)
    x, w = torch.ones(128, 784), torch.ones(784, 64)
    assert f"**The shape is {tuple((x @ w).shape)}, and {int((x @ w)[0, 0])} products" in answer(4)
    for wrong in (lambda: w @ x, lambda: torch.ones(2, 3) * torch.ones(3, 2)):
        with pytest.raises(RuntimeError):
            wrong()
    assert f"of the shape {tuple((torch.ones(3, 2) @ torch.ones(2, 3)).shape)}" in answer(4)


def test_the_normal_distribution_by_its_formulas():
    mean, sigma, eps = 3, 0.1, -1.5
    within = [math.erf(sigmas / math.sqrt(2)) for sigmas in (1, 2, 0.05)]
    height = 1 / (sigma * math.sqrt(2 * math.pi))
    text = answer(5)
    assert f"between {mean - sigma:g} and {mean + sigma:g}." in text
    assert f"{100 * within[0]:.0f} % of the draws lie within one sigma of the mean, {100 * within[1]:.0f} % within two" in text
    assert f"the draw {mean + sigma * eps:g}.**" in text
    assert f"**The tempting wrong answer** is {mean + sigma**2 * eps:g}" in text
    assert torch.distributions.Normal(3.0, 0.1).variance.item() == pytest.approx(sigma**2)
    assert f"= {height:.2f}$" in text
    assert f"${height:.2f} \\cdot 0.01 = {within[2]:.2f}$" in text
    assert f"The density at 3 is {height:.2f}." in QUESTIONS[4]


def test_the_joined_question_by_the_chain_rule():
    w, mu, sigma, eps = [3.0, 1.0], [1.0, 0.0], [0.5, 2.0], [2.0, -1.0]
    z = [m + s * e for m, s, e in zip(mu, sigma, eps, strict=True)]
    product = sum(a * b for a, b in zip(w, z, strict=True))
    slope = 2 * (product - 1)
    by_sigma = [slope * a * e for a, e in zip(w, eps, strict=True)]
    assert fences(6, "text")[0].splitlines() == [str(z), str((product - 1) ** 2), str(by_sigma)]
    assert f"`{[slope * a for a in w]}`, which stops before `eps`" in answer(6)


def test_each_answer_is_folded_says_what_tempts_and_where_to_read():
    assert [text.split(".")[0] for text in QUESTIONS] == list("123456")
    for question in QUESTIONS:
        assert question.count("<details><summary>Answer</summary>") == question.count("</details>") == 1
        assert question.rstrip().endswith("</details>")
        assert "**The tempting wrong answer" in question
        assert "https://" in question.partition("**Where to read up.**")[2]
        assert "https://" not in question.partition("<details>")[0]


def test_the_scale_covers_every_count_and_says_that_it_was_not_tried():
    end = PAGE.read_text(encoding="utf-8").partition("\n## What your answers say")[2]
    counts = [int(n) for row in re.findall(r"^\| (\d.*?) \|", end, re.MULTILINE) for n in re.findall(r"\d", row)]
    assert sorted(counts) == [0, 2, 3, 4, 5, 6]
    assert "Nobody has tried this scale on people" in end


def test_the_page_stands_before_chapter_1_and_is_linked():
    assert BOOK.index("book/before-you-begin") == BOOK.index(CHAPTERS[0]) - 1
    front = "\n".join(cell.source for cell in nbformat.read(ROOT / "book" / "index.ipynb", as_version=4).cells)
    for text in (front, (ROOT / "book" / "exercises" / "index.md").read_text(encoding="utf-8")):
        assert "before-you-begin.md)" in text
    assert "book/before-you-begin.md" in (ROOT / "README.md").read_text(encoding="utf-8")
