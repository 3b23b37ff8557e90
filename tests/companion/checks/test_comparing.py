"""The comparison behind most checks: a wrong answer never passes, a right one is never refused, and what is said helps."""

import pytest
import torch

from companion.checks.cases import Case, gaussians, normals, seeded
from companion.checks.comparing import compare
from companion.checks.verdict import PENDING


def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)


def cases(seed=0):
    g = seeded(seed)
    return [
        Case(gaussians(1, 2, g, low=-1, high=1), "one image"),
        Case(gaussians(3, 4, g, low=-1, high=1), "three images"),
        Case(gaussians(2, 3, g, low=-8, high=3), "logvar from -8 to 3", extreme=True),
        Case(gaussians(3, 2, g, dtype=torch.float32), "numbers in float32"),
    ]


SLIPS = {
    "You averaged.": lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(dim=1),
    "You left out mu.": lambda mu, logvar: 0.5 * (logvar.exp() - 1 - logvar).sum(dim=1),
    "It raises.": lambda mu, logvar: mu.nothing,
}


def judged(answer, reference=gaussian_kl, on=None, **options):
    options = {"slips": SLIPS, "gradient": ("mu", "logvar"), "dtype": True} | options
    return compare(answer, reference, on or cases(), name="gaussian_kl", praise="Good.", **options)


def alone(answer, reference, *arguments, **options):
    """One case, and nothing asked but the values."""
    return compare(answer, reference, [arguments], name="f", praise="Good.", **options)


X = torch.tensor([1.0, -2.0, 4.0], dtype=torch.float64)


# Right.


@pytest.mark.parametrize(
    "answer",
    [
        gaussian_kl,
        lambda m, v: -0.5 * torch.sum(1 + v - m.pow(2) - v.exp(), 1),
        lambda m, v: (0.5 * m * m - 0.5 + v.exp() / 2).sum(-1) - v.sum(-1) / 2,
        lambda m, v: torch.distributions.kl_divergence(
            torch.distributions.Normal(m, (0.5 * v).exp()), torch.distributions.Normal(torch.zeros_like(m), torch.ones_like(m))
        ).sum(dim=1),
    ],
)
def test_other_algebra_is_right(answer):
    assert judged(answer) == (True, "Good.", "")


def test_what_the_page_does_not_ask_is_not_asked():
    for answer in (
        lambda m, v: gaussian_kl(m, v).detach().numpy(),
        lambda m, v: gaussian_kl(m, v).tolist(),
        lambda m, v: gaussian_kl(m.double(), v.double()),
    ):
        assert judged(answer, gradient=(), dtype=False) == (True, "Good.", "")


def test_rounded_on_the_way_is_right_and_said_unless_the_page_asks_for_more():
    def rounded(mu, logvar):
        return gaussian_kl(mu.float(), logvar.float()).to(mu.dtype)

    found = judged(rounded)
    assert found.right is True
    assert found.message.startswith("Close, but rounded")
    assert found.message.endswith("Good.")
    found = judged(rounded, exact=True)
    assert found.right is False
    assert "asks for float64" in found.message


def test_a_seed_changes_the_numbers_and_not_the_verdict():
    assert not torch.equal(cases(0)[0].arguments[0], cases(1)[0].arguments[0])
    for seed in range(3):
        assert judged(gaussian_kl, on=cases(seed)).right is True
        assert judged(SLIPS["You averaged."], on=cases(seed)).message == "You averaged."


# Not answered.


@pytest.mark.parametrize("answer", [None, lambda m, v: None, lambda m, v: (None, None)])
def test_an_answer_not_given_yet_is_neither_right_nor_wrong(answer):
    assert judged(answer) == (None, PENDING, "")


def test_print_in_place_of_return_is_told(capsys):
    found = judged(lambda m, v: print(gaussian_kl(m, v)))
    assert found.right is False
    assert "`print` only shows it" in found.message
    assert capsys.readouterr().out.count("tensor") == 1, "the first call's lines are let through"


def test_what_is_no_function_is_told():
    assert judged(3.5) == (False, "gaussian_kl should be a function; it is a number.", "It is 3.5.")


def test_a_way_without_return_is_told_with_where():
    found = judged(lambda m, v: gaussian_kl(m, v) if len(m) > 1 else None)
    assert found.message.startswith("gaussian_kl returned nothing in one case.")
    assert found.message.endswith("It is right for three images: what is special about one image?")
    assert found.example.startswith("gaussian_kl(")


# Wrong.


def test_the_slip_that_gives_the_very_values_is_named_with_the_smallest_case():
    found = judged(lambda m, v: (m**2 + v.exp() - 1 - v).mean(1) / 2)
    assert found.message == "You averaged."
    *call, gave, differs = found.example.splitlines()
    assert call[0] == "gaussian_kl("
    assert call[-1] == ")  # one image"
    assert max(map(len, call)) <= 75
    assert gave.startswith("gave tensor([")
    assert differs == "  at [0] it is too small"


def test_a_slip_is_named_only_where_every_ordinary_case_agrees():
    def only_for_one(mu, logvar):
        return SLIPS["You averaged."](mu, logvar) if len(mu) == 1 else gaussian_kl(mu, logvar)

    found = judged(only_for_one)
    assert "You averaged" not in found.message
    assert found.message.endswith("It is right for three images: what is special about one image?")


def test_a_slip_may_round_otherwise_in_an_extreme_case():
    def averaged_and_cut(mu, logvar):
        return SLIPS["You averaged."](mu, logvar.clamp(-4, 4))

    assert judged(averaged_and_cut, on=cases()[:3]).message == "You averaged."


def test_a_slip_that_shows_in_extreme_cases_only_is_named():
    slips = {"You doubled what is over 2.": lambda mu, logvar: gaussian_kl(mu, torch.where(logvar > 2, 2 * logvar, logvar))}
    slips |= {"You clamped.": lambda mu, logvar: gaussian_kl(mu, logvar.clamp(-4, 4))}
    assert judged(lambda m, v: gaussian_kl(m, v.clamp(-4, 4)), slips=slips, on=cases()[:3]).message == "You clamped."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda m, v: -gaussian_kl(m, v), "right but for their sign"),
        (lambda m, v: 0.6 * gaussian_kl(m, v), "too small, by one and the same factor"),
        (lambda m, v: gaussian_kl(m, v) * len(m), "the factor changes from case to case"),
        (lambda m, v: gaussian_kl(m, v) + 0.1, "The shape is right, the values are not."),
        (lambda m, v: gaussian_kl(m, v)[:, None], "with more axes than asked for"),
        (lambda m, v: gaussian_kl(m, v).sum(), "with fewer axes than asked for"),
        (lambda m, v: gaussian_kl(m, v).squeeze(), "what is special about one image"),
        (lambda m, v: gaussian_kl(m, v)[:-1], "not of the lengths asked for"),
        (lambda m, v: gaussian_kl(m, v) * torch.nan, "not finite"),
        (lambda m, v: (m, v), "should return one value; it returned a tuple of 2"),
        (lambda m, v: "much", "should return numbers"),
        (lambda m, v: {"kl": 1}, "it returned a dict"),
        (lambda m, v: m.foo, "raised AttributeError"),
        (lambda m: m, "raised TypeError"),
    ],
)
def test_an_answer_that_no_slip_explains_is_told_how_it_differs(answer, said):
    found = judged(answer)
    assert found.right is False
    assert said in found.message
    assert found.example.startswith("gaussian_kl(")


def test_a_message_holds_nothing_of_a_case_and_an_example_not_the_right_value():
    for answer in (lambda m, v: gaussian_kl(m, v) + 0.125, lambda m, v: str(m), lambda m, v: m.foo(v), lambda m, v: m):
        found = judged(answer)
        assert not any(character.isdigit() for character in found.message), found.message
        for case in cases():
            right = gaussian_kl(*case.arguments)
            assert f"{right[0].item():.4g}"[:6] not in found.example


def test_where_it_is_asked_a_slip_is_named_whatever_the_values_after_it_are():
    def steps(x):
        return x, 2 * x, 3 * x

    slips = {"The second is doubled.": lambda x: (x, 4 * x, 3 * x), "The third is doubled.": lambda x: (x, 2 * x, 6 * x)}
    for answer in (lambda x: (x, 4 * x, 5 * x), lambda x: [x, 4 * x, 6 * x]):
        assert alone(answer, steps, X, slips=slips, stepwise=True).message == "The second is doubled."
        assert "Value 2" in alone(answer, steps, X, slips=slips).message
    for answer in (lambda x: (x, 5 * x, 6 * x), lambda x: (x, 2 * x, 7 * x), lambda x: (x, 4 * x), lambda x: x):
        assert "doubled" not in alone(answer, steps, X, slips=slips, stepwise=True).message


def test_of_several_values_the_first_wrong_one_is_named():
    def steps(x):
        return x, 2 * x, 3 * x

    parts = ("E[z]", "the variance", "the KL")
    found = alone(lambda x: (x, 4 * x, 5 * x), steps, X, parts=parts)
    assert found.message == "The variance (value 2) is the first that is not right, the ones before it are right."
    assert "the variance: at [0] it is too large" in found.example
    assert alone(lambda x: (x, 4 * x, 3 * x), steps, X).message.startswith("Value 2 is the first")
    assert alone(lambda x: (x, x), steps, X).message == "f should return a tuple of 3; it returned a tuple of 2."
    assert "(value 2) is the first" in alone(lambda x: (x, x[:1], x), steps, X, parts=parts).message
    assert alone(lambda x: (x, x.repeat(2), x), steps, X).message.endswith(
        "It has another shape than asked for: how many numbers are in it?"
    )
    assert alone(lambda x: (x, x[:, None], x), steps, X).message.endswith(
        "It has another shape than asked for: is an axis lost, or kept?"
    )


def test_a_value_that_is_made_of_the_others_is_blamed_last():
    def steps(x):
        return x.sum() + (2 * x).sum(), x, 2 * x

    def said(answer):
        return alone(answer, steps, X, parts=("the sum", "the first", "the second"), follows="the sum").message

    assert said(lambda x: (x.sum() + (3 * x).sum(), x, 3 * x)) == "The second (value 3) is not right, and the sum holds it."
    assert said(lambda x: (x.sum(), x, 2 * x)) == "The sum (value 1) is not right, the other values are."
    assert (
        said(lambda x: (3 * x.sum(), x, 3 * x))
        == "The second (value 3) is the first that is not right, the ones before it are right."
    )


def test_a_function_that_does_not_use_its_arguments_is_told_so():
    other = torch.ones(3)
    assert "the same whatever comes in" in judged(lambda m, v: (other * 2).sum(), on=cases()).message
    assert "the same whatever comes in" not in judged(lambda m, v: torch.nan * m.sum(), on=cases()).message
    assert "the same whatever comes in" not in judged(lambda m, v: "much", on=cases()).message


def test_several_changed_arguments_are_told_as_several():
    def changes(m, v):
        found = gaussian_kl(m, v)
        m += 1
        v += 1
        return found

    found = judged(changes, on=cases())
    assert "changed its arguments mu and logvar" in found.message
    assert found.example.endswith("mu and logvar are not what they were afterwards")


def test_a_single_number_is_not_said_to_be_off_by_a_factor():
    on = [Case((normals(2, generator=seeded(i)),), "two numbers") for i in range(4)]
    found = compare(lambda x: x.sum() + 1, lambda x: x.sum(), on, name="f", praise="Good.")
    assert found.message == "It is one number, as asked for, and not the right one."
    found = compare(lambda x: 2 * x.sum(), lambda x: x.sum(), on, name="f", praise="Good.")
    assert found.message == "All your values are too large, by one and the same factor."


def test_a_shown_case_in_float64_comes_before_a_smaller_one_in_float32():
    g = seeded(0)
    on = [Case(gaussians(1, 1, g, dtype=torch.float32), "numbers in float32"), Case(gaussians(2, 2, g), "two images")]
    assert judged(lambda m, v: gaussian_kl(m, v) + 1, on=on).example.endswith("2 of 2 numbers differ")


# What is asked beside the values.


def centred_in_place(z):
    z -= z.mean()
    return z


def test_a_changed_argument_is_told_by_its_name():
    def right_and_careless(mu, logvar):
        kl = gaussian_kl(mu, logvar)
        logvar.data.clamp_(-1, 1)
        return kl

    found = judged(right_and_careless)
    assert "changed its argument logvar" in found.message
    assert alone(centred_in_place, lambda z: z - z.mean(), X).message.startswith("The values are right, but your function changed")


@pytest.mark.parametrize(
    "answer",
    [lambda m, v: gaussian_kl(m, v).float(), lambda m, v: gaussian_kl(m, v).double(), lambda m, v: gaussian_kl(m, v).tolist()],
)
def test_another_dtype_is_told_where_the_page_asks(answer):
    found = judged(answer)
    assert found.right is False
    assert "the dtype is not" in found.message
    assert judged(answer, dtype=False, gradient=()).right is True


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda m, v: gaussian_kl(m, v).detach(), "no gradient comes back"),
        (lambda m, v: gaussian_kl(m.detach(), v), "no gradient reaches mu."),
        (lambda m, v: gaussian_kl(m, v.detach()), "no gradient reaches logvar."),
        (lambda m, v: torch.from_numpy(gaussian_kl(m, v).numpy()), "no gradient comes back"),
        (lambda m, v: torch.tensor([float(each) for each in gaussian_kl(m, v)], dtype=m.dtype), "no gradient comes back"),
        (
            lambda m, v: gaussian_kl(m.detach(), v) + (m**2 - m.detach() ** 2).sum(1),
            "the gradient with respect to mu is not.",
        ),
        (lambda m, v: gaussian_kl(m, v) + 0 * (m - m).sum(1).abs().sqrt(), "is not finite"),
    ],
)
def test_a_lost_or_wrong_gradient_is_told_where_the_page_asks(answer, said):
    found = judged(answer)
    assert found.right is False
    assert said in found.message
    assert judged(answer, gradient=()).right is True


def test_a_gradient_is_looked_at_in_every_case():
    found = judged(lambda m, v: gaussian_kl(m, v) if len(m) == 1 else gaussian_kl(m, v).detach())
    assert "no gradient comes back" in found.message


def test_a_gradient_where_there_should_be_none_is_wrong():
    def constant_in_b(a, b):
        return a + b.detach()

    found = compare(lambda a, b: a + b, constant_in_b, [(X, X)], name="f", praise="", gradient=("a", "b"))
    assert found.message == "The values are right, the gradient with respect to b is not."


def test_a_gradient_can_be_a_slip_with_a_name():
    def cut(logvar):
        return logvar.clamp(-2, 2)

    def straight(logvar):
        return logvar + (logvar.clamp(-2, 2) - logvar).detach()

    v = torch.tensor([-3.0, 0.5, 4.0], dtype=torch.float64)
    slips = {"Half the slope.": lambda v: straight(v) / 2 + straight(v).detach() / 2, "No slope outside.": cut}
    found = compare(cut, straight, [(v,)], name="cut", praise="", gradient=("logvar",), gradient_slips=slips)
    assert found.message == "No slope outside."


def test_each_side_draws_the_same_numbers():
    def noisy(x, generator):
        return x + torch.randn(3, generator=generator, dtype=x.dtype)

    assert alone(noisy, noisy, X, seeded(1)).right is True
    assert alone(lambda x, generator: noisy(x, seeded(2)), noisy, X, seeded(1)).right is False


def test_numbers_of_a_case_have_few_digits_and_are_never_zero():
    drawn = normals(10_000, generator=seeded(0))
    assert torch.allclose(100 * drawn, (100 * drawn).round())
    assert drawn.abs().min() >= 0.01 - 1e-12
    for seed in range(20):
        mu, logvar = gaussians(2, 1, seeded(seed))
        assert mu.shape == logvar.shape == (2, 1)
        assert -8 <= logvar.min() <= -7.4
        assert 2.4 <= logvar.max() <= 3


def test_an_answer_that_draws_where_nothing_has_to_be_drawn_is_told_so():
    found = alone(lambda x: x + torch.randn(3, dtype=x.dtype), lambda x: x, X)
    assert "does it draw" in found.message
    assert "draws" not in alone(lambda x: x + 1, lambda x: x, X).message


def test_a_text_among_numbers_is_told_so():
    found = alone(lambda x: (1.0, "x + 1"), lambda x: (1.0, 2.0), X)
    assert "Value 2 is the first that is not right" in found.message
    assert "It is a text" in found.message
