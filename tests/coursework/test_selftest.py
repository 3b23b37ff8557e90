"""Whether the tests of an exercise are worth something, found out before it is released."""

import pytest

from coursework import selftest
from coursework.assignment.source import load_source
from coursework.assignment.stamp import Key
from coursework.assignment.variants import UNKEYED, secret_seed
from tests.support import private


@pytest.fixture
def secret(tmp_path):
    return load_source(private.folder(tmp_path / "private") / "double.md")


@pytest.fixture(scope="module")
def supervisor(sandbox):
    with selftest.own_supervisor() as supervisor:
        yield supervisor


def problems(tmp_path, supervisor, old: str, new: str) -> str:
    assert old in private.SOURCE
    source = private.SOURCE.replace("companion: {variants: {n: [3, 4], word: [red, othermark]}}\n", "")
    source = source.replace(old, new).replace("{{n}}", "3")
    return "\n".join(selftest.self_test(load_source(private.folder(tmp_path, source) / "double.md"), supervisor))


def test_an_exercise_that_does_its_work_has_no_problem_for_any_value(secret, supervisor):
    assert len(selftest.combinations(secret)) == 2
    assert selftest.self_test(secret, supervisor) == []


def test_what_is_wrong_with_an_exercise_is_found(tmp_path, supervisor):
    said = problems(tmp_path, supervisor, "solutionmark = 2 * x", "solutionmark = 3 * x")
    assert said == "double: the reference gets 0 of 2 for double: Not the double."
    said = problems(tmp_path, supervisor, "wrongmark = x\n", "wrongmark = x + x\n")
    assert said == "double: the wrong answer “slipmark” for double gets full marks"
    said = problems(tmp_path, supervisor, "says: Once|saysmark", "says: saysmark")
    assert said == "double: the wrong answer “slipmark” for double is told: Once is not twice. This does not match 'saysmark'"
    empty = problems(tmp_path, supervisor, "assert hiddenmark is not None", "if hiddenmark is None: hiddenmark = 6\nassert True")
    assert empty == "double: an empty answer gets 2 of 2 for double"


SEEDED = private.SOURCE.replace("companion: {variants: {n: [3, 4], word: [red, othermark]}}\n", "").replace("{{n}}", "3")
ASKED = "hiddenmark = double(3)"


def test_a_test_that_hangs_on_the_seed_is_found(tmp_path, supervisor):
    for slip, said in (
        ("double(3) + (secret_seed == 2)", ["double: the reference gets 0 of 2 for double with secret_seed = 2: Not the double."]),
        ("double(3) + 3 * (secret_seed > 2)", ["the reference gets 0 of 2 for double with secret_seed = {seed}: Not the double.",
            "the wrong answer “slipmark” for double with secret_seed = {seed} gets full marks"]),
    ):  # fmt: skip
        source = SEEDED.replace(ASKED, f"hiddenmark = {slip}")
        exercise, key = load_source(private.folder(tmp_path, source) / "double.md"), Key(bytes(16))
        found = selftest.self_test(exercise, supervisor, key)
        assert [each.format(seed=secret_seed(exercise, key)) in line for each, line in zip(said, found, strict=True)] == [
            True
        ] * len(said)


def test_wrong_answers_are_tried_with_one_seed_after_the_other(tmp_path, supervisor):
    wrong = "\n```{code-cell} ipython3\n:companion: {wrong: double, slip: SLIP, says: Not}\n\ndef double(x):\n    return 7\n```\n"
    source = SEEDED.replace(ASKED, "hiddenmark = 6 if double(3) == 7 and secret_seed == 2 else double(3)")
    source += "".join(wrong.replace("SLIP", name) for name in ("second", "third", "fourth"))
    said = selftest.self_test(load_source(private.folder(tmp_path, source) / "double.md"), supervisor)
    assert said == ["double: the wrong answer “third” for double with secret_seed = 2 gets full marks"]


def test_without_a_test_that_asks_for_it_there_is_one_seed(secret, tmp_path):
    assert selftest.seeds(secret, None) == [UNKEYED]
    asking = load_source(private.folder(tmp_path, SEEDED.replace(ASKED, "hiddenmark = double(3); secret_seed")) / "double.md")
    assert selftest.seeds(asking, None) == [UNKEYED, 1, 2]
    assert selftest.seeds(asking, Key(bytes(16))) == [secret_seed(asking, Key(bytes(16))), 1, 2]


@pytest.mark.slow
@pytest.mark.usefixtures("sandbox")
def test_a_grader_that_fails_is_not_taken_for_a_judgement(secret):
    """A sandbox that is gone: one line for each choice of values, and none that blames the exercise."""
    with selftest.own_supervisor() as supervisor:
        pass
    said = selftest.self_test(secret, supervisor)
    assert len(said) == 2
    assert all("could not be tried, because the grader failed" in line for line in said)


def test_a_value_for_which_the_reference_fails_is_found(tmp_path, supervisor):
    source = private.SOURCE.replace("solutionmark = 2 * x", "solutionmark = 6")
    said = selftest.self_test(load_source(private.folder(tmp_path, source) / "double.md"), supervisor)
    assert said == ["double with n = 4, word = othermark: the reference gets 0 of 2 for double: Not the double."]


def test_wrong_answers_share_a_run_only_where_none_spoils_the_others_test(tmp_path):
    more = private.SOURCE.split("```{code-cell} ipython3\n:companion: {answer: double}")[1]
    second = (
        more.replace("double", "twice").replace("twice({{n}})", "twice({{n}})").replace("2 * x", "double(x)").replace("why", "how")
    )
    third = more.replace("double", "thrice").replace("why", "when")
    source = private.SOURCE + "".join(
        f"\n+++\n\n```{{code-cell}} ipython3\n:companion: {{answer: {name}}}{text}"
        for name, text in (("twice", second), ("thrice", third))
    )
    exercise = load_source(private.folder(tmp_path, source) / "double.md")
    assert [sorted(batch) for batch in selftest.batches(exercise)] == [["double", "thrice"], ["twice"]]
