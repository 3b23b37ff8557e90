"""Make the stored sweeps of chapter 8, companion/_bundled/sweeps/*.json: `make sweeps`.

beta: the course's 2-D VAE at seven betas and three seeds; where each stands in the plane of rate and distortion.
units: a VAE with 16 latents at six betas and three seeds; what each latent carries.
warmup: a deeper one that learns slowly, without and with a KL warm-up, for 1,000 steps at two betas and for 5,000 at beta 1; and
    how its KL went during training.
sprites: a VAE with 6 latents on pictures with known factors, at five betas and five seeds; the mutual information gap.

    python tools/make_sweeps.py [--check] [--quick] [--jobs N] [NAME ...]
        --check makes them again and compares, and stores nothing; with --quick one run of each
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from companion import data, evaluation, models, sweep, training

BETAS = (0.0, 0.1, 1.0, 4.0, 8.0, 16.0, 32.0)
FIT = {"batch_size": 128, "learning_rate": 3e-3}
WARMUP = 500


def digits() -> Tensor:
    """The 10,000 training images."""
    return data.load_digits().x_train


def sprites() -> Tensor:
    """The 6,000 sprites."""
    return data.make_sprites(6000).x


def plane(model: models.VAE, history: training.History) -> dict:
    """Rate, distortion and the rate of each latent, on training and test images."""
    images = data.load_digits()
    return {"train": _plane(model, images.x_train), "test": _plane(model, images.x_test)}


def units(model: models.VAE, history: training.History) -> dict:
    """`plane`, and the variance of each latent's mean over the test images."""
    return {**plane(model, history), "variance": model.encode(data.load_digits().x_test).mu.var(dim=0).tolist()}


def path(model: models.VAE, history: training.History) -> dict:
    """`units`, and the KL of training as 50 means of as many steps each."""
    return {**units(model, history), "kl": history.terms["kl"].reshape(50, -1).mean(dim=1).tolist()}


def factors(model: models.VAE, history: training.History) -> dict:
    """Rate and distortion on the sprites, how many latents are active, and the mutual information gap: of all latents, as it is defined, and
    of the active ones alone.
    """
    drawn = data.make_sprites(6000)
    mu = model.encode(drawn.x).mu
    active = evaluation.active_units(mu)
    found = evaluation.mutual_information_gap(mu, drawn.factors)
    return {
        **_plane(model, drawn.x),
        "active": int(active.sum()),
        "gap": found.gap,
        "gap_of_active": evaluation.mutual_information_gap(mu * active, drawn.factors).gap,
        "per_factor": found.per_factor.tolist(),
        "mutual_information": found.mutual_information.tolist(),
    }


class Sweep(NamedTuple):
    """What a stored sweep is made of. close: the largest difference of any number that --check lets pass."""

    what: str
    data: Callable[[], Tensor]
    settings: list[dict]
    measure: Callable[[models.VAE, training.History], dict]
    close: float


DIGITS = {"kind": "vae", **FIT}
SLOW = {**DIGITS, "latent_dim": 16, "hidden": models.HIDDEN}
SIX = {**DIGITS, "latent_dim": 6, "hidden": models.HIDDEN, "steps": 3000, "batch_size": 64}
SWEEPS = {
    "beta": Sweep(
        "A VAE with 2 latents on the 10,000 digits, seven betas, three seeds: nats an image.",
        digits,
        sweep.grid(**DIGITS, latent_dim=2, hidden=models.HIDDEN, steps=2000, beta=list(BETAS), seed=range(3)),
        plane,
        close=1e-3,
    ),
    "units": Sweep(
        "A VAE with 16 latents and one hidden layer on the 10,000 digits, six betas, three seeds: nats an image.",
        digits,
        sweep.grid(**DIGITS, latent_dim=16, hidden=(128,), steps=1000, beta=[1.0, 2.0, 4.0, 8.0, 16.0, 32.0], seed=range(3)),
        units,
        close=1e-3,
    ),
    "warmup": Sweep(
        f"A VAE with 16 latents and two hidden layers on the digits, without and with a KL warm-up over {WARMUP} steps, three seeds.",
        digits,
        [
            settings
            for warm in ({}, {"warmup": WARMUP})
            for settings in (
                *sweep.grid(**SLOW, **warm, steps=1000, beta=[1.0, 32.0], seed=range(3)),
                *sweep.grid(**SLOW, **warm, steps=5000, beta=1.0, seed=range(3)),
            )
        ],
        path,
        close=1e-3,
    ),
    "sprites": Sweep(
        "A VAE with 6 latents on 6,000 sprites, five betas, five seeds: nats an image, mutual information in nats.",
        sprites,
        sweep.grid(**SIX, beta=[1.0, 2.0, 4.0, 8.0, 16.0], seed=range(5)),
        factors,
        close=0.02,  # a code on the edge of a histogram's cell may fall on the other side
    ),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(SWEEPS)}")
    parser.add_argument("--check", action="store_true", help="make again and compare with what is stored, store nothing")
    parser.add_argument("--quick", action="store_true", help="with --check: the run in the middle of each sweep only")
    parser.add_argument("--jobs", type=int, default=2, help="how many runs at a time")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(SWEEPS)):
        parser.error(f"got {', '.join(unknown)}, expected names from {', '.join(SWEEPS)}")
    names = options.names or list(SWEEPS)
    if options.check:
        within = [check(name, jobs=options.jobs, quick=options.quick) for name in names]  # all of them, also after one that failed
        return int(not all(within))
    for name in names:
        runs = make(SWEEPS[name], SWEEPS[name].settings, jobs=options.jobs)
        command = f"python tools/make_sweeps.py {name}"
        print(sweep.store(name, runs, what=SWEEPS[name].what, command=command), flush=True)
    return 0


def make(of: Sweep, settings: list[dict], *, jobs: int) -> list[sweep.Run]:
    """Some runs of a sweep."""
    return sweep.sweep(settings, of.data(), of.measure, jobs=jobs, progress=True)


def check(name: str, *, jobs: int = 1, quick: bool = False) -> bool:
    """Make a stored sweep again, or with `quick` the run in its middle; print the largest difference and say whether it is within bounds."""
    stored = sweep.load_stored(name).runs
    stored = [stored[len(stored) // 2]] if quick else stored
    runs = make(SWEEPS[name], [run.settings for run in stored], jobs=jobs)
    if errors := [run.error for run in runs if run.error]:
        print(f"{name}: {errors[0]}", flush=True)
        return False
    value = max(distance(old.result, new.result) for old, new in zip(stored, runs, strict=True))
    print(f"{name}: {len(runs)} runs, largest difference {value:.1e}, at most {SWEEPS[name].close:.0e} allowed", flush=True)
    return value <= SWEEPS[name].close


def distance(stored: object, made: object) -> float:
    """The largest difference between two results of one shape; infinite where the shape differs or a number is NaN."""
    if isinstance(stored, Mapping) and isinstance(made, Mapping) and stored.keys() == made.keys():
        return max(distance(stored[key], made[key]) for key in stored)
    if isinstance(stored, list) and isinstance(made, list) and len(stored) == len(made):
        return max(map(distance, stored, made))
    if isinstance(stored, int | float) and isinstance(made, int | float):
        return abs(stored - made) if stored - made == stored - made else float("inf")
    return float("inf")


def _plane(model: models.VAE, x: Tensor) -> dict:
    found = evaluation.rate_distortion(model, x, generator=torch.Generator().manual_seed(0))
    return {"rate": found.rate, "distortion": found.distortion, "rate_per_unit": found.rate_per_unit.tolist()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
