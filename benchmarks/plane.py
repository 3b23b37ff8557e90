"""What does the exact log p(x) of a model with two latents take, beside an estimate from 500 draws and one from 5,000?

python benchmarks/plane.py

The time of each, in one run on one thread; how far each estimate of an image lies from the sum over the plane; and the sum beside
itself on half the step. The sum may take no longer than the estimate from 5,000 draws, and hold at most 400 MB.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

import torch

from companion import data, evaluation, models

RESULT = Path(__file__).with_suffix(".json")
IMAGES = 100
HALVED = 20  # images whose sum is made again with half the step
MOST = 400  # MB


def timed(task):
    """What a task returns, and its seconds."""
    started = time.perf_counter()
    found = task()
    return found, time.perf_counter() - started


def main() -> int:
    """Measure, store, and say whether the budgets were kept."""
    torch.set_num_threads(1)
    vae, x = models.load_trained("vae-2-seed0"), data.load_digits().x_test[:IMAGES]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    exact, seconds = timed(lambda: evaluation.plane_posterior(vae, x))
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    finer = evaluation.plane_posterior(vae, x[:HALVED], step=0.025)
    result = {
        "images": IMAGES,
        "seconds": round(seconds, 2),
        "memory_mb": round(memory),
        "largest_change_at_half_the_step": float(f"{(finer.log_p - exact.log_p[:HALVED]).abs().max():.1g}"),
        "cores": os.cpu_count(),
    }
    for samples in (500, 5000):
        estimate, other = timed(
            lambda samples=samples: evaluation.log_likelihood(vae, x, samples=samples, generator=torch.Generator().manual_seed(0))
        )
        short = exact.log_p - estimate.values
        result[f"estimate_{samples}"] = {
            "times_the_plane": round(other / seconds, 2),
            "mean_short_by": round(short.mean().item(), 3),
            "standard_error_said": round(estimate.monte_carlo_se, 3),
            "worst_image_short_by": round(short.max().item(), 2),
        }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    return int(result["estimate_5000"]["times_the_plane"] < 1 or memory > MOST)


if __name__ == "__main__":
    sys.exit(main())
