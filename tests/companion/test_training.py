"""companion.training.fit: the updates, the records, interrupts, resuming and the errors."""

import os
import signal
from collections import Counter
from itertools import chain
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from companion import evaluation, losses, models, training
from tests.support import no_float64


class Terms(NamedTuple):
    loss: Tensor
    noise: Tensor


def noisy_loss(model, x, *, generator):
    """A loss that draws, as a VAE's does."""
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    return Terms(((model(x + 0.1 * noise) - x) ** 2).sum(dim=1).mean(), noise.mean(dim=1))


@pytest.fixture
def x(generator):
    return torch.rand(50, 6, generator=generator, dtype=torch.float64)


def small_model(seed=0):
    return models.mlp([6, 4, 6], generator=torch.Generator().manual_seed(seed))


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def fit(model, x, loss=noisy_loss, *, seed=3, **options):
    return training.fit(model, x, loss, generator=torch.Generator().manual_seed(seed), **{"steps": 30, "batch_size": 16, **options})


def test_an_update_is_adams_with_a_learning_rate_that_falls_linearly(x):
    model, reference = small_model(), small_model()
    fit(model, x, steps=12)
    generator = torch.Generator().manual_seed(3)
    optimizer = torch.optim.Adam(reference.parameters(), lr=3e-3)
    for step in range(12):
        if step % 3 == 0:  # 50 images make 3 batches of 16
            order = torch.randperm(50, generator=generator)
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - step / 12)
        optimizer.zero_grad()
        noisy_loss(reference, x[order[16 * (step % 3) :][:16]], generator=generator).loss.backward()
        optimizer.step()
    torch.testing.assert_close(weights(model), weights(reference), atol=1e-12, rtol=0)


def test_a_scaled_loss_gives_the_same_run_when_adams_eps_is_scaled_with_it(x):
    def scaled(model, batch, *, generator):
        return {"loss": 1e-3 * noisy_loss(model, batch, generator=generator).loss}

    runs = [small_model() for _ in range(3)]
    fit(runs[0], x, adam_eps=1e-4)
    fit(runs[1], x, scaled, adam_eps=1e-7)
    fit(runs[2], x, scaled, adam_eps=1e-4)
    torch.testing.assert_close(weights(runs[1]), weights(runs[0]), atol=1e-12, rtol=0)
    assert (weights(runs[2]) - weights(runs[0])).abs().max() > 1e-3


def test_history_holds_the_mean_of_every_term_at_every_step(x):
    history = fit(small_model(), x, learning_rate=1e-9)
    assert history.steps_done == 30
    assert set(history.terms) == {"loss", "noise"}
    assert history.terms["loss"].shape == (30,)
    assert history.terms["noise"].abs().max() < 0.5
    assert history.terms["loss"].std() < 0.2 * history.terms["loss"].mean()


def test_every_image_is_seen_once_an_epoch_in_a_new_order():
    x = torch.arange(48, dtype=torch.float64).reshape(48, 1).expand(48, 6).contiguous()
    seen = []

    def watch(model, batch, *, generator):
        seen.append(batch[:, 0].tolist())
        return {"loss": model(batch).mean()}

    fit(small_model(), x, watch, steps=6)
    first, second = list(chain(*seen[:3])), list(chain(*seen[3:]))
    assert Counter(first) == Counter(second) == Counter(range(48))
    assert first != second


def test_fewer_images_than_a_batch_make_one_batch(x):
    assert fit(small_model(), x[:5]).steps_done == 30


def test_a_fit_reads_no_global_random_state(x):
    made = []
    for global_seed in (1, 2):
        torch.manual_seed(global_seed)
        model = small_model()
        fit(model, x)
        made.append(weights(model))
    assert torch.equal(*made)


@pytest.mark.parametrize("stop_at", [7, 9])  # inside an epoch of 3 steps, and between two
def test_an_interrupted_run_resumes_as_if_it_had_never_stopped(x, stop_at):
    whole, parts = small_model(), small_model()
    expected = fit(whole, x)
    calls = []

    def interrupted_loss(model, batch, *, generator):
        calls.append(1)
        if len(calls) == stop_at:
            os.kill(os.getpid(), signal.SIGINT)  # what Ctrl-C and Jupyter's stop button send
        return noisy_loss(model, batch, generator=generator)

    history = fit(parts, x, interrupted_loss)
    assert history.interrupted
    assert history.steps_done == stop_at
    history = fit(parts, x, resume=history, seed=99)  # the random state comes from the history
    assert not history.interrupted
    assert torch.equal(weights(parts), weights(whole))
    torch.testing.assert_close(history.terms["loss"], expected.terms["loss"], atol=0, rtol=0)


def test_ctrl_c_works_as_before_after_a_fit(x):
    before = signal.getsignal(signal.SIGINT)
    fit(small_model(), x, steps=1)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interrupt_stops_at_once(x):
    def stuck(model, batch, *, generator):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return noisy_loss(model, batch, generator=generator)

    with pytest.raises(KeyboardInterrupt):
        fit(small_model(), x, stuck)


@pytest.mark.parametrize("term", ["loss", "noise"])
def test_the_first_non_finite_term_stops_the_run_and_is_named(x, term):
    model, calls = small_model(), []

    def break_at_step_4(model, batch, *, generator):
        calls.append(weights(model))
        terms = noisy_loss(model, batch, generator=generator)
        return terms._replace(**{term: getattr(terms, term) * float("nan")}) if len(calls) == 5 else terms

    with pytest.raises(training.NonFiniteLossError, match=rf"epoch 1, step 4: term `{term}` is nan, expected a finite") as caught:
        fit(model, x, break_at_step_4)
    assert caught.value.history.steps_done == 4
    assert torch.equal(weights(model), calls[-1])  # the weights before the step that failed


def test_the_term_that_overflowed_is_named_and_not_the_sum_with_it(x):
    """`loss` comes first in the terms, and is infinite because another term is."""

    def overflow(model, batch, *, generator):
        terms = noisy_loss(model, batch, generator=generator)
        kl = (1000 * batch).exp()
        return {"loss": terms.loss + kl.mean(), "reconstruction": terms.noise, "kl": kl}

    with pytest.raises(training.NonFiniteLossError, match="epoch 0, step 0: term `kl` is inf, expected a finite number"):
        fit(small_model(), x, overflow)


def test_a_device_without_float64_gives_what_the_cpu_gives(generator):
    """Training and log p(x), on a device that refuses float64."""
    x = torch.rand(200, 784, generator=generator)
    with pytest.raises(TypeError, match=no_float64.REFUSAL):
        no_float64.Elsewhere(x).double()
    found = []
    for images, move in ((x, lambda model: model), (no_float64.Elsewhere(x), no_float64.move)):
        model = move(models.VAE(2, generator=torch.Generator().manual_seed(0), dtype=torch.float32))
        history = fit(model, images, losses.negative_elbo, steps=4)
        generator = torch.Generator().manual_seed(1)
        likelihood = evaluation.log_likelihood(model, images[:50].round(), samples=3, generator=generator)
        found.append((history.terms, likelihood.mean))
    torch.testing.assert_close(found[1], found[0], atol=0, rtol=0)
    assert found[1][0]["kl"].dtype == torch.float64


def test_progress_is_shown_only_when_asked(x, capsys):
    fit(small_model(), x)
    assert capsys.readouterr().err == ""
    fit(small_model(), x, progress=True)
    assert "30/30" in capsys.readouterr().err


@pytest.mark.medium
def test_the_courses_autoencoder_learns(digits, generator):
    model = models.Autoencoder(2, generator=generator)
    history = training.fit(model, digits.x_train, losses.reconstruction_loss, generator=generator, steps=150)
    mean_image = digits.x_train.mean(dim=0).clamp(1e-6, 1 - 1e-6).logit().expand(2000, -1)
    baseline = losses.bernoulli_nll(digits.x_test, mean_image).mean()
    with torch.no_grad():
        assert losses.reconstruction_loss(model, digits.x_test).loss < 0.92 * baseline
    assert history.terms["loss"][:10].mean() > history.terms["loss"][-10:].mean()


def no_loss(model, batch, *, generator):
    return {"reconstruction": model(batch).mean()}


def vector_loss(model, batch, *, generator):
    return {"loss": model(batch).mean(dim=1)}


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": torch.zeros(0, 6)}, ValueError, r"fit: x: got shape \(0, 6\), which holds no data"),
        ({"x": torch.zeros(6)}, ValueError, r"fit: x: got shape \(6,\), expected 2 axes"),
        ({"x": torch.full((4, 6), float("nan"))}, ValueError, r"fit: x: got 24 values that are NaN"),
        ({"x": torch.zeros(4, 6, dtype=torch.uint8)}, TypeError, r"fit: x: got dtype torch.uint8, expected a floating"),
        ({"generator": None}, TypeError, r"fit: generator: got NoneType, expected a torch.Generator"),
        ({"steps": 0}, ValueError, r"fit: steps: got 0, expected at least 1"),
        ({"batch_size": 2.5}, TypeError, r"fit: batch_size: got 2.5 of type float"),
        ({"learning_rate": -1}, ValueError, r"fit: learning_rate: got -1, expected a finite number above 0"),
        ({"adam_eps": 0}, ValueError, r"fit: adam_eps: got 0, expected a finite number above 0"),
        ({"loss": no_loss}, TypeError, r"fit: loss returned dict, expected a NamedTuple or dict of tensors with a scalar `loss`"),
        ({"loss": vector_loss}, TypeError, r"fit: loss returned dict, expected .* scalar `loss`"),
        ({"resume": "yesterday"}, TypeError, r"fit: resume: got 'yesterday', expected the History"),
    ],
)
def test_bad_input_is_named(x, change, error, message):
    arguments = {"x": x, "loss": noisy_loss, "generator": torch.Generator(), "steps": 2, **change}
    with pytest.raises(error, match=message):
        training.fit(small_model(), arguments.pop("x"), arguments.pop("loss"), **arguments)


def test_resuming_past_the_end_is_refused(x):
    history = fit(small_model(), x, steps=5)
    with pytest.raises(ValueError, match=r"resume: got a history of 5 steps, expected at most steps=4"):
        fit(small_model(), x, steps=4, resume=history)


def test_the_history_says_how_far_it_came(x):
    assert repr(fit(nn.Linear(6, 6, dtype=torch.float64), x, steps=2)).startswith("History(2 steps; last step: loss ")
    assert repr(training.History()) == "History(0 steps)"
