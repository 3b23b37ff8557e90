"""The course's trained models: what is stored is what training gives, and damage is noticed."""

import json
import shutil

import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file

from companion import data, evaluation, losses, models, successors
from tools import make_models

# beta -> rate and distortion on test images: each is judged at its own price, and none may pass for a neighbour
BETA_FAMILY = {0: (50.9, 149.5), 0.1: (9.65, 149.1), 4: (3.44, 156.9), 8: (2.19, 166.2), 16: (0.57, 188.9), 32: (0, 201.1)}
SPRITES_AT_MOST = {1: 75, 8: 105}
BOTTLENECKS_AT_MOST = {1: 42, 2: 36, 4: 27, 8: 18, 16: 12, 32: 7, 64: 5.5}  # squared error a test image; no two may be exchanged


@pytest.mark.parametrize("name", ["classifier", "vae-2-seed0", "vq-prior"])
@pytest.mark.slow
def test_training_again_gives_the_stored_weights(name):
    assert make_models.check(name)


def test_every_model_of_the_recipe_is_stored_with_its_settings():
    stored = models.trained_settings()
    assert set(stored) == set(make_models.SETTINGS)
    for name, settings in make_models.SETTINGS.items():
        recipe = json.loads(json.dumps(settings))  # as the file spells it: lists for tuples
        assert {key: stored[name][key] for key in recipe} == recipe


@pytest.mark.parametrize("name", list(make_models.SETTINGS))
def test_every_stored_model_does_its_work_on_images_it_never_saw(name, digits, generator):
    model = models.load_trained(name)
    assert not any(p.requires_grad for p in model.parameters())
    if name == "classifier":
        assert (model(digits.x_test).argmax(dim=1) == digits.y_test).double().mean() > 0.92
    elif name.startswith("ae"):
        assert losses.reconstruction_loss(model, digits.x_test).loss < {2: 155, 8: 105, 16: 95}[model.latent_dim]
    elif name.startswith("bottleneck"):
        error = ((torch.sigmoid(model(digits.x_test)) - digits.x_test) ** 2).sum(dim=1).mean()
        assert 0.85 * BOTTLENECKS_AT_MOST[model.latent_dim] < error < BOTTLENECKS_AT_MOST[model.latent_dim]
    elif name.startswith("wide"):
        x = F.avg_pool2d(digits.x_test.reshape(-1, 1, 28, 28), 2).flatten(1)
        holes = 2 * x * (torch.rand(x.shape, generator=generator, dtype=x.dtype) < 0.5)
        whole, filled = (((torch.sigmoid(model(given)) - x) ** 2).sum(dim=1).mean() for given in (x, holes))
        assert (whole < 0.3) if name == "wide-copier" else (filled < 3.2)
    elif name.startswith("sprites"):
        unseen = data.make_sprites(1000, generator=torch.Generator().manual_seed(1)).x
        found = evaluation.rate_distortion(model, unseen, generator=generator)
        assert (
            found.distortion + make_models.SETTINGS[name]["beta"] * found.rate < SPRITES_AT_MOST[make_models.SETTINGS[name]["beta"]]
        )
    elif "beta" in name:
        found = evaluation.rate_distortion(model, digits.x_test, generator=generator)
        rate, distortion = BETA_FAMILY[make_models.SETTINGS[name]["beta"]]
        assert found.rate == pytest.approx(rate, rel=0.05, abs=0.01)
        assert found.distortion == pytest.approx(distortion, abs=2)
    else:
        assert losses.negative_elbo(model, digits.x_test, generator=generator).loss < {2: 160, 8: 125, 16: 120}[model.latent_dim]


def test_the_models_of_the_outlook_are_stored_with_their_settings_in_two_megabytes():
    stored = models.trained_settings(path=successors.TRAINED)
    assert list(stored) == list(make_models.OUTLOOK)
    for name, settings in make_models.OUTLOOK.items():
        recipe = json.loads(json.dumps(settings))
        assert {key: stored[name][key] for key in recipe} == recipe
        assert {p.dtype for p in successors.load_trained(name).parameters()} == {torch.float64}
        assert {weight.dtype for weight in models.stored_weights(name, path=successors.TRAINED)[1].values()} == {torch.float16}
    assert successors.TRAINED.stat().st_size <= 2e6


def test_the_models_of_the_outlook_do_their_work_on_images_they_never_saw(digits, generator):
    two, vq, prior, diffusion = (successors.load_trained(name) for name in ("two-layer", "vq", "vq-prior", "diffusion"))
    x = digits.x_test[::4]
    assert successors.two_layer_elbo(two, x, generator=generator).loss < 118
    indices = vq.indices(x)
    assert losses.bernoulli_nll(x, vq.decode_indices(indices)).mean() < 110
    assert 15 < -prior.log_prob(indices).mean() < 28  # nats, of 44 for equal chances
    t = torch.full((len(x),), 50)  # half of the steps
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    logits = diffusion.logits(successors.add_noise(2 * x - 1, noise, t, diffusion.keep), t)
    mean_image = digits.x_train.mean(dim=0).clamp(0.001, 0.999).logit().expand(x.shape)
    assert losses.bernoulli_nll(x, logits).mean() < 0.6 * losses.bernoulli_nll(x, mean_image).mean()


def test_a_stored_file_is_readable_for_everybody(tmp_path):
    path = tmp_path / "models.safetensors"
    make_models.write({"a": torch.zeros(1)}, {}, path)
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_check_fails_when_a_weight_has_moved(tmp_path, monkeypatch, capsys):
    trained = models.load_trained("vae-2-seed0")
    monkeypatch.setattr(make_models, "train", lambda name: trained)
    assert make_models.main(["--check", "vae-2-seed0"]) == 0
    with torch.no_grad():
        trained.decoder[0].bias[0] += 1e-4
    assert make_models.main(["--check", "vae-2-seed0"]) == 1
    assert "vae-2-seed0: largest difference of a weight 1.0e-04" in capsys.readouterr().out


def test_an_unknown_name_lists_the_known_ones(capsys):
    with pytest.raises(models.ModelError, match=r"load_trained: name: got 'vae-3', expected one of ae-2-seed0, "):
        models.load_trained("vae-3")
    with pytest.raises(SystemExit):
        make_models.main(["vae-3"])
    assert "got vae-3, expected names from ae-2-seed0" in capsys.readouterr().err


def test_a_missing_or_truncated_file_names_itself_and_the_remedy(tmp_path):
    with pytest.raises(models.ModelError, match=r"gone\.safetensors cannot be read .*Reinstall companion"):
        models.load_trained("vae-2-seed0", path=tmp_path / "gone.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(models.TRAINED.read_bytes()[:5000])
    with pytest.raises(models.ModelError, match=r"cut\.safetensors cannot be read"):
        models.load_trained("vae-2-seed0", path=tmp_path / "cut.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(models.ModelError, match=r"other\.safetensors cannot be read"):
        models.load_trained("vae-2-seed0", path=tmp_path / "other.safetensors")


def test_a_changed_weight_in_the_file_is_noticed(tmp_path):
    path = tmp_path / "models.safetensors"
    shutil.copy(models.TRAINED, path)
    with safe_open(path, framework="pt") as file:
        tensors, metadata = {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118
    tensors["vae-2-seed0/decoder.0.bias"][0] += 1e-6
    save_file(tensors, path, metadata=metadata)
    with pytest.raises(models.ModelError, match=r"is damaged: the weights of vae-2-seed0 do not have the SHA-256"):
        models.load_trained("vae-2-seed0", path=path)
    assert models.load_trained("vae-2-seed1", path=path).latent_dim == 2
