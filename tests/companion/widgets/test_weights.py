"""Weights and dice: what Python packs and foresees is what the page unpacks and rolls."""

import base64
import gzip

import numpy as np
import pytest
import torch

from companion import models
from companion.widgets import Weights, bundle
from companion.widgets.dice import normals

BOUNDS = {
    6: (70, 3.2),
    7: (35, 1.7),
    8: (20, 0.9),
}  # largest and root mean square error of a pixel, in levels of 255, for codes from the prior


@pytest.fixture
def common(browser):
    """A blank page in which weights.js and dice.js run."""
    page = browser.new_page()
    for name in ("weights", "dice"):
        page.add_script_tag(content=bundle.join(bundle.HERE / "js" / f"{name}.js"))
    yield page
    page.close()


@pytest.fixture(scope="module")
def vae():
    return models.load_trained("vae-2-seed0")


def odd_layers(generator):
    """An MLP none of whose sizes is a multiple of four, with a row of zeros and a row of tiny weights."""
    parameters = [torch.randn(*shape, generator=generator) for shape in ((5, 3), (5,), (7, 5), (7,))]
    parameters[0][1] = 0
    parameters[2][2] *= 1e-4
    return parameters


@pytest.mark.parametrize("bits", [6, 7, 8])
def test_a_weight_is_off_by_half_a_level_at_most(generator, bits):
    parameters = odd_layers(generator)
    found = [part for layer in Weights(parameters, bits=bits).layers() for part in layer]
    for true, rounded in zip(parameters, found, strict=True):
        if true.ndim == 2:
            step = true.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
            assert (np.abs(true.numpy() - rounded) <= 0.51 * step.numpy() + 1e-7).all()
        else:
            np.testing.assert_allclose(rounded, true, rtol=2**-11)


@pytest.mark.parametrize("bits", [6, 7, 8])
def test_the_page_unpacks_what_python_packed(common, generator, bits):
    weights = Weights(odd_layers(generator), bits=bits)
    found = common.evaluate(
        """([shapes, bits, data]) => unpackWeights(shapes, bits, Uint8Array.from(data)).map(
            ({ weight, bias, inputs, outputs }) => [[...weight], [...bias], outputs, inputs])""",
        [weights.shapes, bits, list(weights.data)],
    )
    for (weight, bias), (page_weight, page_bias, *shape) in zip(weights.layers(), found, strict=True):
        assert list(weight.shape) == shape
        np.testing.assert_allclose(np.reshape(page_weight, shape), weight, rtol=1e-6, atol=0)
        assert page_bias == bias.tolist()  # a float16 is a float32


def test_the_page_runs_the_network_as_python_does(common, generator, vae):
    weights = Weights(vae.decoder.parameters())
    codes = torch.randn(20, 2, generator=generator).double().numpy()
    found = common.evaluate(
        """([shapes, bits, data, codes]) => {
            const layers = unpackWeights(shapes, bits, Uint8Array.from(data));
            return codes.map((z) => [...forward(layers, z)]);
        }""",
        [weights.shapes, weights.bits, list(weights.data), codes.tolist()],
    )
    np.testing.assert_allclose(found, weights.forward(codes), atol=1e-4)


def test_forward_is_the_models_on_the_rounded_weights(vae, generator):
    weights = Weights(vae.decoder.parameters())
    decoder = models.mlp([2, 128, 64, 784], generator=generator)
    with torch.no_grad():
        for parameter, part in zip(decoder.parameters(), (part for layer in weights.layers() for part in layer), strict=True):
            parameter.copy_(torch.from_numpy(part))
        codes = torch.randn(20, 2, generator=generator).double()
        np.testing.assert_allclose(weights.forward(codes.numpy()), decoder(codes), atol=1e-10)


@pytest.mark.parametrize("bits", [6, 7, 8])
def test_what_rounding_does_to_pixels_is_bounded(vae, generator, bits):
    weights = Weights(vae.decoder.parameters(), bits=bits)
    codes = torch.randn(3000, 2, generator=generator).double()
    off = 255 * (1 / (1 + np.exp(-weights.forward(codes.numpy()))) - torch.sigmoid(vae.decode(codes)).numpy())
    largest, usual = BOUNDS[bits]
    assert largest / 4 < np.abs(off).max() < largest
    assert usual / 2 < (off**2).mean() ** 0.5 < usual


def test_compressed_base64_is_smaller_than_plain_bytes_would_be(vae):
    weights = Weights(vae.decoder.parameters())
    plain = np.concatenate([layer.ravel() for layer, _ in weights.layers()]).astype(np.int8).nbytes  # before base64
    assert len(gzip.compress(base64.b64encode(weights.data), 6)) < 1.04 * plain


def test_bad_weights_are_named():
    layer = [torch.ones(3, 2), torch.zeros(3)]
    with pytest.raises(ValueError, match=r"bits: got 5, expected 6, 7 or 8"):
        Weights(layer, bits=5)
    with pytest.raises(ValueError, match=r"got 1 arrays, expected weight, bias"):
        Weights(layer[:1])
    with pytest.raises(ValueError, match=r"got shapes \(3, 2\) and \(2,\), expected \(out, in\) and \(out,\)"):
        Weights([torch.ones(3, 2), torch.zeros(2)])
    with pytest.raises(ValueError, match=r"got a layer of 3 before one that takes 2"):
        Weights(layer + layer)
    with pytest.raises(ValueError, match=r"got NaN or infinity"):
        Weights([torch.ones(3, 2) / 0, torch.zeros(3)])
    with pytest.raises(ValueError, match=r"expected what fits in float16"):
        Weights([torch.ones(3, 2), torch.full((3,), 1e6)])


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**32 - 1])
def test_python_foresees_the_pages_dice(common, seed):
    rolled = common.evaluate("(seed) => { const normal = makeNormal(seed); return Array.from({ length: 40 }, normal); }", seed)
    np.testing.assert_allclose(normals(seed, 40), rolled, rtol=1e-12)


def test_the_dice_are_standard_normal():
    scipy_stats = pytest.importorskip("scipy.stats")
    assert scipy_stats.kstest(normals(3, 20_000), "norm").pvalue > 0.01
    assert abs(np.corrcoef(normals(4, 20_000)[:-1], normals(4, 20_000)[1:])[0, 1]) < 0.03
