"""The check of a VAE's training step: what it returns, and where the weights are after one step and after several."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from companion import losses, models
from companion.checks.cases import Case, normals, seeded, uniform, whole
from companion.checks.comparing import compare
from companion.checks.verdict import Verdict


def check_training_step(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(start, images, noise, beta)``: a small VAE after a training step on each batch, with plain SGD.

    start: seed of the weights. images: (steps, batch, pixels). noise: (steps, batch, latent_dim), the eps of each step.

    Returns of the answer: what the step gave each time, (steps, 3), the means over the batch of loss, reconstruction and KL before the
    weights moved; and the weights at the end, flat.
    """
    return compare(
        answer,
        _trained(_step),
        _training_step_cases(seed),
        slips={message: _trained(step) for message, step in STEP_SLIPS.items()},
        name="training_step",
        praise="Numbers and weights are those of a VAE's training, after one step and after several. Now let it run on the digits.",
        parts=("what the steps returned", "the weights after the steps"),
        scale=10.0,
    )


def _training_step_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    batch, pixels, latent_dim = whole(2, 5, generator), whole(3, 6, generator), whole(2, 3, generator)

    def case(steps: int, batch: int, pixels: int, latent_dim: int, beta: float | int, about: str) -> Case:
        images = uniform(0.0, 1.0, steps, batch, pixels, generator=generator)
        noise = normals(steps, batch, latent_dim, generator=generator)
        return Case((whole(0, 999, generator), images, noise, beta), about)

    return [
        case(1, 1, 2, 1, 1.0, "one step with one image"),
        case(1, batch, pixels, latent_dim, 1.0, "one step"),
        case(1, batch, pixels, latent_dim, whole(2, 5, generator) + 0.5, "one step with a beta that is not 1"),
        case(whole(3, 5, generator), batch, pixels, latent_dim, 0.5, "several steps"),
    ]


def _trained(step: Callable) -> Callable:
    """What `step(model, optimizer, x, eps, beta)` makes of a small VAE, as a function of data: the page's own `take_steps`."""

    def training_step(start: int, images: Tensor, noise: Tensor, beta: float | int) -> tuple[Tensor, Tensor]:
        model = models.VAE(noise.shape[2], hidden=(4,), pixels=images.shape[2], generator=seeded(start))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        with torch.enable_grad():
            said = [[each.item() for each in step(model, optimizer, *pair, beta)] for pair in zip(images, noise, strict=True)]
        return torch.tensor(said, dtype=torch.float64), torch.nn.utils.parameters_to_vector(model.parameters()).detach()

    return training_step


def _nll(x: Tensor, logits: Tensor) -> Tensor:
    """The cross-entropy of each pixel: (batch, pixels)."""
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def _bill(
    model: models.VAE,
    x: Tensor,
    eps: Tensor,
    *,
    draw: Callable = lambda mu, logvar, eps: mu + (0.5 * logvar).exp() * eps,
    nll: Callable = lambda x, logits: _nll(x, logits).sum(dim=1),
) -> tuple[Tensor, Tensor]:
    """The mean reconstruction term and the mean KL."""
    mu, logvar = model.encode(x)
    return nll(x, model.decode(draw(mu, logvar, eps))).mean(), losses.gaussian_kl(mu, logvar).mean()


def _step(
    model: models.VAE,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    eps: Tensor,
    beta: float | int,
    *,
    loss: Callable = lambda r, k, beta, n: r + beta * k,
    clear: bool = True,
    move: bool = True,
    **slip: Any,
) -> tuple:
    """One training step, with a slip in what is lowered, in the draw or in the order of things."""
    reconstruction, kl = _bill(model, x, eps, **slip)
    total = loss(reconstruction, kl, beta, len(x))
    if clear:
        optimizer.zero_grad()
    total.backward()
    if move:
        optimizer.step()
    return total, reconstruction, kl


def _with(*, say: Callable = lambda total, r, k, beta: (total, r, k), **slip: Any) -> Callable:
    """A step with a slip. say: what it returns."""
    return lambda model, optimizer, x, eps, beta: say(*_step(model, optimizer, x, eps, beta, **slip), beta)


def _late(model: models.VAE, optimizer: torch.optim.Optimizer, x: Tensor, eps: Tensor, beta: float | int) -> tuple:
    """The weights move before the gradient of this batch is there: by that of the batch before."""
    optimizer.step()
    return _step(model, optimizer, x, eps, beta, move=False)


def _after(model: models.VAE, optimizer: torch.optim.Optimizer, x: Tensor, eps: Tensor, beta: float | int) -> tuple:
    """The numbers are taken after the weights moved."""
    _step(model, optimizer, x, eps, beta)
    with torch.no_grad():
        reconstruction, kl = _bill(model, x, eps)
    return reconstruction + beta * kl, reconstruction, kl


STEP_SLIPS: dict[str, Callable] = {
    "The numbers that you return are right, but the weights never move. They move when `optimizer.step` is called and finds the "
    "gradient of this loss there.": _with(move=False),
    "The gradients of earlier batches are still there: PyTorch adds each new gradient to what it finds.": _with(clear=False),
    "The weights move by the gradient of the batch before: they move before this batch's gradient is there.": _late,
    "The numbers that you return are those after the weights moved. Return those of the loss that was lowered.": _after,
    "You decode the mean. No draw is made, so eps plays no part.": _with(draw=lambda mu, logvar, eps: mu),
    "Your draw takes exp(logvar) as sigma. logvar is the logarithm of the variance.": _with(
        draw=lambda mu, logvar, eps: mu + logvar.exp() * eps
    ),
    "Your draw has sigma 1, whatever the encoder says.": _with(draw=lambda mu, logvar, eps: mu + eps),
    "Your draw takes logvar as sigma.": _with(draw=lambda mu, logvar, eps: mu + logvar * eps),
    "You decode eps. Where does the image come in?": _with(draw=lambda mu, logvar, eps: eps),
    "No gradient of the reconstruction reaches the encoder: the draw is cut off from it.": _with(
        draw=lambda mu, logvar, eps: (mu + (0.5 * logvar).exp() * eps).detach()
    ),
    "The width gets no gradient of the reconstruction: sigma is cut off in the draw.": _with(
        draw=lambda mu, logvar, eps: mu + (0.5 * logvar).exp().detach() * eps
    ),
    "Beta plays no part in the loss.": _with(loss=lambda r, k, beta, n: r + k),
    "You put beta on the reconstruction term. It weighs the KL.": _with(loss=lambda r, k, beta, n: beta * r + k),
    "You subtract the KL in the loss. What does training do to a KL that lowers the loss?": _with(
        loss=lambda r, k, beta, n: r - beta * k
    ),
    "You lower the reconstruction term alone, and the loss that you return is that too.": _with(loss=lambda r, k, beta, n: r),
    "You return the right loss and lower another one, without the KL.": _with(
        loss=lambda r, k, beta, n: r, say=lambda total, r, k, beta: (r + beta * k, r, k)
    ),
    "The loss is the sum over the images. Its mean is asked for; with the sum a step is as many times larger.": _with(
        loss=lambda r, k, beta, n: n * (r + beta * k)
    ),
    "You return the mean loss and lower the sum over the images: a step is as many times larger.": _with(
        loss=lambda r, k, beta, n: n * (r + beta * k), say=lambda total, r, k, beta: (r + beta * k, r, k)
    ),
    "The KL that you return holds beta. The terms are reported without it.": _with(
        say=lambda total, r, k, beta: (total, r, beta * k)
    ),
    "The two terms have changed places: first the loss, then the reconstruction, then the KL.": _with(
        say=lambda total, r, k, beta: (total, k, r)
    ),
    "You averaged the cross-entropy over the pixels. Sum within an image, as the KL is summed over the latents.": _with(
        nll=lambda x, logits: _nll(x, logits).mean(dim=1)
    ),
    "You put a sigmoid on the logits and passed the result on as logits: sigmoid twice.": _with(
        nll=lambda x, logits: _nll(x, logits.sigmoid()).sum(dim=1)
    ),
}
