"""Are 10,000 sprites drawn in under 2 s, on one thread? Beside it, for scale, a matrix product on the same thread.

python benchmarks/sprites.py
"""

import json
import os
import sys
import time
from pathlib import Path

import torch

from companion import data

RESULT = Path(__file__).with_suffix(".json")
LIMIT = 2.0  # seconds


def fastest(task, times: int = 3) -> float:
    """Seconds of the fastest of a few runs: the one that was disturbed least."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        task()
        found.append(time.perf_counter() - started)
    return min(found)


def main() -> int:
    """Measure, store, and say whether the budget was kept."""
    torch.set_num_threads(1)
    a = torch.ones(2000, 2000, dtype=torch.float64)
    seconds, product = fastest(lambda: data.make_sprites(10_000)), fastest(lambda: a @ a)
    result = {
        "seconds": round(seconds, 2),
        "limit": LIMIT,
        "times_a_product_of_2000_squared": round(seconds / product, 1),
        "cores": os.cpu_count(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(
        f"sprites: 10,000 in {seconds:.2f} s, limit {LIMIT} s; {result['times_a_product_of_2000_squared']} times a 2000 x 2000 product"
    )
    return int(seconds > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
