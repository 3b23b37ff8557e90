"""companion.evaluation against brute force, known answers and the coverage of its own intervals."""

import pytest
import torch

from companion import evaluation


def normals(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_nearest_distance_is_brute_force(generator):
    x, real = normals(generator, 6, 784), normals(generator, 9, 784)
    expected = [min((a - b).pow(2).sum().sqrt().item() for b in real) for a in x]
    found = evaluation.nearest_distance(x, real)
    torch.testing.assert_close(found.values, torch.tensor(expected).double())
    assert found.mean == pytest.approx(sum(expected) / 6)
    assert found.low < found.mean < found.high


def test_finite_numbers_whose_sum_is_not_are_let_through():
    large = torch.full((3, 2), 1e308, dtype=torch.float64)
    assert evaluation.variety(large).mean == 0
    large[0, 0] = -torch.inf
    with pytest.raises(ValueError, match="variety: x: got 1 values that are NaN or infinite"):
        evaluation.variety(large)


def test_a_real_image_lies_at_no_distance_unless_it_may_not_count_itself(digits):
    real = digits.x_test[:50]
    assert evaluation.nearest_distance(real[:5], real).mean == pytest.approx(0, abs=1e-6)
    assert evaluation.nearest_distance(real, real, exclude_self=True).mean > 2


@pytest.mark.parametrize("exclude_self", [False, True])
def test_nearest_distance_is_the_same_however_many_rows_are_held(generator, monkeypatch, exclude_self):
    x = normals(generator, 11, 784)
    whole = evaluation.nearest_distance(x, x, exclude_self=exclude_self).values
    monkeypatch.setattr(evaluation, "ROWS", 4)
    torch.testing.assert_close(evaluation.nearest_distance(x, x, exclude_self=exclude_self).values, whole, atol=1e-5, rtol=0)
    assert (whole > 30).all() == exclude_self


def rounded_slowly(z, bits, low, high):
    """One number after the other: the middle of the piece of the range that it lies in, or of the nearest one."""
    rows = []
    for row in z.tolist():
        rows.append([])
        for value, bottom, top in zip(row, low.tolist(), high.tolist(), strict=True):
            width = (top - bottom) / 2**bits
            edges = [bottom + width * k for k in range(1, 2**bits)]
            rows[-1].append(bottom + width * (sum(edge <= value for edge in edges) + 0.5))
    return torch.tensor(rows).double()


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_a_rounded_code_is_the_middle_of_the_piece_that_each_number_lies_in(generator, bits):
    z = 3 * normals(generator, 40, 3)
    low, high = torch.tensor([-4.0, 0.5, -1.0]).double(), torch.tensor([3.0, 2.0, -0.25]).double()
    found = evaluation.round_code(z, bits, low, high)
    torch.testing.assert_close(found, rounded_slowly(z, bits, low, high))
    inside = (z >= low) & (z < high)
    assert 0 < inside.double().mean() < 1
    assert ((found - z).abs() <= (high - low) / 2**bits / 2 + 1e-12)[inside].all()
    assert all(len(column.unique()) <= 2**bits for column in found.T)
    torch.testing.assert_close(evaluation.round_code(found, bits, low, high), found)


def test_a_code_at_and_beyond_the_ends_of_its_range_takes_the_outer_levels():
    low, high = torch.tensor([-1.0]).double(), torch.tensor([3.0]).double()
    z = torch.tensor([[-1e30], [-1.1], [-1.0], [0.0], [0.999], [1.0], [3.0], [3.1], [1e30]]).double()
    found = evaluation.round_code(z, 2, low, high)
    assert found[:, 0].tolist() == [-0.5, -0.5, -0.5, 0.5, 0.5, 1.5, 2.5, 2.5, 2.5]


def test_what_round_code_cannot_round_is_named(as_users_run):
    z, low, high = torch.zeros(2, 3).double(), -torch.ones(3).double(), torch.ones(3).double()
    with pytest.raises(ValueError, match=r"round_code: low: got shape \(2,\), expected a last axis of 3"):
        evaluation.round_code(z, 3, low[:2], high)
    with pytest.raises(ValueError, match=r"round_code: z: got 6 values that are NaN"):
        evaluation.round_code(z * torch.nan, 3, low, high)
    with pytest.raises(ValueError, match=r"round_code: bits: got 0, expected at least 1"):
        evaluation.round_code(z, 0, low, high)
    with pytest.raises(ValueError, match=r"round_code: bits: got 64, expected at most 32"):
        evaluation.round_code(z, 64, low, high)
    with pytest.raises(TypeError, match=r"round_code: bits: got 3.0 of type float"):
        evaluation.round_code(z, 3.0, low, high)
    with pytest.raises(ValueError, match=r"got -1 and -1 for number 1, expected low below high"):
        evaluation.round_code(z, 3, low, torch.tensor([1.0, -1.0, 1.0]).double())


def test_variety_is_the_mean_over_pairs(generator):
    x = normals(generator, 7, 784)
    pairs = [(a - b).norm().item() for i, a in enumerate(x) for b in x[:i]]
    assert evaluation.variety(x).mean == pytest.approx(sum(pairs) / len(pairs))
    assert evaluation.variety(x[:1].expand(5, -1)).mean == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("measure", ["mean", "variety"])
def test_an_interval_holds_the_truth_about_as_often_as_it_says(generator, measure):
    hits = 0
    for _ in range(400):
        x = normals(generator, 60, 1).abs() if measure == "mean" else normals(generator, 60, 1)
        found = evaluation.estimate(x[:, 0]) if measure == "mean" else evaluation.variety(x)
        truth = (2 / torch.pi) ** 0.5 if measure == "mean" else 2 / torch.pi**0.5  # E|x|, and E|x - y|
        hits += found.low < truth < found.high
    assert 0.92 <= hits / 400 <= 0.975


def test_whitened_codes_have_mean_zero_and_covariance_one_and_come_back(generator):
    mix = normals(generator, 3, 3)
    z = normals(generator, 500, 3) @ mix + 7
    whitening = evaluation.fit_whitening(z)
    white = whitening.white(z)
    torch.testing.assert_close(white.mean(dim=0), torch.zeros(3).double(), atol=1e-10, rtol=0)
    torch.testing.assert_close(torch.cov(white.T), torch.eye(3).double(), atol=1e-10, rtol=0)
    torch.testing.assert_close(whitening.code(white), z)


def test_whitening_works_in_one_dimension(generator):
    z = 3 * normals(generator, 50, 1) + 1
    white = evaluation.fit_whitening(z).white(z)
    assert white.std().item() == pytest.approx(1)


def test_neighbours_are_one_radius_away_in_the_clouds_own_spread(generator):
    spread = torch.tensor([[4.0, 0.0], [1.0, 0.5]]).double()
    z = normals(generator, 200, 2)
    seen = []

    def decode(codes):
        seen.append(codes)
        return codes

    change = evaluation.neighbour_change(decode, z, radius=0.3, spread=spread, classify=lambda images: images, generator=generator)
    white = torch.linalg.solve(spread, (seen[1] - seen[0]).T).T
    torch.testing.assert_close(white.norm(dim=1), torch.full((200,), 0.3).double())
    assert white.mean(dim=0).abs().max() < 0.1  # every direction
    assert change.picture.mean == pytest.approx((seen[1] - seen[0]).norm(dim=1).mean().item())
    labels = [codes.argmax(dim=1) for codes in seen]
    assert change.label.mean == pytest.approx((labels[0] != labels[1]).double().mean().item())
    assert 0 < change.label.mean < 1


ONE = torch.ones(4, 3, dtype=torch.float64)
EYE = torch.eye(3, dtype=torch.float64)


def change(z=ONE, radius=1.0, spread=EYE, generator=None):
    generator = torch.Generator() if generator is None else generator
    return evaluation.neighbour_change(lambda z: z, z, radius=radius, spread=spread, classify=lambda x: x, generator=generator)


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: evaluation.nearest_distance(ONE, ONE[:, :2]), ValueError, r"x and real: got images of 3 and 2 pixels"),
        (
            lambda: evaluation.nearest_distance(ONE[:0], ONE),
            ValueError,
            r"nearest_distance: x: got shape \(0, 3\), which holds no data",
        ),
        (
            lambda: evaluation.nearest_distance(ONE, ONE * float("nan")),
            ValueError,
            r"nearest_distance: real: got 12 values that are NaN",
        ),
        (
            lambda: evaluation.nearest_distance(ONE[:2], ONE, exclude_self=True),
            ValueError,
            r"x and real: got shapes \(2, 3\) and \(4, 3\)",
        ),
        (lambda: evaluation.variety(ONE[:2]), ValueError, r"variety: x: got 2 images, expected at least 3"),
        (lambda: evaluation.fit_whitening(ONE[:3]), ValueError, r"fit_whitening: z: got 3 codes of 3 numbers, expected at least 4"),
        (lambda: evaluation.fit_whitening(ONE), ValueError, r"codes that do not fill their 3 dimensions"),
        (lambda: evaluation.fit_whitening(ONE[0]), ValueError, r"fit_whitening: z: got shape \(3,\), expected 2 axes"),
        (lambda: change(radius=0.0), ValueError, r"neighbour_change: radius: got 0.0"),
        (lambda: change(spread=EYE[:, :2]), ValueError, r"neighbour_change: spread: got shape \(3, 2\), expected a last axis of 3"),
        (lambda: change(generator=1), TypeError, r"neighbour_change: generator: got int"),
        (lambda: evaluation.estimate(ONE[0, :1]), ValueError, r"estimate: values: got 1, expected at least 2"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
