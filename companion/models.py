"""The networks of the course, on one pair of multilayer perceptrons, and the trained ones. Losses and training are elsewhere.

An encoder 784-64-128 and a decoder 128-64-784 with SiLU between (Elfwing et al. 2018); smooth activations and float64 are what
makes a training run come out the same on every CPU. The decoder returns logits; a sigmoid turns them into pixels.
"""

import hashlib
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from companion import _require

PIXELS = 784
HIDDEN = (64, 128)
TRAINED = Path(__file__).parent / "_bundled" / "models.safetensors"


class ModelError(RuntimeError):
    """The file of trained models is missing or damaged, or has no model of that name. The message says which."""


class Autoencoder(nn.Module):
    """Encoder, code, decoder: x (batch, 784) -> z (batch, latent_dim) -> logits (batch, 784).

    Args:
        latent_dim: how many numbers a code has.
        generator: draws the initial weights.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse. () makes both maps linear.
        dtype, device: of the weights.

    Raises:
        ValueError or TypeError: `latent_dim` or a width is not an int of at least 1; `generator` is no torch.Generator.

    Example:
        >>> model = Autoencoder(2, generator=torch.Generator().manual_seed(0))
        >>> model(torch.zeros(5, 784, dtype=torch.float64)).shape
        torch.Size([5, 784])
    """

    def __init__(
        self,
        latent_dim: int,
        *,
        generator: torch.Generator,
        hidden: Sequence[int] = HIDDEN,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        _require_sizes("Autoencoder", latent_dim, hidden)
        _require.generator("Autoencoder: generator", generator)
        self.latent_dim = latent_dim
        self.encoder = mlp([PIXELS, *hidden, latent_dim], generator=generator, dtype=dtype, device=device)
        self.decoder = mlp([latent_dim, *reversed(hidden), PIXELS], generator=generator, dtype=dtype, device=device)

    def encode(self, x: Float[Tensor, "batch 784"]) -> Float[Tensor, "batch latent_dim"]:
        """Return the code of each image."""
        _require.tensor("Autoencoder.encode: x", x, ndim=2, last=PIXELS)
        return self.encoder(x)

    def decode(self, z: Float[Tensor, "batch latent_dim"]) -> Float[Tensor, "batch 784"]:
        """Return the logits of each code's image; `torch.sigmoid` turns them into pixels in (0, 1)."""
        _require.tensor("Autoencoder.decode: z", z, ndim=2, last=self.latent_dim)
        return self.decoder(z)

    def forward(self, x: Float[Tensor, "batch 784"]) -> Float[Tensor, "batch 784"]:
        """Return the logits of the reconstructions, `decode(encode(x))`."""
        return self.decode(self.encode(x))


class GaussianCode(NamedTuple):
    """What a VAE's encoder says of an image: a Gaussian. mu, logvar: (batch, latent_dim); logvar is the log of the variance."""

    mu: Float[Tensor, "batch latent_dim"]
    logvar: Float[Tensor, "batch latent_dim"]


class VAEOutput(NamedTuple):
    """logits: (batch, 784). mu, logvar, z: (batch, latent_dim); z is the sample that was decoded."""

    logits: Float[Tensor, "batch 784"]
    mu: Float[Tensor, "batch latent_dim"]
    logvar: Float[Tensor, "batch latent_dim"]
    z: Float[Tensor, "batch latent_dim"]


class VAE(nn.Module):
    """Variational autoencoder (Kingma & Welling 2014): the `Autoencoder` with two heads and a sample in the middle.

    x (batch, 784) -> mu, logvar (batch, latent_dim) each -> z = mu + exp(logvar / 2) * eps -> logits (batch, 784).

    Args:
        latent_dim: how many numbers a code has; the encoder gives twice as many.
        generator: draws the initial weights.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse. () makes every map linear.
        activation: what stands between linear layers; SiLU, or for example `nn.Tanh` where a paper used it.
        dtype, device: of the weights.

    Raises:
        ValueError or TypeError: `latent_dim` or a width is not an int of at least 1; `generator` is no torch.Generator.

    Example:
        >>> model = VAE(2, generator=torch.Generator().manual_seed(0))
        >>> mu, logvar = model.encode(torch.zeros(5, 784, dtype=torch.float64))
        >>> mu.shape, logvar.shape
        (torch.Size([5, 2]), torch.Size([5, 2]))
    """

    def __init__(
        self,
        latent_dim: int,
        *,
        generator: torch.Generator,
        hidden: Sequence[int] = HIDDEN,
        activation: Callable[[], nn.Module] = nn.SiLU,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        _require_sizes("VAE", latent_dim, hidden)
        _require.generator("VAE: generator", generator)
        self.latent_dim = latent_dim
        options: dict[str, Any] = {"generator": generator, "activation": activation, "dtype": dtype, "device": device}
        self.encoder = mlp([PIXELS, *hidden], activate_last=True, **options)
        width = hidden[-1] if hidden else PIXELS
        self.mu_head = mlp([width, latent_dim], **options)
        self.logvar_head = mlp([width, latent_dim], **options)
        self.decoder = mlp([latent_dim, *reversed(hidden), PIXELS], **options)

    def encode(self, x: Float[Tensor, "batch 784"]) -> GaussianCode:
        """Return the Gaussian of each image."""
        _require.tensor("VAE.encode: x", x, ndim=2, last=PIXELS)
        features = self.encoder(x)
        return GaussianCode(self.mu_head(features), self.logvar_head(features))

    def decode(self, z: Float[Tensor, "batch latent_dim"]) -> Float[Tensor, "batch 784"]:
        """Return the logits of each code's image; `torch.sigmoid` turns them into pixels in (0, 1)."""
        _require.tensor("VAE.decode: z", z, ndim=2, last=self.latent_dim)
        return self.decoder(z)

    def forward(self, x: Float[Tensor, "batch 784"], *, generator: torch.Generator) -> VAEOutput:
        """Encode, draw one z an image, decode."""
        mu, logvar = self.encode(x)
        z = reparameterize(mu, logvar, generator=generator)
        return VAEOutput(self.decode(z), mu, logvar, z)


def reparameterize(
    mu: Float[Tensor, "*batch latent_dim"], logvar: Float[Tensor, "*batch latent_dim"], *, generator: torch.Generator
) -> Float[Tensor, "*batch latent_dim"]:
    """Draw z from N(mu, diag(exp(logvar))) as z = mu + sigma * eps, so that gradients reach mu and logvar.

    eps ~ N(0, I) is fresh in every call, one number for each number of `mu`, and a constant for the backward pass
    (Kingma & Welling 2014, section 2.4).

    Args:
        mu: means, any shape.
        logvar: logarithms of the variances, the shape of `mu`.
        generator: draws eps.

    Raises:
        ValueError: shapes differ or are empty. TypeError: not floating point tensors, or no torch.Generator.

    Example:
        >>> reparameterize(torch.zeros(3, 2), torch.zeros(3, 2), generator=torch.Generator().manual_seed(0)).shape
        torch.Size([3, 2])
    """
    _require.tensor("reparameterize: mu", mu)
    _require.tensor("reparameterize: logvar", logvar)
    _require.same_shape("reparameterize: mu", mu, "logvar", logvar)
    _require.not_empty("reparameterize: mu", mu)
    _require.generator("reparameterize: generator", generator)
    eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
    return mu + (0.5 * logvar).exp() * eps


def mlp(
    widths: Sequence[int],
    *,
    generator: torch.Generator,
    activate_last: bool = False,
    activation: Callable[[], nn.Module] = nn.SiLU,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> nn.Sequential:
    """A multilayer perceptron: a linear layer between each two widths, an activation between the linear layers.

    The last layer has an activation behind it only with `activate_last`.

    Example:
        >>> mlp([784, 64, 2], generator=torch.Generator().manual_seed(0))[0].weight.shape
        torch.Size([64, 784])
    """
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [_linear(inputs, outputs, generator=generator, dtype=dtype), activation()]
    return nn.Sequential(*(layers if activate_last else layers[:-1])).to(device)


def load_trained(name: str, *, dtype: torch.dtype = torch.float64, path: str | Path = TRAINED) -> nn.Module:
    """Load one of the course's trained models; `trained_settings()` lists them with what each was trained with.

    Args:
        name: for example "ae-2-seed0" or "vae-2-seed0" (kind, latent_dim, seed), or "classifier".
        dtype: floating point type of the weights; they are stored as float32.
        path: the bundled file; anything but the default is for tests.

    Returns:
        An `Autoencoder`, a `VAE`, for "classifier" an `mlp` from pixels to ten logits, or for "wide-copier" and "wide-denoiser" one
        from 14 x 14 pixels through 400 numbers to logits; in evaluation mode, no gradients.

    Raises:
        ModelError: the file is missing or damaged, or holds no model of that name.

    Example:
        >>> vae = load_trained("vae-2-seed0")
    """
    settings, weights = stored_weights(name, path=path)
    model = build(settings, generator=torch.Generator(), dtype=dtype)
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


def stored_weights(name: str, *, path: str | Path) -> tuple[dict, dict[str, Tensor]]:
    """Settings and weights of one model in a file of trained ones, as they are stored; the weights' names are the module's own.

    Raises:
        ModelError: as `load_trained`, which puts them into a model.
    """
    settings = trained_settings(path=path)
    if name not in settings:
        raise ModelError(f"load_trained: name: got {name!r}, expected one of {', '.join(settings)}")
    with safe_open(path, framework="pt") as file:
        weights = {key.partition("/")[2]: file.get_tensor(key) for key in file.keys() if key.startswith(f"{name}/")}  # noqa: SIM118
    if digest(weights) != settings[name]["sha256"]:
        raise ModelError(
            f"load_trained: {path} is damaged: the weights of {name} do not have the SHA-256 recorded with them. {_require.RESTORE}"
        )
    return settings[name], weights


def trained_settings(*, path: str | Path = TRAINED) -> dict[str, dict]:
    """What each trained model was made with: name -> kind, latent_dim, hidden, seed, steps, data …, and the SHA-256 of its weights."""
    try:
        with safe_open(path, framework="pt") as file:
            return json.loads(file.metadata()["settings"])
    except (OSError, SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ModelError(
            f"load_trained: {path} cannot be read ({error}). Expected the course's trained models there. {_require.RESTORE}"
        ) from error


def build(settings: Mapping, *, generator: torch.Generator, dtype: torch.dtype = torch.float64) -> nn.Module:
    """An untrained model of the kind and size that `settings` name: "ae", "vae", "classifier" or "wide"."""
    if settings["kind"] == "classifier":
        return mlp([PIXELS, 128, 10], generator=generator, dtype=dtype)
    if settings["kind"] == "wide":
        return mlp([PIXELS // 4, 400, PIXELS // 4], generator=generator, dtype=dtype)
    kind = {"ae": Autoencoder, "vae": VAE}[settings["kind"]]
    return kind(settings["latent_dim"], hidden=settings["hidden"], generator=generator, dtype=dtype)


def digest(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 of named tensors, names in order."""
    found = hashlib.sha256()
    for name in sorted(weights):
        found.update(name.encode() + weights[name].contiguous().numpy().tobytes())
    return found.hexdigest()


def _linear(inputs: int, outputs: int, *, generator: torch.Generator, dtype: torch.dtype) -> nn.Linear:
    """torch's own default initialisation, uniform on +-1/sqrt(inputs), but drawn from an explicit generator."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs, dtype=dtype)
    bound = 1 / math.sqrt(inputs)
    with torch.no_grad():
        for parameter in (layer.weight, layer.bias):
            parameter.uniform_(-bound, bound, generator=generator)
    return layer


def _require_sizes(operation: str, latent_dim: int, hidden: Sequence[int]) -> None:
    _require.whole(f"{operation}: latent_dim", latent_dim)
    for width in hidden:
        _require.whole(f"{operation}: hidden", width)
