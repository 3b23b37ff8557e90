"""Mutual information gap, active units, rate and distortion against numpy, closed forms and examples worked by hand."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from companion import data, evaluation, losses, models


@pytest.fixture(scope="module")
def factors() -> torch.Tensor:
    return data.make_sprites(10_000).factors


def normals(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def numpy_information(code: np.ndarray, factor: np.ndarray, bins: int) -> float:
    """Mutual information of the histogram as scikit-learn and others count it: sum p log(p / (p_row p_column)), not corrected."""
    table = np.histogram2d(code, factor, bins=(bins, factor.max() + 1))[0] / len(code)
    outer = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True)
    used = table > 0
    return float((table[used] * np.log(table[used] / outer[used])).sum())


# ------------------------------------------------------------------ mutual information gap


def test_a_code_that_is_the_factors_has_a_gap_of_one(factors):
    found = evaluation.mutual_information_gap(factors.double(), factors)
    assert found.gap >= 0.95
    assert found.per_factor.min() >= 0.95
    scaled = evaluation.mutual_information_gap(
        factors.flip(1) * -0.001 + 7.0, factors
    )  # the order and scale of the latents are free
    torch.testing.assert_close(scaled.per_factor, found.per_factor)


def test_noise_has_no_gap(factors, generator):
    found = evaluation.mutual_information_gap(normals(generator, len(factors), 10), factors)
    assert found.gap <= 0.02
    assert found.mutual_information.abs().max() < 0.01


def test_two_latents_that_know_the_same_have_no_gap(factors):
    assert evaluation.mutual_information_gap(factors[:, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]].double(), factors).gap < 1e-12


def test_the_gap_of_a_half_hidden_factor_by_hand():
    factor = torch.tensor([0, 1, 2, 3]).repeat(1000)[:, None]
    code = torch.stack([factor[:, 0], factor[:, 0] // 2], dim=1).double()  # all of two bits, and one of them
    found = evaluation.mutual_information_gap(code, factor)
    torch.testing.assert_close(found.mutual_information, torch.tensor([[math.log(4), math.log(2)]]).double(), atol=1e-3, rtol=0)
    assert found.gap == pytest.approx(0.5, abs=1e-3)


def test_information_is_the_histograms_less_its_bias(factors, generator):
    code = factors[:, :3].double() + normals(generator, len(factors), 3)
    found = evaluation.mutual_information_gap(code, factors, bins=13).mutual_information
    for i, factor in enumerate(factors.T.numpy()):
        for j, column in enumerate(code.T.numpy()):
            plain = numpy_information(column, factor, 13)
            used = np.histogram2d(column, factor, bins=(13, factor.max() + 1))[0] > 0
            bias = (used.sum() - used.any(axis=1).sum() - used.any(axis=0).sum() + 1) / (2 * len(factors))
            assert found[i, j].item() == pytest.approx(plain - bias, abs=1e-10)


def test_the_correction_takes_the_bias_away(generator):
    """Independent columns: counting alone gives about (20 - 1) (8 - 1) / 2n nats, corrected the mean is 0."""
    n, corrected, plain = 1000, [], []
    for _ in range(40):
        code, factor = torch.rand(n, 1, generator=generator).double(), torch.randint(8, (n, 1), generator=generator)
        corrected.append(evaluation.mutual_information_gap(code, factor).mutual_information.item())
        plain.append(numpy_information(code[:, 0].numpy(), factor[:, 0].numpy(), 20))
    assert np.mean(plain) == pytest.approx(19 * 7 / (2 * n), rel=0.1)
    assert abs(np.mean(corrected)) < 0.1 * np.mean(plain)


def test_information_of_a_gaussian_pair_is_near_the_closed_form(generator):
    """-log(1 - rho^2) / 2; cutting both into cells can only lose a little."""
    n, rho = 200_000, 0.8
    a, noise = normals(generator, n), normals(generator, n)
    b = rho * a + math.sqrt(1 - rho**2) * noise
    factor = ((b - b.min()) / (b.max() - b.min()) * 40).long().clamp(max=39)[:, None]
    found = evaluation.mutual_information_gap(a[:, None], factor, bins=40).mutual_information.item()
    assert found == pytest.approx(-0.5 * math.log(1 - rho**2), rel=0.05)


def test_a_constant_column_knows_nothing_and_a_single_latent_has_no_rival(factors):
    x = factors[:, 1:2]
    found = evaluation.mutual_information_gap(torch.cat([x.double(), torch.full_like(x, 3).double()], dim=1), x)
    assert found.mutual_information[0, 1].item() == pytest.approx(0, abs=1e-12)
    assert found.gap == pytest.approx(1)
    assert evaluation.mutual_information_gap(x.double(), x).gap == pytest.approx(1)


# ------------------------------------------------------------------ active units


def test_a_unit_is_active_when_its_mean_varies_more_than_the_threshold():
    line = torch.tensor([-1.0, 0.0, 1.0]).double()  # variance 1, with n - 1 below
    mu = torch.stack([0.11 * line, 0.09 * line + 5, 0 * line], dim=1)
    assert evaluation.active_units(mu).tolist() == [True, False, False]
    assert evaluation.active_units(mu, threshold=0.005).tolist() == [True, True, False]
    assert evaluation.active_units(mu, threshold=0).tolist() == [True, True, False]


def test_both_units_of_the_courses_vae_are_active(digits):
    assert evaluation.active_units(models.load_trained("vae-2-seed0").encode(digits.x_test).mu).all()


# ------------------------------------------------------------------ rate and distortion


class Fixed(torch.nn.Module):
    """A made-up encoder and decoder on images of any size: mu = first two pixels, logvar = next two, mean = z padded."""

    def encode(self, x):
        return models.GaussianCode(x[:, :2], x[:, 2:4])

    def decode(self, z):
        return torch.nn.functional.pad(z, (0, 3))


def test_rate_is_the_kl_and_its_parts_add_up(generator):
    x = normals(generator, 300, 5)
    found = evaluation.rate_distortion(Fixed(), x, nll=losses.gaussian_nll, generator=generator)
    q, p = Normal(x[:, :2], (0.5 * x[:, 2:4]).exp()), Normal(torch.zeros(2).double(), 1.0)
    torch.testing.assert_close(found.rate_per_unit, kl_divergence(q, p).mean(dim=0))
    assert found.rate == pytest.approx(kl_divergence(Independent(q, 1), Independent(p.expand((300, 2)), 1)).mean().item())
    assert found.rate == pytest.approx(found.rate_per_unit.sum().item())


def test_distortion_is_the_expected_reconstruction_term(generator):
    """E (x - z)^2 / 2 = ((x - mu)^2 + sigma^2) / 2 for a Gaussian likelihood."""
    x = normals(generator, 50, 5)
    expected = (x[:, 2:4].exp() / 2).sum(dim=1).mean() + (x[:, 2:] ** 2 / 2).sum(dim=1).mean() + 5 * 0.5 * math.log(2 * math.pi)
    found = evaluation.rate_distortion(Fixed(), x, nll=losses.gaussian_nll, samples=4000, generator=generator)
    assert found.distortion == pytest.approx(expected.item(), rel=0.005)


def test_rate_plus_distortion_is_the_negative_elbo_of_the_course(digits):
    vae = models.load_trained("vae-2-seed0")
    found = evaluation.rate_distortion(vae, digits.x_test, generator=torch.Generator().manual_seed(3))
    terms = losses.negative_elbo(vae, digits.x_test, generator=torch.Generator().manual_seed(3))
    assert found.rate + found.distortion == pytest.approx(terms.loss.item())  # 2,000 images are one part: the same noise
    more = evaluation.rate_distortion(vae, digits.x_train[:2500], generator=torch.Generator().manual_seed(3))
    assert more.rate == pytest.approx(losses.gaussian_kl(*vae.encode(digits.x_train[:2500])).mean().item())


ONE = torch.ones(4, 3, dtype=torch.float64)
LEVELS = torch.tensor([[0, 1], [1, 0], [0, 0], [1, 1]])


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: evaluation.active_units(ONE[:1]), ValueError, r"active_units: mu: got 1 images, expected at least 2"),
        (lambda: evaluation.active_units(ONE, threshold=-1), ValueError, r"active_units: threshold: got -1"),
        (lambda: evaluation.active_units(ONE * float("nan")), ValueError, r"active_units: mu: got 12 values that are NaN"),
        (lambda: evaluation.active_units(LEVELS), TypeError, r"active_units: mu: got dtype torch.int64"),
        (
            lambda: evaluation.mutual_information_gap(ONE[:3], LEVELS),
            ValueError,
            r"factors: got \(4, 2\) of torch.int64 for codes \(3, 3\)",
        ),
        (lambda: evaluation.mutual_information_gap(ONE, ONE), ValueError, r"factors: got \(4, 3\) of torch.float64"),
        (lambda: evaluation.mutual_information_gap(ONE, LEVELS - 1), ValueError, r"factors: got values from -1 to 0"),
        (lambda: evaluation.mutual_information_gap(ONE, 0 * LEVELS), ValueError, r"factors: got one level only in column 0"),
        (lambda: evaluation.mutual_information_gap(ONE, LEVELS, bins=1), ValueError, r"bins: got 1, expected at least 2"),
        (lambda: evaluation.rate_distortion(Fixed(), ONE[:0], generator=1), ValueError, r"rate_distortion: x: got shape \(0, 3\)"),
        (lambda: evaluation.rate_distortion(Fixed(), ONE, generator=1), TypeError, r"rate_distortion: generator: got int"),
        (
            lambda: evaluation.rate_distortion(Fixed(), ONE, samples=0, generator=torch.Generator()),
            ValueError,
            r"rate_distortion: samples: got 0",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
