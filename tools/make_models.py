"""Train the course's models into companion/_bundled/models.safetensors: `make models`.

Every model sees the 10,000 bundled training digits for 2,000 Adam steps of 128, the learning rate falling linearly from 3e-3;
two see 6,000 sprites instead, 3,000 steps in batches of 64, and are runs of the stored sweep of that name (tools/make_sweeps.py).
Weights are stored as float32. The file's metadata holds the settings of each and the SHA-256 of its weights.

The two-dimensional models have the course's hidden layers of 64 and 128. Those of 8 and 16 dimensions have one of 128: in 2,000
steps the deeper network leaves a 16-D VAE at a -ELBO of 130 nats on the validation images, this one at 116.

The family of chapter 2, bottleneck-1 to bottleneck-64, differs in nothing but latent_dim: one hidden layer of 128, as the larger codes
need, and 4,000 steps. After 2,000 the one with 64 numbers had a squared error of 7.65 on the test images, where PCA has 7.46; after
4,000 it has 5.24 (validation images: 4.98). Its two wide networks see images of 14 x 14 pixels, 1,600 steps from the same weights; the
denoiser gets half of the pixels. The family is 5.8 MB of the file, the wide ones 1.3 MB.

The models of the outlook page are in a file of their own, companion/_bundled/outlook.safetensors, as float16: 2 MB at most. Of
"two-layer" a second seed is trained and measured on the test images, and only its numbers are kept, in the metadata.

    python tools/make_models.py [--check] [NAME ...]     --check retrains and compares, and stores nothing
"""

import argparse
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from companion import data, evaluation, losses, models, successors, sweep, training

COMMON = {"steps": 2000, "batch_size": 128, "learning_rate": 3e-3, "data": "load_digits, 10,000 images"}
SPRITES = COMMON | {"steps": 3000, "batch_size": 64, "data": "make_sprites, 6,000 images"}
BOTTLENECKS = (1, 2, 4, 8, 16, 32, 64)
SETTINGS = {
    **{
        f"{kind}-{latent_dim}-seed{seed}": {
            "kind": kind,
            "latent_dim": latent_dim,
            "hidden": hidden,
            "seed": seed,
            **extra,
            **COMMON,
        }
        for kind, extra in (("ae", {}), ("vae", {"beta": 1.0}))
        for latent_dim, hidden in ((2, (64, 128)), (8, (128,)), (16, (128,)))
        for seed in (0, 1, 2)
    },
    "classifier": {"kind": "classifier", "seed": 0, **COMMON},
    **{  # the beta family of chapter 8, whose beta = 1 is vae-2-seed0
        f"vae-2-beta{beta:g}": {"kind": "vae", "latent_dim": 2, "hidden": (64, 128), "seed": 0, "beta": beta, **COMMON}
        for beta in (0.0, 0.1, 4.0, 8.0, 16.0, 32.0)
    },
    **{
        f"sprites-6-beta{beta:g}": {"kind": "vae", "latent_dim": 6, "hidden": (64, 128), "seed": 0, "beta": beta, **SPRITES}
        for beta in (1.0, 8.0)
    },
    **{  # the family of chapter 2
        f"bottleneck-{latent_dim}": {**COMMON, "kind": "ae", "latent_dim": latent_dim, "hidden": (128,), "seed": 0, "steps": 4000}
        for latent_dim in BOTTLENECKS
    },
    **{  # 400 numbers for 196 pixels, without and with half of the pixels missing
        name: {**COMMON, "kind": "wide", "keep": keep, "seed": 0, "steps": 1600, "learning_rate": 5e-3}
        for name, keep in (("wide-copier", 1.0), ("wide-denoiser", 0.5))
    },
}
OUTLOOK = {
    "two-layer": {**COMMON, "kind": "two-layer", "latent_dim": 16, "top_dim": 2, "seed": 0},
    "vq": {**COMMON, "kind": "vq", "slots": 16, "width": 4, "entries": 16, "seed": 0},
    "vq-prior": {
        **COMMON,
        "kind": "vq-prior",
        "slots": 16,
        "entries": 16,
        "seed": 0,
        "learning_rate": 1e-2,
        "data": "the codes of vq",
    },
    "diffusion": {
        **COMMON,
        "kind": "diffusion",
        "noise_steps": 100,
        "hidden": (256, 256),
        "seed": 0,
        "steps": 7000,
        "learning_rate": 2e-3,
    },
}
MEASURED, OTHER_SEED = ("two-layer",), 1
# The largest difference between a stored float32 weight and a retrained one. Rounding to float32 moves a weight of size 4 by 2e-7.
# With other vector code 18 of the 19 runs down to the classifier stay there (the families below it were not tried); the rounding errors
# of ae-2-seed1 grow to 2.5e-3 on the way.
CLOSE = dict.fromkeys(SETTINGS, 1e-6) | {"ae-2-seed1": 0.05}
# The outlook's are stored as float16. Its steps are 3.9e-3 wide from 4 to 8, where the largest weight is (4.6, in vq-prior), so rounding
# alone moves a weight by up to 2.0e-3, and the limit is a whole step. two-layer, whose weights stay below 2, came back within
# 3.9e-4: half a step there is 4.9e-4. Other vector code was not tried.
CLOSE |= dict.fromkeys(OUTLOOK, 4e-3)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(SETTINGS)}")
    parser.add_argument("--check", action="store_true", help="retrain and compare with the stored weights, store nothing")
    options = parser.parse_args(arguments)
    known = [*SETTINGS, *OUTLOOK]
    if unknown := sorted(set(options.names) - set(known)):
        parser.error(f"got {', '.join(unknown)}, expected names from {', '.join(known)}")
    names = options.names or known
    if options.check:
        within = [check(name) for name in names]  # all of them, also after one that failed
        return int(not all(within))
    if not set(names).isdisjoint(SETTINGS):
        store({name: train(name) if name in names else models.load_trained(name) for name in SETTINGS})
    for name in OUTLOOK:
        if name in names:
            store_outlook(name, train(name))
    return 0


def train(name: str) -> torch.nn.Module:
    """Train one model from its settings; the same weights on every CPU, as far as CLOSE says."""
    if name in OUTLOOK:
        return _outlook(name, OUTLOOK[name]["seed"])
    settings = {key: value for key, value in SETTINGS[name].items() if key != "data"}
    if settings["kind"] == "classifier":
        model, history = _classifier(settings, data.load_digits())
    elif settings["kind"] == "wide":
        model, history = _wide(settings, data.load_digits().x_train)
    else:
        x = data.make_sprites(6000).x if SETTINGS[name]["data"] == SPRITES["data"] else data.load_digits().x_train
        model, history = sweep.train(settings, x)
    print(f"{name}: {history}", flush=True)
    return model


def check(name: str) -> bool:
    """Print `distance(name)`; say whether it is within its bound."""
    value = distance(name)
    print(f"{name}: largest difference of a weight {value:.1e}, at most {CLOSE[name]:.0e} allowed", flush=True)
    return value <= CLOSE[name]


def distance(name: str) -> float:
    """The largest difference between a stored weight and the one that training again gives."""
    load = successors.load_trained if name in OUTLOOK else models.load_trained
    stored, trained = load(name).state_dict(), train(name).state_dict()
    return max((stored[key] - trained[key]).abs().max().item() for key in trained)


def store(trained: dict[str, torch.nn.Module]) -> None:
    """Write all models, with their settings, into the bundled file."""
    weights = {name: {key: value.float() for key, value in model.state_dict().items()} for name, model in trained.items()}
    settings = {name: {**SETTINGS[name], "sha256": models.digest(weights[name])} for name in weights}
    tensors = {f"{name}/{key}": value for name, parts in weights.items() for key, value in parts.items()}
    write(tensors, settings, models.TRAINED)


def store_outlook(name: str, model: torch.nn.Module) -> None:
    """Write one model of the outlook page into its file, as float16, beside those that are there.

    One after the other, because the prior of the codes is fitted to the codes of the stored vq.
    """
    there = models.trained_settings(path=successors.TRAINED) if successors.TRAINED.exists() else {}
    kept = {other: models.stored_weights(other, path=successors.TRAINED)[1] for other in there if other != name}
    weights = {**kept, name: {key: value.half() for key, value in model.state_dict().items()}}
    measured = {"measured": _measured(name)} if name in MEASURED else {}
    settings = {**there, name: {**OUTLOOK[name], **measured, "sha256": models.digest(weights[name])}}
    tensors = {f"{name}/{key}": value for name, parts in weights.items() for key, value in parts.items()}
    write(tensors, settings, successors.TRAINED)


def write(tensors: dict[str, torch.Tensor], settings: dict, path: Path) -> None:
    """Save tensors with the settings as metadata, readable for everybody: save_file leaves a file for its owner alone."""
    save_file(tensors, path, metadata={"settings": json.dumps(settings)})
    path.chmod(0o644)


def _outlook(name: str, seed: int) -> torch.nn.Module:
    """Train one model of the outlook page; the prior of codes on those of the stored vq."""
    settings, x = OUTLOOK[name], data.load_digits().x_train
    if name == "vq-prior":
        x = successors.load_trained("vq").indices(x).double()
    generator = torch.Generator().manual_seed(seed)
    model = successors.build(settings, generator=generator)
    loss = {
        "two-layer": successors.two_layer_elbo,
        "vq": successors.vq_loss,
        "vq-prior": successors.index_loss,
        "diffusion": successors.denoising_loss,
    }[settings["kind"]]
    options = {key: settings[key] for key in ("steps", "batch_size", "learning_rate")}
    history = training.fit(model, x, loss, generator=generator, **options)
    print(f"{name}, seed {seed}: {history}", flush=True)
    return model


def _measured(name: str) -> dict[str, float]:
    """What the model of another seed gives on the test images: its -ELBO in nats, and two measures of 500 samples."""
    digits, generator = data.load_digits(), torch.Generator().manual_seed(OTHER_SEED)
    model = _outlook(name, OTHER_SEED).requires_grad_(False)
    bound = successors.two_layer_elbo(model, digits.x_test, generator=generator).loss
    samples = model.sample(500, generator=generator)
    nearest, variety = evaluation.nearest_distance(samples, digits.x_train).mean, evaluation.variety(samples).mean
    return {"seed": OTHER_SEED, "bound": bound.item(), "nearest": nearest, "variety": variety}


def _classifier(settings: dict, digits: data.Dataset) -> tuple[torch.nn.Module, training.History]:
    generator = torch.Generator().manual_seed(settings["seed"])
    model = models.build(settings, generator=generator)
    x = torch.cat([digits.x_train, digits.y_train[:, None].double()], dim=1)
    options = {key: settings[key] for key in ("steps", "batch_size", "learning_rate")}
    return model, training.fit(model, x, _labelled, generator=generator, **options)


def _wide(settings: dict, x: torch.Tensor) -> tuple[torch.nn.Module, training.History]:
    """Give back images of 14 x 14 pixels, of which each pixel is kept with the probability `keep`, and then brightened to 1 / keep."""
    keep = settings["keep"]

    def loss(model: torch.nn.Module, x: torch.Tensor, *, generator: torch.Generator) -> dict[str, torch.Tensor]:
        mask = torch.rand(x.shape, generator=generator, dtype=x.dtype) < keep
        return {"loss": losses.bernoulli_nll(x, model(x * mask / keep)).mean()}

    generator = torch.Generator().manual_seed(settings["seed"])
    model = models.build(settings, generator=generator)
    small = F.avg_pool2d(x.reshape(-1, 1, 28, 28), 2).flatten(1)
    options = {key: settings[key] for key in ("steps", "batch_size", "learning_rate")}
    return model, training.fit(model, small, loss, generator=generator, **options)


def _labelled(model: torch.nn.Module, x: torch.Tensor, *, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Cross-entropy of a classifier; the label rides behind the 784 pixels."""
    return {"loss": F.cross_entropy(model(x[:, : models.PIXELS]), x[:, models.PIXELS].long())}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
