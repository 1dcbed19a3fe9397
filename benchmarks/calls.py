# SPDX-License-Identifier: Apache-2.0
"""Time to measure small batches in separate calls, or several of them in one graph.

Batches stay independent: what one draws, and the slots that its rows share, are its own.

    python benchmarks/calls.py [--together 8] [--json calls.json]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

import sionna_semcom as ss
from sionna_semcom._files import write_bytes
from sionna_semcom.datasets import Digits
from sionna_semcom.link import OFDMLink
from sionna_semcom.simulation.evaluation.graphs import executable

BATCH_SIZES = (2, 10, 20, 100, 400)
ROUNDS = 5


def cpu_ms(measure: Callable[..., Any], batches: list[Any], snr_db: tf.Tensor) -> float:
    """Least CPU milliseconds that a batch takes."""
    measure(batches, snr_db)
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        measure(batches, snr_db)
        times.append(1e3 * (time.process_time() - start) / len(batches))
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--together", type=int, default=8, help="batches in one graph")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    system = ss.load_model("centroid_builtin_end_to_end")
    system.link = OFDMLink(model="CDL-C", num_tx_ant=2, num_rx_ant=4)
    snr_db = tf.constant(10.0)
    alone = executable(system, "graph")

    def measure_all(batches: list[Any], snr_db: tf.Tensor) -> Any:
        return [system.measure(batch, snr_db) for batch in batches]

    def one_by_one(batches: list[Any], snr_db: tf.Tensor) -> Any:
        return [alone(batch, snr_db) for batch in batches]

    together = tf.function(measure_all, autograph=False)
    rows = []
    for size in BATCH_SIZES:
        batches = [next(iter(Digits().test(size)))] * options.together
        one = cpu_ms(one_by_one, batches, snr_db)
        many = cpu_ms(together, batches, snr_db)
        rows.append({"batch_size": size, "alone": one, "together": many, "ratio": many / one})
        print({name: round(value, 3) for name, value in rows[-1].items()}, flush=True)
    if options.json:
        found = {"together": options.together, "rows": rows}
        write_bytes(options.json, (json.dumps(found, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
