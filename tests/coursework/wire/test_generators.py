"""Generators come back as what was drawn: the same later draws as in one process, and no state that a student's code made up."""

import random

import pytest
import torch

from coursework.sandbox.supervisor import Supervisor
from coursework.wire.generators import FLOATS, KEPT, MOST, NONE, NORMAL, SIZE, Drawn, advance, drawn
from coursework.wire.limits import Limits
from coursework.wire.session import StudentError, WorkerError

SIZES = (0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 33, 100, 311, 623, 625, 1001, 5000)
DRAWS = (
    lambda n, dtype, g: torch.rand(n, dtype=dtype, generator=g),
    lambda n, dtype, g: torch.randn(n, dtype=dtype, generator=g),
    lambda n, dtype, g: torch.randint(0, 7, (n,), generator=g),
    lambda n, dtype, g: torch.randint(0, 2**40, (n,), generator=g),
    lambda n, dtype, g: torch.randperm(n, generator=g),
    lambda n, dtype, g: torch.multinomial(torch.ones(7, dtype=dtype), 1 + n % 7, generator=g),
    lambda n, dtype, g: torch.empty(n, dtype=dtype).normal_(generator=g),
    lambda n, dtype, g: torch.normal(torch.zeros(n, dtype=dtype), torch.ones(n, dtype=dtype), generator=g),
    lambda n, dtype, g: torch.empty(n, dtype=dtype).exponential_(generator=g),
    lambda n, dtype, g: torch.empty(n, dtype=dtype).bernoulli_(0.3, generator=g),
    lambda n, dtype, g: torch.empty(n, dtype=dtype).uniform_(generator=g),
    lambda n, dtype, g: torch.empty(n, dtype=dtype).log_normal_(generator=g),
    lambda n, dtype, g: torch.poisson(torch.full((n,), 30, dtype=dtype), generator=g),
    lambda n, dtype, g: torch._standard_gamma(torch.ones(n, dtype=dtype), generator=g),
)


def draw(choice, generator, most):
    for _ in range(choice.randrange(most)):
        choice.choice(DRAWS)(choice.choice(SIZES), choice.choice((torch.float32, torch.float64)), generator)


def copied(generator):
    copy = torch.Generator()
    copy.set_state(generator.get_state())
    return copy


@pytest.mark.parametrize("seed", range(8))
def test_any_mix_of_draws_leads_to_the_same_place(seed):
    for round in range(50):
        choice = random.Random(1000 * seed + round)
        mine = torch.Generator().manual_seed(choice.getrandbits(64))
        draw(choice, mine, 3)
        theirs, start = copied(mine), mine.get_state()
        draw(choice, theirs, 6)
        advance(mine, Drawn(*drawn(start, theirs)))
        assert torch.equal(mine.get_state(), theirs.get_state()), (seed, round)


def test_a_normal_that_waits_is_found_far_from_the_end():
    theirs = torch.Generator().manual_seed(1)
    start = theirs.get_state()
    torch.randn(3, generator=theirs)
    torch.rand(10**6, generator=theirs)
    claim = drawn(start, theirs)
    assert claim == Drawn(10**6 + 8, 4)
    mine = torch.Generator().manual_seed(1)
    advance(mine, claim)
    assert torch.equal(mine.get_state(), theirs.get_state())


def test_the_layout_of_a_state_is_the_one_this_rests_on():
    """Where a normal waits; that a byte takes one word; that nothing draws the normals of floats."""
    generator = torch.Generator().manual_seed(1)
    assert generator.get_state().numel() == SIZE
    assert not generator.get_state()[NORMAL.start :].any()
    for one in DRAWS:
        one(3, torch.float32, generator)
    torch.randn(1, dtype=torch.float16, generator=generator)
    assert not generator.get_state()[FLOATS].any()
    assert generator.get_state()[NORMAL].any()
    start = generator.get_state()
    torch.empty(1000, dtype=torch.uint8).random_(generator=generator)
    assert drawn(start, generator) == Drawn(1000, KEPT)


def reseed(generator):
    generator.manual_seed(7)


def restore(generator):
    state = torch.Generator().manual_seed(3).get_state()
    state[24:5016:8] = 0
    generator.set_state(state)


def back(generator):
    generator.set_state(torch.Generator().manual_seed(3).get_state())


def wait(generator):
    state = generator.get_state()
    state[NORMAL] = torch.arange(32, dtype=torch.uint8)
    generator.set_state(state)


def floats(generator):
    state = generator.get_state()
    state[FLOATS] = torch.tensor([0, 0, 0, 64, 1, 0, 0, 0], dtype=torch.uint8)
    generator.set_state(state)


@pytest.mark.parametrize("change", [reseed, restore, back, wait, floats])
def test_what_no_draws_lead_to_is_said_to_be_seeded_anew(monkeypatch, change):
    monkeypatch.setattr("coursework.wire.generators.MOST", 10_000)
    generator = torch.Generator().manual_seed(3)
    torch.randn(5, generator=generator)
    start = generator.get_state()
    change(generator)
    with pytest.raises(ValueError, match="seeded anew"):
        drawn(start, generator)


@pytest.mark.parametrize("claim", [(-1, NONE), (MOST + 1, NONE), (10, 7), (10, -3), (2**70, KEPT), (3, 0)])
def test_a_claim_of_impossible_draws_is_refused_and_changes_nothing(claim):
    generator = torch.Generator().manual_seed(3)
    before = generator.get_state()
    with pytest.raises(ValueError, match="no generator"):
        advance(generator, Drawn(*claim))
    assert torch.equal(before, generator.get_state())


# In a worker


@pytest.fixture(scope="module")
def supervisor(sandbox):
    with Supervisor("bwrap", Limits(call=20)) as supervisor:
        yield supervisor


CELL = """
import torch
def f(g, n): return torch.randn(n, generator=g), torch.rand(3, generator=g)
def two(a, b): return torch.randn(1, generator=a), torch.rand(1, generator=b)
def back(g): return g, [torch.Generator().manual_seed(5)], torch.randn(1, generator=g)
def lazy(g): return (torch.randn(1, generator=g) for _ in range(3))
def reseeded(g): return torch.randn(2, generator=g.manual_seed(0))
def made_up(g):
    state = g.get_state()
    state[24:5016] = 0
    g.set_state(state)
"""


def test_a_lent_generator_goes_on_as_in_one_process(supervisor):
    here: dict = {}
    exec(CELL, here)
    with supervisor.session() as session:
        assert session.run(CELL, 20).ok
        ours, theirs = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
        for n in (1, 2, 15, 16, 17, 700, 3):
            for got, expected in zip(session.value("f")(theirs, n), here["f"](ours, n), strict=True):
                assert torch.equal(got, expected)
        assert session.value("two")(theirs, theirs) == here["two"](ours, ours)  # one generator, handed in twice
        assert [each.item() for each in session.value("lazy")(theirs)] == [each.item() for each in here["lazy"](ours)]
        same, [other], _ = session.value("back")(theirs)
        here["back"](ours)
        assert same is theirs
        assert torch.equal(torch.randn(3, generator=other), torch.randn(3, generator=torch.Generator().manual_seed(5)))
        assert torch.equal(ours.get_state(), theirs.get_state())


@pytest.mark.parametrize("name", ["reseeded", "made_up"])
def test_a_function_that_seeds_its_generator_is_told_so(supervisor, name):
    generator = torch.Generator().manual_seed(1)
    before = generator.get_state()
    with supervisor.session() as session:
        session.run(CELL, 20)
        with pytest.raises(StudentError, match="seeded anew or set to another state") as caught:
            session.value(name)(generator)
        assert caught.value.ours
        assert session.alive
    assert torch.equal(before, generator.get_state())


@pytest.mark.parametrize("claim", ["[10**9, -1]", "[4, 1]", "[-5, -2]", "['a', 1]", "7", "[True, -1]"])
def test_a_worker_that_lies_about_its_draws_is_ended(supervisor, claim):
    with supervisor.session() as session:
        session.run(f"{CELL}\nfrom coursework.wire import worker\nworker.drawn = lambda *_: {claim}", 20)
        with pytest.raises(WorkerError) as caught:
            session.value("f")(torch.Generator(), 3)
        assert caught.value.kind == "protocol"
