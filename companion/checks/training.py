"""The check of a VAE's training step: what it returns, and where the weights are after one step and after several."""

import math
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
    """Judge ``answer(start, scale, images, noise, beta)``: a small VAE after a training step on each batch, by SGD with momentum.

    start: seed of the weights. scale: what they are multiplied by. images: (steps, batch, pixels). noise: (steps, batch, latent_dim),
    the eps of each step.

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
        noise[0, 0, 0] = noise[0, 0, 0].sign() * whole(33, 39, generator) / 10  # rare, and drawn all the same
        return Case((whole(0, 999, generator), 1, images, noise, beta), about)

    return [
        case(1, 1, 2, 1, 1.0, "one step with one image"),
        case(1, batch, pixels, latent_dim, 1.0, "one step"),
        case(1, batch, pixels, latent_dim, whole(2, 5, generator) + 0.5, "one step with a beta that is not 1"),
        case(whole(3, 5, generator), batch, pixels, latent_dim, 0.5, "several steps"),
        _sure(case(1, 6, 4, 2, 0.5, "weights times 5, with which logvar and logits are far from 0"), generator),
    ]


def _sure(case: Case, generator: torch.Generator) -> Case:
    """The case with weights and images with which log variances come near -8 and logits near 50, as those of trained models do."""
    _, _, images, noise, beta = case.arguments
    steps, batch, pixels = images.shape
    while True:  # a model takes longer to make than to try on many batches
        start = whole(0, 99_999, generator)
        tries = uniform(0.0, 1.0, 1000, batch, pixels, generator=generator)
        with torch.no_grad():
            model = _model(start, 5, pixels, noise.shape[2])
            mu, logvar = (each.unflatten(0, (1000, batch)) for each in model.encode(tries.flatten(0, 1)))
            logits = model.decode((mu + (0.5 * logvar).exp() * noise).flatten(0, 1)).unflatten(0, (1000, batch))
        low, high, most = logvar.amin((1, 2)), logvar.amax((1, 2)), logits.abs().amax((1, 2))
        fit = (low > -8) & (low < -7.2) & (high < 3) & (most > 38) & (most < 50)
        if fit.any():
            return Case((start, 5, tries[fit][:steps], noise, beta), case.about, extreme=True)


def _model(start: int, scale: int, pixels: int, latent_dim: int) -> models.VAE:
    """A small VAE, its first weights multiplied by a number."""
    model = models.VAE(latent_dim, hidden=(4,), pixels=pixels, generator=seeded(start))
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(scale)
    return model


def _trained(step: Callable) -> Callable:
    """What `step(model, optimizer, x, eps, beta)` makes of a small VAE, as a function of data: the page's own `take_steps`."""

    def training_step(start: int, scale: int, images: Tensor, noise: Tensor, beta: float | int) -> tuple[Tensor, Tensor]:
        model = _model(start, scale, images.shape[2], noise.shape[2])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
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
    codes: Callable = lambda mu, logvar: (mu, logvar),
) -> tuple[Tensor, Tensor]:
    """The mean reconstruction term and the mean KL. codes: what becomes of what the encoder says."""
    mu, logvar = codes(*model.encode(x))
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
    move: int = 1,
    clip: float | int = math.inf,
    **slip: Any,
) -> tuple:
    """One training step, with a slip in what is lowered, in the draw or in the order of things."""
    reconstruction, kl = _bill(model, x, eps, **slip)
    total = loss(reconstruction, kl, beta, len(x))
    if clear:
        optimizer.zero_grad()
    total.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    for _ in range(move):
        optimizer.step()
    return total, reconstruction, kl


def _with(*, say: Callable = lambda total, r, k, beta: (total, r, k), **slip: Any) -> Callable:
    """A step with a slip. say: what it returns."""
    return lambda model, optimizer, x, eps, beta: say(*_step(model, optimizer, x, eps, beta, **slip), beta)


def _late(model: models.VAE, optimizer: torch.optim.Optimizer, x: Tensor, eps: Tensor, beta: float | int) -> tuple:
    """The weights move before the gradient of this batch is there: by that of the batch before."""
    optimizer.step()
    return _step(model, optimizer, x, eps, beta, move=0)


def _own(model: models.VAE, optimizer: torch.optim.Optimizer, x: Tensor, eps: Tensor, beta: float | int) -> tuple:
    """Plain gradient descent, whatever the optimizer is and remembers."""
    return _step(model, torch.optim.SGD(model.parameters(), lr=0.05), x, eps, beta)


def _sums(model: models.VAE, optimizer: torch.optim.Optimizer, x: Tensor, eps: Tensor, beta: float | int) -> tuple:
    """All three are sums over the images, that which is lowered too."""
    total, reconstruction, kl = _step(model, optimizer, x, eps, beta, loss=lambda r, k, beta, n: n * (r + beta * k))
    return total, len(x) * reconstruction, len(x) * kl


def _after(model: models.VAE, optimizer: torch.optim.Optimizer, x: Tensor, eps: Tensor, beta: float | int) -> tuple:
    """The numbers are taken after the weights moved."""
    _step(model, optimizer, x, eps, beta)
    with torch.no_grad():
        reconstruction, kl = _bill(model, x, eps)
    return reconstruction + beta * kl, reconstruction, kl


STEP_SLIPS: dict[str, Callable] = {
    "The numbers that you return are right, but the weights never move. They move when `optimizer.step` is called and finds the "
    "gradient of this loss there.": _with(move=0),
    "The gradients of earlier batches are still there: PyTorch adds each new gradient to what it finds.": _with(clear=False),
    "The weights move by the gradient of the batch before: they move before this batch's gradient is there.": _late,
    "The numbers that you return are those after the weights moved. Return those of the loss that was lowered.": _after,
    "The first step is the optimizer's and the later ones are not: it has a memory. Let the one that you were given take the step, and "
    "do not make your own or move the weights by hand.": _own,
    "The weights move twice for one batch.": _with(move=2),
    **{
        f"You clip the gradient, at a norm of {norm}. The step that is asked for takes it as it is.": _with(clip=norm)
        for norm in (1, 5, 10)
    },
    **{
        f"You clamp logvar at {most}. Trained models have log variances far from 0, and the KL charges for them.": _with(
            codes=lambda mu, logvar, most=most: (mu, logvar.clamp(-most, most))
        )
        for most in (7, 6, 5, 4, 3, 2)
    },
    "You decode the mean. No draw is made, so eps plays no part.": _with(draw=lambda mu, logvar, eps: mu),
    "Your draw takes exp(logvar) as sigma. logvar is the logarithm of the variance.": _with(
        draw=lambda mu, logvar, eps: mu + logvar.exp() * eps
    ),
    "Your draw has sigma 1, whatever the encoder says.": _with(draw=lambda mu, logvar, eps: mu + eps),
    "Your draw takes logvar as sigma.": _with(draw=lambda mu, logvar, eps: mu + logvar * eps),
    "You clip eps at 3. Rare draws are draws too.": _with(
        draw=lambda mu, logvar, eps: mu + (0.5 * logvar).exp() * eps.clamp(-3, 3)
    ),
    "You clip eps at 2. Rare draws are draws too.": _with(
        draw=lambda mu, logvar, eps: mu + (0.5 * logvar).exp() * eps.clamp(-2, 2)
    ),
    "All images of a batch get the draw of the first one.": _with(draw=lambda mu, logvar, eps: mu + (0.5 * logvar).exp() * eps[:1]),
    "Your draw subtracts sigma times eps. With this eps the check adds it.": _with(
        draw=lambda mu, logvar, eps: mu - (0.5 * logvar).exp() * eps
    ),
    "You decode eps. Where does the image come in?": _with(draw=lambda mu, logvar, eps: eps),
    "No gradient of the reconstruction reaches the encoder: the draw is cut off from it.": _with(
        draw=lambda mu, logvar, eps: (mu + (0.5 * logvar).exp() * eps).detach()
    ),
    "No gradient reaches the encoder, that of the KL neither: its weights stay where they are.": _with(
        codes=lambda mu, logvar: (mu.detach(), logvar.detach())
    ),
    "The mean gets no gradient of the reconstruction: mu is cut off in the draw.": _with(
        draw=lambda mu, logvar, eps: mu.detach() + (0.5 * logvar).exp() * eps
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
    "You lower and return sums over the images. Means are asked for.": _sums,
    "The KL that you return holds beta. The terms are reported without it.": _with(
        say=lambda total, r, k, beta: (total, r, beta * k)
    ),
    "The two terms have changed places: first the loss, then the reconstruction, then the KL.": _with(
        say=lambda total, r, k, beta: (total, k, r)
    ),
    "The loss comes first, then the two terms.": _with(say=lambda total, r, k, beta: (r, k, total)),
    "You took half the squared error. The pixels are Bernoulli here.": _with(
        nll=lambda x, logits: 0.5 * ((x - logits.sigmoid()) ** 2).sum(dim=1)
    ),
    "You took the squared error. The pixels are Bernoulli here.": _with(
        nll=lambda x, logits: ((x - logits.sigmoid()) ** 2).sum(dim=1)
    ),
    "You take the logarithm of a probability. For a sure decoder it rounds to 0 or 1, and its gradient with it. Stay with the logits.": (
        _with(nll=lambda x, logits: F.binary_cross_entropy(logits.sigmoid(), x, reduction="none").sum(dim=1))
    ),
    "You averaged the cross-entropy over the pixels. Sum within an image, as the KL is summed over the latents.": _with(
        nll=lambda x, logits: _nll(x, logits).mean(dim=1)
    ),
    "You put a sigmoid on the logits and passed the result on as logits: sigmoid twice.": _with(
        nll=lambda x, logits: _nll(x, logits.sigmoid()).sum(dim=1)
    ),
}
