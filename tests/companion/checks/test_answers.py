"""Every answer in `answers/` gets what it deserves from its check: right ones pass, wrong ones are told why, and nothing escapes."""

import functools

import pytest

from coursework.assignment.source import load_source
from tests.support.answers import FOLDER, SOURCES, checked, problems, read, some, source_of

FILES = sorted(FOLDER.glob("*.py"))
EVERY_RUN = 8  # answers of each kind
EVERY = [(path, answer) for path in FILES for answer in read(path)]


def test_every_page_has_answers_and_every_question_right_and_wrong_ones():
    assert {source_of(path).name for path in FILES} == {path.stem for path in SOURCES.glob("*.md")}
    lacking = []
    for source in SOURCES.glob("*.md"):
        there = [answer for path, answer in EVERY if path.stem.startswith(source.stem)]
        for test in load_source(source).tests:
            kinds = [answer.right for answer in there if answer.id == test.id]
            right, wrong = (1, 1) if test.points == 1 else (2, 3)  # of a prediction there are few
            if kinds.count(True) < right or kinds.count(False) < wrong:
                lacking.append(f"{source.stem}, {test.id}: {kinds.count(True)} right, {kinds.count(False)} wrong")
    assert not lacking, "\n".join(lacking)


def test_every_wrong_answer_says_what_its_message_has_to_match():
    assert [f"{path.name}:{answer.line}" for path, answer in EVERY if answer.says == "" and not answer.right] == []


@functools.cache
def of_file(path, whole):
    """What the checks say of the answers in a file. All of it is made at once, when the first is asked for."""
    return checked(source_of(path), read(path) if whole else some(read(path), EVERY_RUN))


def one(path, answer):
    """An answer as a parameter. Some of one page are tried in every run, the others with --slow."""
    quick = path.stem == "07-loss" and answer in some(read(path), EVERY_RUN)
    return pytest.param(path, answer, id=f"{path.stem}-{answer.name}", marks=[] if quick else pytest.mark.slow)


@pytest.mark.medium
@pytest.mark.parametrize(("path", "answer"), [one(path, answer) for path, answer in EVERY])
def test_the_check_says_what_the_answer_deserves(path, answer, pytestconfig):
    found = list(problems(answer, of_file(path, pytestconfig.getoption("slow"))[answer.name]))
    assert not found, f"{path.name}:{answer.line}\n" + "\n".join(found)
