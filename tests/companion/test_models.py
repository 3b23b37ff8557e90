"""companion.models: shapes, initial weights from the generator alone, and the errors that bad input gets."""

import math

import pytest
import torch

from companion import models


@pytest.fixture
def model(generator):
    return models.Autoencoder(3, generator=generator)


def test_an_image_becomes_a_code_and_logits_again(model, digits):
    x = digits.x_test[:5]
    z = model.encode(x)
    assert z.shape == (5, 3)
    torch.testing.assert_close(model(x), model.decode(z))
    assert model(x).shape == (5, 784)


def test_encoder_and_decoder_mirror_each_other_with_silu_between(model):
    widths = [tuple(layer.weight.shape) for layer in model.modules() if isinstance(layer, torch.nn.Linear)]
    assert widths == [(64, 784), (128, 64), (3, 128), (128, 3), (64, 128), (784, 64)]
    assert [type(layer).__name__ for layer in model.encoder] == ["Linear", "SiLU", "Linear", "SiLU", "Linear"]
    assert [type(layer).__name__ for layer in model.decoder] == ["Linear", "SiLU", "Linear", "SiLU", "Linear"]


def test_without_hidden_layers_the_model_is_linear(generator, digits):
    model = models.Autoencoder(4, generator=generator, hidden=())
    a, b = digits.x_test[:1], digits.x_test[1:2]
    torch.testing.assert_close(model((a + b) / 2), (model(a) + model(b)) / 2)


def test_initial_weights_come_from_the_generator_and_from_nothing_else():
    made = []
    for seed, global_seed in ((0, 1), (0, 2), (1, 1)):
        torch.manual_seed(global_seed)
        model = models.Autoencoder(2, generator=torch.Generator().manual_seed(seed))
        made.append(torch.cat([p.flatten() for p in model.parameters()]))
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


def test_initial_weights_have_the_spread_of_torchs_default(model):
    for layer in (model.encoder[0], model.decoder[4]):
        bound = 1 / math.sqrt(layer.in_features)
        assert bound * 0.99 < layer.weight.abs().max() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)  # of a uniform distribution


def test_weights_are_float64_unless_asked(model, generator):
    assert {p.dtype for p in model.parameters()} == {torch.float64}
    single = models.Autoencoder(2, generator=generator, dtype=torch.float32)
    assert {p.dtype for p in single.parameters()} == {torch.float32}


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.encode(torch.zeros(1, 28, 28).double()), ValueError, r"encode: x: got shape \(1, 28, 28\), expected 2 axes"),
        (
            lambda m: m.encode(torch.zeros(1, 783).double()),
            ValueError,
            r"encode: x: got shape \(1, 783\), expected a last axis of 784",
        ),
        (lambda m: m.decode(torch.zeros(1, 2).double()), ValueError, r"decode: z: got shape \(1, 2\), expected a last axis of 3"),
        (lambda m: m.encode([[0.0]]), TypeError, r"encode: x: got list, expected a torch.Tensor"),
        (lambda m: models.Autoencoder(0, generator=torch.Generator()), ValueError, r"latent_dim: got 0, expected at least 1"),
        (
            lambda m: models.Autoencoder(2.0, generator=torch.Generator()),
            TypeError,
            r"latent_dim: got 2.0 of type float, expected an int",
        ),
        (
            lambda m: models.Autoencoder(2, generator=torch.Generator(), hidden=(0,)),
            ValueError,
            r"hidden: got 0, expected at least 1",
        ),
        (lambda m: models.Autoencoder(2, generator=7), TypeError, r"generator: got int, expected a torch.Generator"),
    ],
)
def test_bad_input_is_named(model, call, error, message):
    with pytest.raises(error, match=message):
        call(model)
