"""Sources: what is read from them, what is refused and how it is said, and which values students get."""

import hashlib
import pickle
from pathlib import Path

import nbformat
import pytest

from coursework.assignment import source
from coursework.assignment.source import SourceError, load_source, load_sources, role_of
from coursework.samples import small

FRONT = "---\njupytext: {text_representation: {extension: .md, format_name: myst}}\n%s---\n\n"


def write(folder: Path, *cells: str, name: str = "kl.md", front: str = "") -> Path:
    path = folder / name
    path.write_text(FRONT % front + "\n\n".join(["# Exercises: a title", *cells]) + "\n", encoding="utf-8")
    return path


def code(role: str, body: str) -> str:
    return f"```{{code-cell}} ipython3\n:companion: {{{role}}}\n\n{body}\n```"


ANSWER = code("answer: kl", "def kl(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION")
TEST = code("test: kl, points: 2", "print(kl(1))\n### BEGIN HIDDEN TESTS\nassert kl(3) == 6, 'no'\n### END HIDDEN TESTS")


# --- What is read -----------------------------------------------------------------------------------------


def test_every_part_of_a_source_is_read(tmp_path):
    exercise = small.exercise(tmp_path)
    assert (exercise.name, exercise.title) == ("small", "Exercises: a small set")
    assert [answer.id for answer in exercise.answers] == ["guess", "gaussian_kl", "draw", "encoder"]
    assert [(test.id, test.points, test.title) for test in exercise.tests][:2] == [
        ("guess", 1, "1. Guess a number"),
        ("gaussian_kl", 2, "2. Write the KL"),
    ]
    assert [(each.id, each.points, each.solution) for each in exercise.written] == [
        ("why", 2, "The noise does not depend on the parameters.")
    ]
    assert exercise.written[0].prompt == "Say in one sentence why the draw keeps its gradient."
    assert exercise.max_score == 10
    assert exercise.sha256 == hashlib.sha256((tmp_path / "small.md").read_bytes()).hexdigest()
    assert [role_of(cell)[0] for cell in exercise.notebook.cells][:4] == [None, None, None, "answer"]
    assert pickle.loads(pickle.dumps(exercise)) == exercise, "the grader sends it to its processes"


def test_the_note_of_a_written_question_is_its_solution_where_the_cell_has_none(tmp_path):
    cell = '+++ {"companion": {%s}}\n\n%s'
    solved = "Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
    cells = [
        cell % ('"written": "why", "points": 2', "Why?"),
        cell % ('"note": "why"', "A table."),
        cell % ('"written": "other", "points": 2', solved),
        cell % ('"note": "other"', "More."),
    ]
    assert [each.solution for each in load_source(write(tmp_path, ANSWER, TEST, *cells)).written] == ["A table.", "Because."]


def test_an_answer_has_a_reference_and_a_stub_that_are_python(tmp_path):
    answers = {answer.id: answer for answer in small.exercise(tmp_path).answers}
    space: dict = {}
    exec(answers["gaussian_kl"].stub_code, space)
    assert space["gaussian_kl"](1, 2) is None
    assert answers["guess"].stub_code == "prediction = None  # your answer: how many nats does a fair coin hold?"
    assert answers["guess"].reference_code.endswith("\nprediction = 0.6931")
    assert answers["encoder"].stub_code.count("...  # your code here") == 2
    assert "SOLUTION" not in answers["encoder"].reference_code


def test_a_test_is_cut_in_two_and_whole_for_the_grader(tmp_path):
    test = load_source(write(tmp_path, ANSWER, TEST)).tests[0]
    assert test.visible == "print(kl(1))"
    assert test.hidden == "assert kl(3) == 6, 'no'"
    assert test.code == "print(kl(1))\nassert kl(3) == 6, 'no'"


def test_line_ends_and_a_byte_order_mark_change_nothing(tmp_path):
    path = write(tmp_path, ANSWER, TEST)
    plain = load_source(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_source(path) == plain


def test_headings_in_code_are_none():
    assert source.headings("## 1. A\n~~~~\n## no\n~~~\n## no\n~~~~\n## 2. B", 2) == ["1. A", "2. B"]


def test_a_stub_at_the_top_level_shows_nothing(tmp_path):
    body = "### BEGIN SOLUTION\na = 1\n### END SOLUTION"
    stub = load_source(write(tmp_path, code("answer: a", body))).answers[0].stub_code
    assert stub == "# your code here"  # `...` would be shown as the cell's value


def test_a_code_cell_can_be_marked_by_hand_and_a_rubric_be_given(tmp_path):
    plot = code("written: plot, points: 3, rubric: [none, some, all]", "x = 1\n### BEGIN SOLUTION\nplot(x)\n### END SOLUTION")
    why = '+++ {"companion": {"written": "why", "points": 1}}\n\nWhy?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION'
    plot, why = load_source(write(tmp_path, plot, why)).written
    assert (plot.code, plot.rubric, plot.prompt, plot.solution) == (True, ("none", "some", "all"), "x = 1", "plot(x)")
    assert plot.stub == "x = 1\n# your code here"
    assert (why.code, why.rubric, why.stub) == (False, (), "Why?\n\n*Your answer here.*")


def test_an_answer_in_words_has_the_heading_above_it(tmp_path):
    why = '+++ {"companion": {"written": "%s", "points": 1}}\n\nSay why.'
    exercise = load_source(write(tmp_path, why % "first", ANSWER, "## 2. Go on\n\nAs you like.", why % "second", why % "third"))
    assert [each.title for each in exercise.written] == ["", "2. Go on", "2. Go on"]


def test_a_folder_gives_its_sources_and_passes_over_the_rest(tmp_path):
    write(tmp_path, ANSWER, TEST, name="b.md")
    write(tmp_path, ANSWER, TEST, name="a.md")
    write(tmp_path, "broken", name="_draft.md")
    (tmp_path / "README.md").write_text("# Read me\n")
    assert [exercise.name for exercise in load_sources(tmp_path)] == ["a", "b"]


# --- What is refused --------------------------------------------------------------------------------------

REFUSED = {
    "a key that is not known": ([code("answr: kl", "x")], r"kl\.md: cell 2: got the keys answr, expected one of answer"),
    "a says with a comma": (
        [ANSWER, TEST, code("wrong: kl, slip: a, says: half, of it", "x")],
        "cell 4 .wrong kl.: got the keys wrong, slip, says, of it.*quote a value that holds a comma",
    ),
    "YAML that is none": ([code("answer: [", "x")], "cannot be read: .*YAML"),
    "points that are none": ([ANSWER, code("test: kl, points: two", "x")], "got points: 'two', expected a number"),
    "no points": ([ANSWER, code("test: kl", "x")], "got points: None"),
    "an id that is none": ([code("answer: a b", "x")], "got the id 'a b', expected letters"),
    "an answer without a solution": ([code("answer: kl", "def kl(): pass")], "got no solution, expected lines ### BEGIN SOLUTION"),
    "code marked by hand without a solution": (
        [code("written: kl, points: 1", "plot(1)")],
        "cell 2 .written kl.: got no solution, expected lines ### BEGIN SOLUTION",
    ),
    "a rubric of one level": ([code("written: kl, points: 1, rubric: [all]", "x")], "got rubric: .'all'., expected a list of two"),
    "a rubric that is none": ([code("written: kl, points: 1, rubric: all", "x")], "got rubric: 'all', expected a list"),
    "a solution left open": ([code("answer: kl", "### BEGIN SOLUTION\nx")], "got BEGIN SOLUTION, expected a BEGIN and its END"),
    "a marker misspelt": (
        [code("answer: kl", "## BEGIN SOLUTION\nx\n## END SOLUTION")],
        "got the line '## BEGIN SOLUTION', expected a marker",
    ),
    "a solution outside of an answer": (
        ["```{code-cell} ipython3\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n```"],
        "cell 2: got BEGIN SOLUTION, expected it only in an answer",
    ),
    "hidden tests outside of a test": (
        ["```{code-cell} ipython3\n### BEGIN HIDDEN TESTS\nx = 1\n### END HIDDEN TESTS\n```"],
        "got BEGIN HIDDEN TESTS, expected it only in a test",
    ),
    "an id twice": ([ANSWER, ANSWER], "got kl twice"),
    "a wrong answer to nothing": (
        [ANSWER, code("wrong: kl, slip: a, says: b", "x")],
        "a wrong answer for kl, expected an answer and a test",
    ),
    "a regular expression that is none": (
        [ANSWER, TEST, code("wrong: kl, slip: a, says: '('", "x")],
        "expected a regular expression",
    ),
    "a note on nothing": (['+++ {"companion": {"note": "kl"}}\n\nText.'], "got a note on kl"),
    "a seed where students would see it": (
        [ANSWER, code("test: kl, points: 1", "check(kl, secret_seed)")],
        "cell 3: got secret_seed",
    ),
    "a seed in a given cell": (
        ["```{code-cell} ipython3\nsecret_seed = 0\n```"],
        "cell 2: got secret_seed, expected it only in hidden",
    ),
    "an answer in Markdown": (['+++ {"companion": {"answer": "kl"}}\n\nText.'], "got a markdown cell, expected code"),
}


@pytest.mark.parametrize(("cells", "said"), REFUSED.values(), ids=REFUSED)
def test_a_source_that_would_leak_or_be_misread_is_refused(tmp_path, cells, said):
    with pytest.raises(SourceError, match=said):
        load_source(write(tmp_path, *cells))


def test_files_that_are_no_sources_are_refused_in_one_line(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.md").write_bytes(b"\xff\xfe\xfa")
    (tmp_path / "c.ipynb").write_text("{")
    for name, said in {"a.txt": "got .txt", "b.md": "not UTF-8", "c.ipynb": "cannot be read", "d.md": "No such file"}.items():
        with pytest.raises(SourceError, match=said) as refused:
            load_source(tmp_path / name)
        assert "\n" not in str(refused.value)
        assert name in str(refused.value)


def test_a_folder_without_sources_or_with_one_twice_is_refused(tmp_path):
    with pytest.raises(SourceError, match="got no folder"):
        load_sources(tmp_path / "none")
    with pytest.raises(SourceError, match="got no source"):
        load_sources(tmp_path)
    write(tmp_path, ANSWER, TEST)
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "kl.ipynb")
    with pytest.raises(SourceError, match="two sources named kl"):
        load_sources(tmp_path)


# --- Variants ---------------------------------------------------------------------------------------------

VARIANTS = "companion: {variants: {n: [3, 4, 5], shape: ['(2,)', '(2, 7)']}}\n"
VARIED = code("answer: kl", "size = {{n}}\n### BEGIN SOLUTION\nkl = {{ shape }}\n### END SOLUTION")
VARIED_TEST = code("test: kl, points: 1", "kl\n### BEGIN HIDDEN TESTS\nassert kl == {{shape}}\n### END HIDDEN TESTS")
VARIED_WRONG = code("wrong: kl, slip: 'not {{n}}', says: 'for {{n}}'", "kl = f'{{other}} {{{n}}}'")


def varied(folder):
    return load_source(write(folder, "For $n = {{n}}$, not $x^{{m}}$.", VARIED, VARIED_TEST, VARIED_WRONG, front=VARIANTS))


def test_values_fill_text_code_and_patterns_and_nothing_else(tmp_path):
    exercise = varied(tmp_path)
    filled = exercise.with_values({"n": 4, "shape": "(2, 7)"})
    assert "For $n = 4$, not $x^{{m}}$." in filled.notebook.cells[0].source
    assert filled.answers[0].reference_code == "size = 4\nkl = (2, 7)"
    assert filled.tests[0].hidden == "assert kl == (2, 7)"
    assert (filled.wrong[0].says, filled.wrong[0].slip, filled.wrong[0].code) == ("for 4", "not 4", "kl = f'{{other}} {4}'")
    assert filled.sha256 == exercise.sha256
    assert "{{n}}" in exercise.notebook.cells[0].source, "the exercise itself stays as it was"
    assert filled.with_values({"n": 4, "shape": "(2, 7)"}) == filled


def test_values_must_be_those_that_are_declared(tmp_path):
    exercise = varied(tmp_path)
    for values in ({}, {"n": 3}, {"n": 3, "shape": "()", "m": 1}):
        with pytest.raises(SourceError, match="expected values for n, shape"):
            exercise.with_values(values)


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("companion: {variants: {n: []}}\n", "got the variant n"),
        ("companion: {variants: {n: 3}}\n", "got the variant n"),
        ("companion: {variants: {'a b': [3]}}\n", "got the variant a b"),
        ("companion: {varints: {n: [3]}}\n", "front matter"),
        ("companion: {variants: {q: [3]}}\n", "got the variant q, expected {{q}} somewhere"),
    ],
)
def test_variants_that_are_none_are_refused(tmp_path, front, said):
    with pytest.raises(SourceError, match=said):
        load_source(write(tmp_path, ANSWER, TEST, front=front))
