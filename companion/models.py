"""The networks of the course, on one pair of multilayer perceptrons. Losses and training are elsewhere.

An encoder 784-64-128 and a decoder 128-64-784 with SiLU between (Elfwing et al. 2018); smooth activations and float64 are what
makes a training run come out the same on every CPU. The decoder returns logits; a sigmoid turns them into pixels.
"""

import itertools
import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion import _require

PIXELS = 784
HIDDEN = (64, 128)


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


def mlp(
    widths: Sequence[int],
    *,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> nn.Sequential:
    """A multilayer perceptron: a linear layer between each two widths, SiLU between the linear layers, none after the last.

    Example:
        >>> mlp([784, 64, 2], generator=torch.Generator().manual_seed(0))[0].weight.shape
        torch.Size([64, 784])
    """
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [_linear(inputs, outputs, generator=generator, dtype=dtype), nn.SiLU()]
    return nn.Sequential(*layers[:-1]).to(device)


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
