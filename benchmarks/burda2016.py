"""A published number: the VAE of Burda et al. 2016 (one stochastic layer, k = 1) trained with companion on the full MNIST.

    python benchmarks/burda2016.py FOLDER [--epochs N]        FOLDER holds MNIST/raw

The paper (table 1, and section 5 for the set-up): 784-200-200-50, tanh, batches of 20, Adam with eps 1e-4, pixels drawn as 0 or 1
anew at every pass with the grey value as probability, 3,280 epochs at rates that fall from 1e-3 to 1e-4; test -log p(x) 86.76 nats,
estimated with 5,000 samples. Here: the same, with fewer epochs, a rate that falls linearly from 1e-3 to 0, and torch's default
initial weights. The likelihood is an estimate whose bias its standard error does not show; the result has the effective numbers of
draws beside it, and a caveat. Writes benchmarks/burda2016.json and, for the eye, benchmarks/burda2016.png. Ctrl-C keeps a checkpoint
beside them, from which the same command goes on.
"""

import argparse
import json
import time
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from companion import data, evaluation, losses, models, plots, training

HERE = Path(__file__).parent
RESULT, PICTURE, CHECKPOINT = (HERE / f"burda2016{ending}" for ending in (".json", ".png", ".checkpoint.pt"))
PAPER = {"nll": 86.76, "epochs": 3280, "source": "Burda, Grosse, Salakhutdinov 2016 (arXiv:1509.00519), table 1, VAE, k = 1"}
SETTINGS = {"latent_dim": 50, "hidden": [200, 200], "batch_size": 20, "learning_rate": 1e-3, "adam_eps": 1e-4, "seed": 0}
SAMPLES = 5000
CAVEAT = (
    "monte_carlo_se knows only the draws that were made: where q misses the posterior, log p(x) comes out too low and the error small. "
    "So nll is, on average over draws, an upper bound. With two latents, where log p(x) is known, chapter 7 finds 2.6 nats of such bias."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="holds MNIST/raw with the four unpacked files")
    parser.add_argument("--epochs", type=int, default=150)
    options = parser.parse_args()
    mnist = data.load_mnist(options.folder, dtype=torch.float32)
    generator = torch.Generator().manual_seed(SETTINGS["seed"])
    model = build(generator)
    started = time.perf_counter()
    history = train(model, mnist.x_train, options.epochs, generator)
    if history is None:
        return
    minutes = (time.perf_counter() - started) / 60
    x_test = torch.bernoulli(mnist.x_test, generator=torch.Generator().manual_seed(1))
    found = evaluation.log_likelihood(model, x_test, samples=SAMPLES, generator=torch.Generator().manual_seed(2))
    mu = torch.cat([model.encode(x).mu.detach() for x in x_test.split(1000)])
    write(history, found, model, x_test, mu, options.epochs, len(mnist.x_train), minutes)
    draw(json.loads(RESULT.read_text(encoding="utf-8")))
    CHECKPOINT.unlink(missing_ok=True)
    print(RESULT.read_text(encoding="utf-8").partition('"curve"')[0])


def build(generator: torch.Generator) -> models.VAE:
    """The paper's network, in float32 as the paper's was."""
    size = {"latent_dim": SETTINGS["latent_dim"], "hidden": SETTINGS["hidden"]}
    return models.VAE(**size, activation=nn.Tanh, dtype=torch.float32, generator=generator)


def loss(model: nn.Module, x: Tensor, *, generator: torch.Generator) -> losses.ELBOTerms:
    """The negative ELBO of pixels drawn as 0 or 1 for this very batch."""
    return losses.negative_elbo(model, torch.bernoulli(x, generator=generator), generator=generator)


def train(model: models.VAE, x: Tensor, epochs: int, generator: torch.Generator) -> training.History | None:
    """All epochs, from the checkpoint where there is one; None when the keyboard stopped it and the checkpoint was written."""
    steps = epochs * (len(x) // SETTINGS["batch_size"])
    options = {key: SETTINGS[key] for key in ("batch_size", "learning_rate", "adam_eps")}
    resume = None
    if CHECKPOINT.exists():
        stored = torch.load(CHECKPOINT, weights_only=True)
        if stored["steps"] != steps:
            raise SystemExit(
                f"{CHECKPOINT} is of a run of {stored['steps']} steps, expected {steps}: delete it or ask for its epochs."
            )
        model.load_state_dict(stored["model"])
        resume = training.History(stored["terms"], state=stored["state"])
    history = training.fit(model, x, loss, generator=generator, steps=steps, progress=True, resume=resume, **options)
    if not history.interrupted:
        return history
    torch.save({"steps": steps, "model": model.state_dict(), "terms": history.terms, "state": history.state}, CHECKPOINT)
    print(f"stopped after {history.steps_done} of {steps} steps; the same command goes on from {CHECKPOINT.name}")
    return None


def write(
    history: training.History,
    found: evaluation.LogLikelihood,
    model: models.VAE,
    x_test: Tensor,
    mu: Tensor,
    epochs: int,
    images: int,
    minutes: float,
) -> None:
    """Result, settings and the training curve (mean over each epoch), as JSON."""
    per_epoch = images // SETTINGS["batch_size"]
    curve = history.terms["loss"].reshape(epochs, per_epoch).mean(dim=1)
    with torch.no_grad():
        bound = losses.negative_elbo(model, x_test, generator=torch.Generator().manual_seed(3))
    result = {
        "paper": PAPER,
        "nll": round(-found.mean, 3),
        "monte_carlo_se": round(found.monte_carlo_se, 4),
        "image_se": round(found.image_se, 3),
        "negative_elbo": round(bound.loss.item(), 3),
        "kl": round(bound.kl.mean().item(), 3),
        "active_units": int((mu.var(dim=0) > 0.01).sum()),
        "median_effective_samples": round(found.effective_samples.median().item(), 1),
        "tenth_effective_samples": round(found.effective_samples.quantile(0.1).item(), 1),
        "doubtful": round(found.doubtful, 3),
        "caveat": CAVEAT,
        "epochs": epochs,
        "samples": SAMPLES,
        "minutes_of_training": round(minutes, 1),
        "settings": {**SETTINGS, "activation": "tanh", "dtype": "float32", "schedule": "linear to 0", "data": f"{images} images"},
        "command": f"python benchmarks/burda2016.py FOLDER --epochs {epochs}",
        "curve": [round(value, 3) for value in curve.tolist()],
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def draw(result: dict) -> None:
    """The training curve beside the paper's number."""
    plots.use_style()
    curve = torch.tensor(result["curve"])
    ax = plots.curves({"train, negative ELBO": curve}, x=torch.arange(1, len(curve) + 1), xlabel="epoch")
    ax.axhline(result["nll"], color=plots.FLAME, label=f"test, -log p(x): {result['nll']:.2f}")
    ax.axhline(PAPER["nll"], color=plots.INK, linestyle="--", label=f"paper, {PAPER['epochs']} epochs: {PAPER['nll']}")
    ax.set(ylim=(84, 110))
    ax.legend()
    ax.figure.savefig(PICTURE)
    plt.close(ax.figure)


if __name__ == "__main__":
    main()
