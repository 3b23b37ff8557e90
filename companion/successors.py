"""Three models that came after the plain VAE, as small as they go: two layers of latents, a codebook, many steps of noise.

`TwoLayerVAE` learns the prior of its code, `VQVAE` has a code of whole numbers with an `IndexPrior` over them, `Diffusion` has a fixed
encoder of many steps and learns to undo one. Each loss is one that `training.fit` takes. The plain models are in `models`.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from companion import _require, losses, models
from companion.models import PIXELS, GaussianCode

TRAINED = models.TRAINED.with_name("outlook.safetensors")
TIME_FEATURES = 16  # sines and cosines that tell the network how much noise there is


# --- two layers of latents


class TwoLayerTerms(NamedTuple):
    """loss: scalar, the mean over the batch of reconstruction + kl + top_kl. The three are (batch,), nats an image.

    kl: from q(z|x) to the learned prior p(z|u). top_kl: from q(u|x) to N(0, I).
    """

    loss: Float[Tensor, ""]
    reconstruction: Float[Tensor, "batch"]
    kl: Float[Tensor, "batch"]
    top_kl: Float[Tensor, "batch"]


class TwoLayerVAE(nn.Module):
    """A VAE whose prior is a small VAE's decoder: u -> z -> x, with p(u) = N(0, I) and p(z|u) a Gaussian that is learned.

    The encoder gives q(z|x) and q(u|x) from the same features, independent of each other once x is given. That is the simplest of
    the hierarchies of Rezende et al. 2014 and Sonderby et al. 2016; theirs let the layers' encoders depend on each other.

    Args:
        latent_dim: numbers in z, which the pixels are decoded from.
        top_dim: numbers in u, above it.
        generator: draws the initial weights.
        hidden: width of the encoder's and the decoder's hidden layer.
        top_hidden: width of the hidden layer between z's features and u, and between u and z.
        dtype: of the weights.

    Example:
        >>> model = TwoLayerVAE(16, 2, generator=torch.Generator().manual_seed(0))
        >>> model.sample(5, generator=torch.Generator().manual_seed(0)).shape
        torch.Size([5, 784])
    """

    def __init__(
        self,
        latent_dim: int,
        top_dim: int,
        *,
        generator: torch.Generator,
        hidden: int = 128,
        top_hidden: int = 64,
        dtype: torch.dtype = torch.float64,
    ):
        super().__init__()
        for name, value in {"latent_dim": latent_dim, "top_dim": top_dim, "hidden": hidden, "top_hidden": top_hidden}.items():
            _require.whole(f"TwoLayerVAE: {name}", value)
        _require.generator("TwoLayerVAE: generator", generator)
        self.latent_dim, self.top_dim = latent_dim, top_dim
        self.encoder = models.mlp([PIXELS, hidden], activate_last=True, generator=generator, dtype=dtype)
        self.head = models.mlp([hidden, 2 * latent_dim], generator=generator, dtype=dtype)
        self.top_head = models.mlp([hidden, top_hidden, 2 * top_dim], generator=generator, dtype=dtype)
        self.prior_net = models.mlp([top_dim, top_hidden, 2 * latent_dim], generator=generator, dtype=dtype)
        self.decoder = models.mlp([latent_dim, hidden, PIXELS], generator=generator, dtype=dtype)

    def encode(self, x: Float[Tensor, "batch 784"]) -> GaussianCode:
        """Return q(z|x): mu and logvar, (batch, latent_dim)."""
        _require.tensor("TwoLayerVAE.encode: x", x, ndim=2, last=PIXELS)
        return GaussianCode(*self.head(self.encoder(x)).chunk(2, dim=1))

    def encode_top(self, x: Float[Tensor, "batch 784"]) -> GaussianCode:
        """Return q(u|x): mu and logvar, (batch, top_dim)."""
        _require.tensor("TwoLayerVAE.encode_top: x", x, ndim=2, last=PIXELS)
        return GaussianCode(*self.top_head(self.encoder(x)).chunk(2, dim=1))

    def prior(self, u: Float[Tensor, "batch top_dim"]) -> GaussianCode:
        """Return p(z|u): mu and logvar, (batch, latent_dim)."""
        _require.tensor("TwoLayerVAE.prior: u", u, ndim=2, last=self.top_dim)
        return GaussianCode(*self.prior_net(u).chunk(2, dim=1))

    def decode(self, z: Float[Tensor, "batch latent_dim"]) -> Float[Tensor, "batch 784"]:
        """Return the logits of each code's image."""
        _require.tensor("TwoLayerVAE.decode: z", z, ndim=2, last=self.latent_dim)
        return self.decoder(z)

    def sample(self, n: int, *, generator: torch.Generator) -> Float[Tensor, "n 784"]:
        """Draw u, then z given u, and return the decoder's means: pixels in (0, 1)."""
        dtype = next(self.decoder.parameters()).dtype
        u = torch.randn(n, self.top_dim, generator=generator, dtype=dtype)
        z = models.reparameterize(*self.prior(u), generator=generator)
        return torch.sigmoid(self.decode(z))


def gaussian_kl_between(q: GaussianCode, p: GaussianCode) -> Float[Tensor, "batch"]:
    """KL divergence from one diagonal Gaussian to another, KL(q || p).

    1/2 * sum over latents of log(var_p / var_q) - 1 + (var_q + (mu_q - mu_p)^2) / var_p. With p = N(0, I) it is `gaussian_kl`.

    Args:
        q, p: mu and logvar, (batch, latent_dim) each.

    Returns:
        (batch,), nats, summed over latents.

    Raises:
        ValueError: shapes differ.

    Example:
        >>> zero, one = torch.zeros(1, 1), torch.ones(1, 1)
        >>> gaussian_kl_between(GaussianCode(one, zero), GaussianCode(zero, zero))
        tensor([0.5000])
    """
    for name, other in (("q.logvar", q.logvar), ("p.mu", p.mu), ("p.logvar", p.logvar)):
        _require.same_shape("gaussian_kl_between: q.mu", q.mu, name, other)
    squares = (q.logvar.exp() + (q.mu - p.mu) ** 2) / p.logvar.exp()
    return 0.5 * (p.logvar - q.logvar - 1 + squares).sum(dim=1)


def two_layer_elbo(model: TwoLayerVAE, x: Float[Tensor, "batch 784"], *, generator: torch.Generator) -> TwoLayerTerms:
    """The negative ELBO of two layers: reconstruction + KL(q(z|x) || p(z|u)) + KL(q(u|x) || p(u)), one u and one z an image.

    Its mean is an upper bound of -log p(x), nats, in the same units as `losses.negative_elbo`.

    Args:
        model: a `TwoLayerVAE`.
        x: images, (batch, 784), in [0, 1].
        generator: draws u, then z.
    """
    q, q_top = model.encode(x), model.encode_top(x)
    u = models.reparameterize(*q_top, generator=generator)
    z = models.reparameterize(*q, generator=generator)
    reconstruction = losses.bernoulli_nll(x, model.decode(z))
    kl = gaussian_kl_between(q, model.prior(u))
    top_kl = losses.gaussian_kl(*q_top)
    return TwoLayerTerms((reconstruction + kl + top_kl).mean(), reconstruction, kl, top_kl)


# --- a codebook


class VQTerms(NamedTuple):
    """loss: scalar, the mean over the batch of reconstruction + codebook + commitment. The three are (batch,).

    reconstruction: nats an image. codebook: squared distance that moves codebook vectors. commitment: the same distance, times its
    weight, that moves the encoder.
    """

    loss: Float[Tensor, ""]
    reconstruction: Float[Tensor, "batch"]
    codebook: Float[Tensor, "batch"]
    commitment: Float[Tensor, "batch"]


class IndexTerms(NamedTuple):
    """loss: scalar, the mean over the batch of code_length: (batch,), nats an image."""

    loss: Float[Tensor, ""]
    code_length: Float[Tensor, "batch"]


class VQVAE(nn.Module):
    """An autoencoder with a code of whole numbers (van den Oord et al. 2017): each of its slots holds one vector of a codebook.

    x (batch, 784) -> vectors (batch, slots, width) -> the nearest codebook vector of each -> logits (batch, 784).

    Args:
        slots: how many vectors a code has.
        width: numbers in a vector.
        entries: vectors in the codebook, which all slots share.
        generator: draws the initial weights and the first codebook.
        hidden: width of the hidden layers.
        dtype: of the weights.

    Example:
        >>> model = VQVAE(16, 4, 16, generator=torch.Generator().manual_seed(0))
        >>> model.indices(torch.zeros(5, 784, dtype=torch.float64)).shape
        torch.Size([5, 16])
    """

    def __init__(
        self,
        slots: int,
        width: int,
        entries: int,
        *,
        generator: torch.Generator,
        hidden: int = 128,
        dtype: torch.dtype = torch.float64,
    ):
        super().__init__()
        for name, value in {"slots": slots, "width": width, "entries": entries, "hidden": hidden}.items():
            _require.whole(f"VQVAE: {name}", value)
        _require.generator("VQVAE: generator", generator)
        self.slots, self.width, self.entries = slots, width, entries
        self.encoder = models.mlp([PIXELS, hidden, slots * width], generator=generator, dtype=dtype)
        self.decoder = models.mlp([slots * width, hidden, PIXELS], generator=generator, dtype=dtype)
        self.codebook = nn.Parameter(torch.randn(entries, width, generator=generator, dtype=dtype) / 4)

    def encode(self, x: Float[Tensor, "batch 784"]) -> Float[Tensor, "batch slots width"]:
        """Return the encoder's vectors, before they are replaced."""
        _require.tensor("VQVAE.encode: x", x, ndim=2, last=PIXELS)
        return self.encoder(x).unflatten(1, (self.slots, self.width))

    def indices(self, x: Float[Tensor, "batch 784"]) -> Int[Tensor, "batch slots"]:
        """Return the code of each image: the index of the nearest codebook vector, slot by slot."""
        return nearest_entries(self.encode(x), self.codebook)

    def decode(self, vectors: Float[Tensor, "batch slots width"]) -> Float[Tensor, "batch 784"]:
        """Return the logits of the image that these vectors stand for."""
        _require.tensor("VQVAE.decode: vectors", vectors, ndim=3, last=self.width)
        return self.decoder(vectors.flatten(1))

    def decode_indices(self, indices: Int[Tensor, "batch slots"]) -> Float[Tensor, "batch 784"]:
        """Look the vectors up, and decode them."""
        return self.decode(self.codebook[indices])


def nearest_entries(vectors: Float[Tensor, "*batch width"], codebook: Float[Tensor, "entries width"]) -> Int[Tensor, "*batch"]:
    """The index of the codebook vector that is nearest to each vector, by Euclidean distance; the first of equals.

    Example:
        >>> nearest_entries(torch.tensor([[0.9, 0.1]]), torch.eye(2))
        tensor([0])
    """
    _require.tensor("nearest_entries: codebook", codebook, ndim=2)
    _require.tensor("nearest_entries: vectors", vectors, last=codebook.shape[1])
    differences = vectors.unsqueeze(-2) - codebook  # (*batch, entries, width)
    return differences.square().sum(dim=-1).argmin(dim=-1)


def straight_through(vectors: Float[Tensor, "*shape"], chosen: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """`chosen` on the way forward; on the way back the gradient goes to `vectors` as if nothing had been replaced (chapter 5)."""
    _require.same_shape("straight_through: vectors", vectors, "chosen", chosen)
    return vectors + (chosen - vectors).detach()


def vq_loss(model: VQVAE, x: Float[Tensor, "batch 784"], *, commitment: float | int = 0.25, generator: torch.Generator) -> VQTerms:
    """Reconstruction + codebook loss + commitment loss (van den Oord et al. 2017, equation 3).

    The reconstruction reaches the encoder straight through; the codebook loss moves only codebook vectors towards the encoder's
    vectors, the commitment loss only the encoder's vectors towards the codebook's.

    Args:
        model: a `VQVAE`.
        x: images, (batch, 784), in [0, 1].
        commitment: weight of the commitment loss, at least 0.
        generator: not used, because nothing here is random; every loss that `training.fit` takes has it.
    """
    _require.not_negative("vq_loss: commitment", commitment)
    vectors = model.encode(x)
    chosen = model.codebook[nearest_entries(vectors, model.codebook)]
    reconstruction = losses.bernoulli_nll(x, model.decode(straight_through(vectors, chosen)))
    codebook_term = (chosen - vectors.detach()).square().sum(dim=(1, 2))
    commitment_term = commitment * (vectors - chosen.detach()).square().sum(dim=(1, 2))
    return VQTerms((reconstruction + codebook_term + commitment_term).mean(), reconstruction, codebook_term, commitment_term)


class IndexPrior(nn.Module):
    """p(k) over codes of whole numbers, slot after slot: p(k_1) p(k_2 | k_1) p(k_3 | k_1, k_2) ...

    The logits of a slot are linear in the one-hot codes of the slots before it (Frey 1998's sigmoid belief network with many
    values), so one masked weight matrix holds all of them.

    Args:
        slots, entries: as the `VQVAE` has them.
        dtype: of the weights, which begin at 0: every index as likely as any.
    """

    before: Tensor

    def __init__(self, slots: int, entries: int, *, dtype: torch.dtype = torch.float64):
        super().__init__()
        _require.whole("IndexPrior: slots", slots)
        _require.whole("IndexPrior: entries", entries)
        self.slots, self.entries = slots, entries
        size = slots * entries
        self.weight = nn.Parameter(torch.zeros(size, size, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(size, dtype=dtype))
        slot = torch.arange(size) // entries
        self.register_buffer("before", slot[None, :] < slot[:, None], persistent=False)  # (to, from)

    def forward(self, indices: Int[Tensor, "batch slots"]) -> Float[Tensor, "batch slots entries"]:
        """Return the logits of each slot, given the slots before it."""
        ones = F.one_hot(indices, self.entries).flatten(1).to(self.weight.dtype)
        return F.linear(ones, self.weight * self.before, self.bias).unflatten(1, (self.slots, self.entries))

    def log_prob(self, indices: Int[Tensor, "batch slots"]) -> Float[Tensor, "batch"]:
        """Return log p(k), nats. Minus this is the length of the code."""
        each = self(indices).log_softmax(dim=2)
        return each.gather(2, indices.unsqueeze(2)).sum(dim=(1, 2))

    def sample(self, n: int, *, generator: torch.Generator) -> Int[Tensor, "n slots"]:
        """Draw n codes, slot after slot."""
        indices = torch.zeros(n, self.slots, dtype=torch.long)
        for slot in range(self.slots):
            chances = self(indices)[:, slot].softmax(dim=1)
            indices[:, slot] = draw(chances, generator=generator)
        return indices


def draw(chances: Float[Tensor, "n entries"], *, generator: torch.Generator) -> Int[Tensor, "n"]:
    """One index a row, with the row's probabilities: the first whose running sum passes a uniform number."""
    uniform = torch.rand(len(chances), 1, generator=generator, dtype=chances.dtype)
    return (chances.cumsum(dim=1) < uniform).sum(dim=1).clamp(max=chances.shape[1] - 1)


def index_loss(model: IndexPrior, indices: Float[Tensor, "batch slots"], *, generator: torch.Generator) -> IndexTerms:
    """The mean length of a code under the prior, nats an image. `indices` come as floats, because `training.fit` takes floats."""
    code_length = -model.log_prob(indices.long())
    return IndexTerms(code_length.mean(), code_length)


# --- many steps of noise


class DiffusionTerms(NamedTuple):
    """loss: scalar, the mean over the batch of denoising: (batch,), the cross-entropy of the clean image, nats an image."""

    loss: Float[Tensor, ""]
    denoising: Float[Tensor, "batch"]


class Diffusion(nn.Module):
    """Diffusion (Sohl-Dickstein et al. 2015; Ho et al. 2020): x_0 -> x_1 -> ... -> x_T adds noise and is fixed; a network undoes it.

    q(x_t | x_0) = N(sqrt(keep[t]) x_0, (1 - keep[t]) I), x_0 = 2 x - 1 in [-1, 1]. `keep`, the alpha-bar of the paper, falls from 1
    to 0 like a squared cosine (Nichol & Dhariwal 2021). The network sees x_t and t and predicts the clean image, as logits.

    Args:
        steps: T.
        generator: draws the initial weights.
        hidden: widths of the network's hidden layers.
        dtype: of the weights.

    Example:
        >>> model = Diffusion(100, generator=torch.Generator().manual_seed(0))
        >>> model.sample(5, generator=torch.Generator().manual_seed(0)).shape
        torch.Size([5, 784])
    """

    keep: Tensor

    def __init__(
        self, steps: int, *, generator: torch.Generator, hidden: Sequence[int] = (256, 256), dtype: torch.dtype = torch.float64
    ):
        super().__init__()
        _require.whole("Diffusion: steps", steps, least=2)
        _require.generator("Diffusion: generator", generator)
        self.steps = steps
        self.network = models.mlp([PIXELS + TIME_FEATURES, *hidden, PIXELS], generator=generator, dtype=dtype)
        self.register_buffer("keep", cosine_keep(steps).to(dtype), persistent=False)

    def logits(self, x_t: Float[Tensor, "batch 784"], t: Int[Tensor, "batch"]) -> Float[Tensor, "batch 784"]:
        """Return the logits of the clean image, predicted from x_t."""
        return self.network(torch.cat([x_t, self._time(t)], dim=1))

    def clean(self, x_t: Float[Tensor, "batch 784"], t: Int[Tensor, "batch"]) -> Float[Tensor, "batch 784"]:
        """Return the predicted x_0, in (-1, 1)."""
        return 2 * torch.sigmoid(self.logits(x_t, t)) - 1

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator) -> Float[Tensor, "n 784"]:
        """Begin with noise and undo step after step; return the means of the last, pixels in (0, 1)."""
        x_t = torch.randn(n, PIXELS, generator=generator, dtype=self.keep.dtype)
        for step in range(self.steps, 1, -1):
            t = torch.full((n,), step)
            mean, variance = step_back(self.clean(x_t, t), x_t, t, self.keep)
            x_t = mean + variance.sqrt() * torch.randn(x_t.shape, generator=generator, dtype=x_t.dtype)
        return torch.sigmoid(self.logits(x_t, torch.full((n,), 1)))

    def _time(self, t: Int[Tensor, "batch"]) -> Float[Tensor, "batch features"]:
        """Sines and cosines of t / T, from half a turn up to many."""
        frequencies = 2.0 ** torch.arange(TIME_FEATURES // 2, dtype=self.keep.dtype)
        angle = 0.5 * math.pi * (t / self.steps).to(self.keep.dtype)[:, None] * frequencies
        return torch.cat([angle.sin(), angle.cos()], dim=1)


def cosine_keep(steps: int) -> Float[Tensor, "steps_and_one"]:
    """The share of the image's variance that is left after t steps, t = 0 ... T: 1 at 0, near 0 at T (Nichol & Dhariwal 2021).

    Returns:
        (steps + 1,), float64, falling.
    """
    time = torch.arange(steps + 1, dtype=torch.float64) / steps
    keep = torch.cos((time + 0.008) / 1.008 * math.pi / 2) ** 2
    return (keep / keep[0]).clamp(min=1e-4)


def add_noise(
    x_0: Float[Tensor, "batch pixels"],
    eps: Float[Tensor, "batch pixels"],
    t: Int[Tensor, "batch"],
    keep: Float[Tensor, "steps_and_one"],
) -> Float[Tensor, "batch pixels"]:
    """A draw from q(x_t | x_0) in one go: sqrt(keep[t]) x_0 + sqrt(1 - keep[t]) eps, eps from N(0, I).

    The same distribution as t steps x_s = sqrt(a_s) x_{s-1} + sqrt(1 - a_s) eps_s with a_s = keep[s] / keep[s-1] (Ho et al. 2020,
    equation 4).
    """
    _require.same_shape("add_noise: x_0", x_0, "eps", eps)
    kept = keep[t][:, None]
    return kept.sqrt() * x_0 + (1 - kept).sqrt() * eps


def step_back(
    x_0: Float[Tensor, "batch pixels"],
    x_t: Float[Tensor, "batch pixels"],
    t: Int[Tensor, "batch"],
    keep: Float[Tensor, "steps_and_one"],
) -> tuple[Float[Tensor, "batch pixels"], Float[Tensor, "batch 1"]]:
    """Mean and variance of q(x_{t-1} | x_t, x_0), the product of two Gaussians (Ho et al. 2020, equations 6 and 7).

    Args:
        x_0: clean images, or predictions of them.
        x_t: noisy images.
        t: which step each is at, from 1.
        keep: as `cosine_keep` gives it.

    Returns:
        The mean, (batch, pixels), and the variance of each pixel, (batch, 1); at t = 1 the mean is x_0 and the variance 0.
    """
    _require.same_shape("step_back: x_0", x_0, "x_t", x_t)
    now, before = keep[t][:, None], keep[t - 1][:, None]
    a = now / before
    mean = (before.sqrt() * (1 - a) * x_0 + a.sqrt() * (1 - before) * x_t) / (1 - now)
    return mean, (1 - before) * (1 - a) / (1 - now)


def denoising_loss(model: Diffusion, x: Float[Tensor, "batch 784"], *, generator: torch.Generator) -> DiffusionTerms:
    """The cross-entropy of the predicted clean image, at one random step an image: a denoiser's loss, for every strength of noise.

    In the ELBO each step has the squared error |x_0 - x_hat|^2 times a weight (see `diffusion_bounds`). Ho et al. 2020 (equation 14)
    put simpler weights there; here each step weighs the same, and the cross-entropy, which is least at the same mean of the clean
    image given x_t, stands for the squared error.

    Args:
        model: a `Diffusion`.
        x: images, (batch, 784), in [0, 1].
        generator: draws a step from 1 to T and eps for each image.
    """
    t = torch.randint(1, model.steps + 1, (len(x),), generator=generator)
    eps = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    denoising = losses.bernoulli_nll(x, model.logits(add_noise(2 * x - 1, eps, t, model.keep), t))
    return DiffusionTerms(denoising.mean(), denoising)


class DiffusionBounds(NamedTuple):
    """For each step s = 1 ... T the two parts of the negative ELBO of the model that ends there: nats, (T, batch) each.

    rate: KL(q(x_T | x_0) || N(0, I)) and the KLs of the steps t = T ... s + 1. distortion: the cross-entropy of x_0 decoded from x_s.
    Their sum is a bound of -log p(x), for each s.
    """

    rate: Float[Tensor, "steps batch"]
    distortion: Float[Tensor, "steps batch"]


@torch.no_grad()
def diffusion_bounds(model: Diffusion, x: Float[Tensor, "batch 784"], *, generator: torch.Generator) -> DiffusionBounds:
    """Minus the ELBO with x_s ... x_T as latents and a Bernoulli decoder of x_s, for every s, with one draw of each x_t.

    Each KL is between two Gaussians of one variance: |mean - mean_hat|^2 / (2 variance) (Ho et al. 2020, equation 8).

    Args:
        model: a `Diffusion`.
        x: images, (batch, 784), in [0, 1].
        generator: draws the noise of every step.
    """
    x_0, kept = 2 * x - 1, model.keep[-1]
    rates = [losses.gaussian_kl(kept.sqrt() * x_0, (1 - kept).log().expand(x_0.shape))]
    distortions = []
    for step in range(model.steps, 0, -1):
        t = torch.full((len(x),), step)
        x_t = add_noise(x_0, torch.randn(x.shape, generator=generator, dtype=x.dtype), t, model.keep)
        logits = model.logits(x_t, t)
        distortions.append(losses.bernoulli_nll(x, logits))
        if step > 1:
            mean, variance = step_back(x_0, x_t, t, model.keep)
            mean_hat, _ = step_back(2 * torch.sigmoid(logits) - 1, x_t, t, model.keep)
            rates.append(rates[-1] + (mean - mean_hat).square().sum(dim=1) / (2 * variance.squeeze(1)))
    return DiffusionBounds(torch.stack(rates[::-1]), torch.stack(distortions[::-1]))


# --- the trained ones


def load_trained(name: str, *, dtype: torch.dtype = torch.float64, path: str | Path = TRAINED) -> nn.Module:
    """Load one of the trained models of this module; `models.trained_settings(path=TRAINED)` lists them.

    Args:
        name: "two-layer", "vq", "vq-prior" or "diffusion".
        dtype: floating point type of the weights; they are stored as float16.
        path: the bundled file; anything but the default is for tests.

    Returns:
        The model in evaluation mode, no gradients.

    Raises:
        models.ModelError: the file is missing or damaged, or holds no model of that name.

    Example:
        >>> prior = load_trained("vq-prior")
    """
    settings, weights = models.stored_weights(name, path=path)
    model = build(settings, generator=torch.Generator(), dtype=dtype)
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


def build(settings: Mapping, *, generator: torch.Generator, dtype: torch.dtype = torch.float64) -> nn.Module:
    """An untrained model of the kind and size that `settings` name: "two-layer", "vq", "vq-prior" or "diffusion"."""
    match settings["kind"]:
        case "two-layer":
            return TwoLayerVAE(settings["latent_dim"], settings["top_dim"], generator=generator, dtype=dtype)
        case "vq":
            return VQVAE(settings["slots"], settings["width"], settings["entries"], generator=generator, dtype=dtype)
        case "vq-prior":
            return IndexPrior(settings["slots"], settings["entries"], dtype=dtype)
    return Diffusion(settings["noise_steps"], generator=generator, hidden=settings["hidden"], dtype=dtype)
