"""The networks of the course, on one pair of multilayer perceptrons, and the trained ones. Losses and training are elsewhere.

An encoder 784-64-128 and a decoder 128-64-784 with SiLU between (Elfwing et al. 2018); smooth activations and float64 are what
makes a training run come out the same on every CPU. The decoder returns logits; a sigmoid turns them into pixels. Pictures of
another size take `pixels`, and `networks=convolutional(size)` puts a pair of convolutional networks in the perceptrons' place.
"""

import functools
import hashlib
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from companion import _require

PIXELS = 784
HIDDEN = (64, 128)
CHANNELS = (8, 16)  # of the convolutional pair
CONV_WIDTH = 64  # of its linear layer next to the code
TRAINED = Path(__file__).parent / "_bundled" / "models.safetensors"


Layer = TypeVar("Layer", bound=nn.Module)


class ModelError(RuntimeError):
    """The file of trained models is missing or damaged, or has no model of that name. The message says which."""


class Networks(NamedTuple):
    """What stands on both sides of a code. pixels: of an image. width: how many numbers the encoder hands on to a code's layer.

    encoder(generator=, dtype=) makes the network (batch, pixels) -> (batch, width), decoder(latent_dim, generator=, dtype=) the one
    (batch, latent_dim) -> (batch, pixels). `convolutional` gives one.
    """

    pixels: int
    width: int
    encoder: Callable[..., nn.Module]
    decoder: Callable[..., nn.Module]


class Autoencoder(nn.Module):
    """Encoder, code, decoder: x (batch, pixels) -> z (batch, latent_dim) -> logits (batch, pixels).

    Args:
        latent_dim: how many numbers a code has.
        generator: draws the initial weights.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse. () makes both maps linear.
        pixels: of an image.
        networks: what stands in the perceptrons' place, for example `convolutional((28, 28))`; `hidden` and `pixels` are then not read.
        dtype, device: of the weights.

    Raises:
        ValueError or TypeError: `latent_dim`, `pixels` or a width is not an int of at least 1; `generator` is no torch.Generator.

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
        pixels: int = PIXELS,
        networks: Networks | None = None,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        _require_sizes("Autoencoder", latent_dim, hidden, pixels)
        _require.generator("Autoencoder: generator", generator)
        self.latent_dim = latent_dim
        options: dict[str, Any] = {"generator": generator, "dtype": dtype}
        if networks is None:
            self.pixels = pixels
            self.encoder: nn.Module = mlp([pixels, *hidden, latent_dim], **options)
            self.decoder: nn.Module = mlp([latent_dim, *reversed(hidden), pixels], **options)
        else:
            self.pixels = networks.pixels
            self.encoder = nn.Sequential(networks.encoder(**options), mlp([networks.width, latent_dim], **options))
            self.decoder = networks.decoder(latent_dim, **options)
        self.to(device)

    def encode(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch latent_dim"]:
        """Return the code of each image."""
        _require.tensor("Autoencoder.encode: x", x, ndim=2, last=self.pixels)
        return self.encoder(x)

    def decode(self, z: Float[Tensor, "batch latent_dim"]) -> Float[Tensor, "batch pixels"]:
        """Return the logits of each code's image; `torch.sigmoid` turns them into pixels in (0, 1)."""
        _require.tensor("Autoencoder.decode: z", z, ndim=2, last=self.latent_dim)
        return self.decoder(z)

    def forward(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch pixels"]:
        """Return the logits of the reconstructions, `decode(encode(x))`."""
        return self.decode(self.encode(x))


class GaussianCode(NamedTuple):
    """What a VAE's encoder says of an image: a Gaussian. mu, logvar: (batch, latent_dim); logvar is the log of the variance."""

    mu: Float[Tensor, "batch latent_dim"]
    logvar: Float[Tensor, "batch latent_dim"]


class VAEOutput(NamedTuple):
    """logits: (batch, pixels). mu, logvar, z: (batch, latent_dim); z is the sample that was decoded."""

    logits: Float[Tensor, "batch pixels"]
    mu: Float[Tensor, "batch latent_dim"]
    logvar: Float[Tensor, "batch latent_dim"]
    z: Float[Tensor, "batch latent_dim"]


class VAE(nn.Module):
    """Variational autoencoder (Kingma & Welling 2014): the `Autoencoder` with two heads and a sample in the middle.

    x (batch, pixels) -> mu, logvar (batch, latent_dim) each -> z = mu + exp(logvar / 2) * eps -> logits (batch, pixels).

    Args:
        latent_dim: how many numbers a code has; the encoder gives twice as many.
        generator: draws the initial weights.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse. () makes every map linear.
        activation: what stands between linear layers; SiLU, or for example `nn.Tanh` where a paper used it.
        pixels: of an image.
        networks: what stands in the perceptrons' place, for example `convolutional((28, 28))`; `hidden`, `activation` and `pixels` are
            then not read.
        dtype, device: of the weights.

    Raises:
        ValueError or TypeError: `latent_dim`, `pixels` or a width is not an int of at least 1; `generator` is no torch.Generator.

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
        pixels: int = PIXELS,
        networks: Networks | None = None,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        _require_sizes("VAE", latent_dim, hidden, pixels)
        _require.generator("VAE: generator", generator)
        self.latent_dim = latent_dim
        options: dict[str, Any] = {"generator": generator, "dtype": dtype}
        networks = networks or _perceptrons(hidden, pixels, activation)
        self.pixels = networks.pixels
        self.encoder = networks.encoder(**options)
        self.mu_head = mlp([networks.width, latent_dim], **options)
        self.logvar_head = mlp([networks.width, latent_dim], **options)
        self.decoder = networks.decoder(latent_dim, **options)
        self.to(device)

    def encode(self, x: Float[Tensor, "batch pixels"]) -> GaussianCode:
        """Return the Gaussian of each image."""
        _require.tensor("VAE.encode: x", x, ndim=2, last=self.pixels)
        features = self.encoder(x)
        return GaussianCode(self.mu_head(features), self.logvar_head(features))

    def decode(self, z: Float[Tensor, "batch latent_dim"]) -> Float[Tensor, "batch pixels"]:
        """Return the logits of each code's image; `torch.sigmoid` turns them into pixels in (0, 1)."""
        _require.tensor("VAE.decode: z", z, ndim=2, last=self.latent_dim)
        return self.decoder(z)

    def forward(self, x: Float[Tensor, "batch pixels"], *, generator: torch.Generator) -> VAEOutput:
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


def convolutional(size: tuple[int, int], *, channels: Sequence[int] = CHANNELS, width: int = CONV_WIDTH) -> Networks:
    """A small pair of convolutional networks for pictures of any size: `VAE(2, networks=convolutional((28, 28)), generator=generator)`.

    Encoder: for each number of `channels` a 3 x 3 convolution of stride 2, which halves both sides (a side of n becomes ceil(n / 2)),
    then a linear layer to `width` numbers; SiLU behind each. Decoder: the same backwards, with transposed convolutions, which double
    the sides again to exactly those that were halved, and no activation behind the last (Dumoulin and Visin 2016, section 4.6).

    Args:
        size: rows and columns of a picture; images stay flat, (batch, rows * columns), row by row.
        channels: of the convolutions, in the encoder's order.
        width: of the linear layer next to the code, on both sides.

    Raises:
        ValueError or TypeError: a number is no int of at least 1, or no channels.

    Example:
        >>> model = VAE(2, networks=convolutional((28, 28)), generator=torch.Generator().manual_seed(0))
        >>> sum(parameter.numel() for parameter in model.parameters())
        104133
    """
    for name, numbers in {"size": size, "channels": channels, "width": (width,)}.items():
        for number in numbers:
            _require.whole(f"convolutional: {name}", number)
    if not channels:
        raise ValueError("convolutional: channels: got none, expected at least one number")
    sizes = [size]
    for _ in channels:
        rows, columns = sizes[-1]
        sizes.append(((rows + 1) // 2, (columns + 1) // 2))
    return Networks(
        size[0] * size[1],
        width,
        functools.partial(_conv_encoder, sizes, (1, *channels), width),
        functools.partial(_conv_decoder, sizes, (1, *channels), width),
    )


def _conv_encoder(
    sizes: Sequence[tuple[int, int]], channels: Sequence[int], width: int, *, generator: torch.Generator, dtype: torch.dtype
) -> nn.Sequential:
    """Pictures of sizes[0] to `width` numbers, by way of the other sizes."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, *sizes[0]))]
    for inputs, outputs in itertools.pairwise(channels):
        conv = nn.utils.skip_init(nn.Conv2d, inputs, outputs, 3, stride=2, padding=1, dtype=dtype)
        layers += [_drawn(conv, 9 * inputs, generator), nn.SiLU()]
    rows, columns = sizes[-1]
    last = _linear(channels[-1] * rows * columns, width, generator=generator, dtype=dtype)
    return nn.Sequential(*layers, nn.Flatten(), last, nn.SiLU())


def _conv_decoder(
    sizes: Sequence[tuple[int, int]],
    channels: Sequence[int],
    width: int,
    latent_dim: int,
    *,
    generator: torch.Generator,
    dtype: torch.dtype,
) -> nn.Sequential:
    """Codes to pictures of sizes[0], by way of the other sizes, the last one first."""
    rows, columns = sizes[-1]
    layers: list[nn.Module] = [
        _linear(latent_dim, width, generator=generator, dtype=dtype),
        nn.SiLU(),
        _linear(width, channels[-1] * rows * columns, generator=generator, dtype=dtype),
        nn.Unflatten(1, (channels[-1], rows, columns)),
    ]
    backwards = zip(itertools.pairwise(reversed(channels)), reversed(sizes[:-1]), strict=True)
    for (inputs, outputs), (rows, columns) in backwards:
        odd = (1 - rows % 2, 1 - columns % 2)  # without it 2n - 1, the odd one of the two sides that were halved to n
        conv = nn.utils.skip_init(nn.ConvTranspose2d, inputs, outputs, 3, stride=2, padding=1, output_padding=odd, dtype=dtype)
        layers += [nn.SiLU(), _drawn(conv, 9 * outputs, generator)]
    return nn.Sequential(*layers, nn.Flatten())


def _perceptrons(hidden: Sequence[int], pixels: int, activation: Callable[[], nn.Module]) -> Networks:
    """The pair of the course, for a VAE."""
    return Networks(
        pixels,
        hidden[-1] if hidden else pixels,
        functools.partial(mlp, [pixels, *hidden], activate_last=True, activation=activation),
        lambda latent_dim, **options: mlp([latent_dim, *reversed(hidden), pixels], activation=activation, **options),
    )


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
    return _drawn(nn.utils.skip_init(nn.Linear, inputs, outputs, dtype=dtype), inputs, generator)


def _drawn(layer: Layer, inputs: int, generator: torch.Generator) -> Layer:
    """A layer with its weight and bias drawn; `inputs` is what torch counts as its inputs: of a transposed convolution, its outputs."""
    bound = 1 / math.sqrt(inputs)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    return layer


def _require_sizes(operation: str, latent_dim: int, hidden: Sequence[int], pixels: int) -> None:
    _require.whole(f"{operation}: latent_dim", latent_dim)
    _require.whole(f"{operation}: pixels", pixels)
    for width in hidden:
        _require.whole(f"{operation}: hidden", width)
