"""What a test may do to a student's names, and what its last line is worth."""

import pytest

from coursework.scoring.space import Space, partial, run_cell


class Worker:
    """A namespace on the other side."""

    def __init__(self):
        self.names = {"f": 1, "g": 2}

    def run(self, line: str) -> None:
        exec(line, self.names)

    def has(self, name: str) -> bool:
        return name in self.names


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def space(worker) -> Space:
    space = Space(worker.run)
    space.update(f=object(), g=object())
    space.begin(["f", "g"])
    return space


def test_a_name_that_a_test_deletes_is_gone_on_the_other_side_until_it_is_given_back(space, worker):
    space["seen"] = worker.has
    run_cell("kept = f\ndel f\nbetween = seen('f'), seen('g')\nf = kept\nafter = seen('f')", "<test>", space)
    assert space["between"] == (False, True)
    assert space["after"]
    assert worker.names["f"] == 1


def test_another_value_does_not_give_a_name_back_and_the_end_of_the_test_does(space, worker):
    run_cell("del f\nf = 3", "<test>", space)
    assert not worker.has("f")
    space.end()
    assert worker.names["f"] == 1
    assert not worker.names["__kept"]


def test_names_of_the_tests_own_stay_on_this_side(space, worker):
    run_cell("mine = 1\ndel mine", "<test>", space)
    space.end()
    del space["g"]
    assert worker.names["g"] == 2


@pytest.mark.parametrize(
    ("value", "points"),
    [(1.5, 1.5), (0, 0), (2, 2), (3, 2), (-1, 2), (None, 2), (True, 2), ("1", 2), (float("nan"), 2)],
)
def test_a_last_line_gives_points_only_where_it_is_a_number_of_them(value, points):
    assert partial(value, 2) == points


def test_a_cell_gives_its_last_line_and_runs_each_line_once():
    space: dict = {"runs": []}
    assert run_cell("runs.append(1)\nlen(runs)", "<test>", space) == 1
    assert run_cell("x = 1", "<test>", space) is None
    assert run_cell("", "<test>", space) is None
