"""The convolutional pair: sizes come back, what torch's own layers give, weights from the generator, and both families take it."""

import pytest
import torch
import torch.nn.functional as F

from companion import losses, models, training


@pytest.fixture
def make(generator):
    return lambda size, kind=models.VAE, **options: kind(
        2, networks=models.convolutional(size, **options), generator=generator.manual_seed(0)
    )


@pytest.mark.parametrize("size", [(28, 28), (32, 32), (64, 64), (7, 7), (9, 14), (1, 1), (30, 5)])
def test_pictures_of_any_size_come_back_in_it(make, generator, size):
    pixels = size[0] * size[1]
    x = torch.rand(3, pixels, dtype=torch.float64, generator=generator)
    output = make(size)(x, generator=generator)
    assert output.logits.shape == (3, pixels)
    assert output.mu.shape == output.logvar.shape == (3, 2)
    assert make(size, models.Autoencoder)(x).shape == (3, pixels)


def test_the_encoder_is_strided_convolutions_and_the_decoder_their_transposes(make, generator):
    model = make((9, 14), channels=(3, 5), width=7)
    x = torch.rand(2, 126, dtype=torch.float64, generator=generator)
    e, d = dict(model.encoder.named_parameters()), dict(model.decoder.named_parameters())
    h = F.silu(F.conv2d(x.reshape(2, 1, 9, 14), e["1.weight"], e["1.bias"], stride=2, padding=1))
    h = F.silu(F.conv2d(h, e["3.weight"], e["3.bias"], stride=2, padding=1))
    assert h.shape == (2, 5, 3, 4)
    h = F.silu(h.flatten(1) @ e["6.weight"].T + e["6.bias"])
    torch.testing.assert_close(model.encoder(x), h)
    z = torch.randn(2, 2, dtype=torch.float64, generator=generator)
    h = F.silu(z @ d["0.weight"].T + d["0.bias"])
    h = F.silu((h @ d["2.weight"].T + d["2.bias"]).reshape(2, 5, 3, 4))
    # A transposed convolution is the gradient of the convolution (Dumoulin and Visin 2016): so it is computed from that.
    h = F.silu(transposed(h, d["5.weight"], (5, 7)) + d["5.bias"][:, None, None])
    h = transposed(h, d["7.weight"], (9, 14)) + d["7.bias"][:, None, None]
    torch.testing.assert_close(model.decode(z), h.flatten(1))


def transposed(h, weight, size):
    there = torch.zeros(len(h), weight.shape[1], *size, dtype=h.dtype, requires_grad=True)
    return torch.autograd.grad(F.conv2d(there, weight, stride=2, padding=1), there, h)[0]


def test_weights_are_drawn_from_the_generator_in_torchs_own_range(make):
    one, again = make((28, 28)), make((28, 28))
    for weights, same in zip(one.parameters(), again.parameters(), strict=True):
        assert torch.equal(weights, same)
    ranges = {"encoder.1": 9, "encoder.3": 72, "encoder.6": 784, "decoder.0": 2, "decoder.2": 64, "decoder.5": 72, "decoder.7": 9}
    found = dict(one.named_parameters())
    for name, inputs in ranges.items():
        weight = found[f"{name}.weight"].detach()
        layer = {4: torch.nn.ConvTranspose2d if "decoder" in name else torch.nn.Conv2d, 2: torch.nn.Linear}[weight.ndim]
        ends = weight.shape[:2] if layer is torch.nn.ConvTranspose2d else weight.shape[1::-1]
        torchs = layer(*ends, *[3] * (weight.ndim == 4)).weight.detach()
        bound = inputs**-0.5
        assert weight.abs().max() <= bound
        assert torchs.abs().max() <= bound + 1e-6
        assert weight.abs().max() > 0.9 * bound
        assert torchs.abs().max() > 0.9 * bound


def test_it_trains_and_the_perceptrons_take_other_sizes_too(make, generator):
    x = torch.rand(64, 1, dtype=torch.float64, generator=generator).round().repeat(1, 30)  # all ink, or none
    for model in (make((5, 6)), models.VAE(2, pixels=30, generator=generator)):
        history = training.fit(model, x, losses.negative_elbo, generator=generator, steps=60, batch_size=16)
        assert history.terms["loss"][-10:].mean() < history.terms["loss"][:10].mean() - 2
    assert models.Autoencoder(2, pixels=30, generator=generator)(x).shape == (64, 30)


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"size": (0, 28)}, "convolutional: size: got 0"),
        ({"size": (28, 28), "channels": ()}, "convolutional: channels: got none"),
        ({"size": (28, 28), "channels": (4, 0)}, "convolutional: channels: got 0"),
        ({"size": (28, 28), "width": 1.5}, r"convolutional: width: got 1\.5"),
    ],
)
def test_sizes_that_cannot_be_say_so(options, said):
    with pytest.raises((ValueError, TypeError), match=said):
        models.convolutional(**options)


@pytest.mark.usefixtures("as_users_run")
def test_a_picture_of_another_size_is_refused(make):
    with pytest.raises(ValueError, match=r"VAE\.encode: x: got shape \(3, 784\), expected a last axis of 30"):
        make((5, 6)).encode(torch.zeros(3, 784, dtype=torch.float64))
