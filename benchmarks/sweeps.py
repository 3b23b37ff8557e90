"""The same sweep in one process, in two, and on a Dask cluster of two workers: seconds, ratios, and whether the bits agree.

python benchmarks/sweeps.py [--steps N]
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import joblib
import torch
from dask.distributed import Client, LocalCluster

from companion import data, models, sweep, training

RESULT = Path(__file__).with_suffix(".json")


def last_loss(model: torch.nn.Module, history: training.History) -> list:
    """What each run returns: its last loss and a digest of its weights, so that a single changed bit shows."""
    return [history.terms["loss"][-1].item(), models.digest(model.state_dict())]


def measured(run: Callable[[], list]) -> tuple[float, list]:
    """Seconds and results of one sweep."""
    started = time.perf_counter()
    runs = run()
    return time.perf_counter() - started, [(each.result, each.error) for each in runs]


def main() -> int:
    """Measure all three, store, and say whether they agreed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=800)
    steps = parser.parse_args().steps
    x = data.load_digits().x_train
    settings = sweep.grid(kind="vae", latent_dim=2, beta=[0.5, 1.0, 2.0, 4.0], seed=range(2), steps=steps)
    found = {f"jobs={n}": measured(lambda n=n: sweep.sweep(settings, x, last_loss, jobs=n)) for n in (1, 2)}
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(**options) as cluster, Client(cluster), joblib.parallel_config(backend="dask"):
        found["dask, 2 workers"] = measured(lambda: sweep.sweep(settings, x, last_loss))
    alone = found["jobs=1"][0]
    same = all(results == found["jobs=1"][1] for _, results in found.values())
    result = {
        "runs": len(settings),
        "steps": steps,
        "cores": os.cpu_count(),
        "same_bits": same,
        "seconds": {name: round(seconds, 1) for name, (seconds, _) in found.items()},
        "times_as_fast_as_one": {name: round(alone / seconds, 2) for name, (seconds, _) in found.items()},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print("sweeps:", json.dumps(result))
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
