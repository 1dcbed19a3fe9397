# SPDX-License-Identifier: Apache-2.0
"""Design for 1,000 sets of channels: batched against one by one, and against federated ADMM.

Four users with networks of 24 to 48 features, Rayleigh fading, four antennas at both ends, one
resource element, 20 dB. Times are processor seconds of the whole graph after its first call, and
sums of errors are relative to those of the descent.

    python benchmarks/alignment_many_users.py [--json alignment_many_users.json]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from sionna.phy.utils import complex_normal

import sionna_semcom as ss
from sionna_semcom._files import atomic_path
from sionna_semcom._seeding import set_seed

SETS, ALONE, WIDTHS, NO = 1000, 50, (24, 32, 40, 48), 0.01
DESIGNS: dict[str, dict[str, Any]] = {
    "descent": {},
    "descent_best_alone_after_5_turns": {"trial": 5},
    "federated_admm": {"method": "federated_admm", "iterations": 50},
}


def pilots() -> tuple[np.ndarray, list[np.ndarray]]:
    """Latents of the station and of four users for the same inputs."""
    draw = np.random.default_rng(1)
    inputs = draw.normal(size=(5000, 16))
    station, *users = (np.tanh(inputs @ draw.normal(size=(16, n)) / 4) for n in (32, *WIDTHS))
    return station, users


def measured(options: dict[str, Any], h: tf.Tensor) -> tuple[dict[str, float], np.ndarray]:
    """Seconds for all sets and for sets one by one, and the sums of the errors."""
    aligner = ss.alignment.BroadcastAligner(**options).fit(*pilots())
    design = tf.function(lambda h: aligner.design(h, NO).objective, autograph=False)
    design(h), design(h[:1])  # traces
    start = time.process_time()
    found = design(h).numpy()
    batched = time.process_time() - start
    start = time.process_time()
    for number in range(ALONE):
        design(h[number : number + 1])
    alone = (time.process_time() - start) * SETS / ALONE
    seconds = {"batched_seconds": batched, "one_by_one_seconds": alone, "ratio": alone / batched}
    return seconds, found


def main() -> None:
    """Print the figures, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    set_seed(1)
    h = complex_normal([SETS, len(WIDTHS), 1, 4, 4])
    result: dict[str, Any] = {}
    reference: np.ndarray | None = None
    for name, options in DESIGNS.items():
        seconds, found = measured(options, h)
        reference = found if reference is None else reference
        ratio = found / reference
        result[name] = {**seconds, "sum_of_errors": {"mean": float(ratio.mean())}}
        result[name]["sum_of_errors"] |= {"least": float(ratio.min()), "most": float(ratio.max())}
        print(name, json.dumps(result[name]), flush=True)
    if arguments.json is not None:
        with atomic_path(arguments.json) as path:
            path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
