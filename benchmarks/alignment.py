# SPDX-License-Identifier: Apache-2.0
"""Time of serving a channel: the closed form against the paper's iterations.

    python benchmarks/alignment.py

Both design precoders and decoders for a batch of Rayleigh channels (ADMM for a hundredth of it,
which it runs through as one batch too), from the same pilots, in graph mode, to the matrices or
factors that are then applied. Ratios are of times per channel.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from sionna_semcom.alignment import ADMMAligner, LinearAligner, MatrixTransceiver, PilotStatistics

NOISE = 0.01


def pilots(count: int, d: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Latents of which a tenth of the directions say something."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(count, d)) * np.exp(-np.arange(d) / (d / 10))
    tx = inputs @ draw.normal(size=(d, d))
    return tx, np.tanh(inputs) @ draw.normal(size=(d, m))


def channels(count: int, antennas: int) -> tf.Tensor:
    """Rayleigh channels of one use."""
    parts = np.random.default_rng(1).normal(size=(2, count, 1, antennas, antennas)) * 0.5**0.5
    return tf.constant(parts[0] + 1j * parts[1], tf.complex64)


def seconds(function: Callable[..., object], *arguments: object, repeats: int) -> float:
    """Median time of a call, after one that traces."""
    function(*arguments)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def main() -> None:
    """Print times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--antennas", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="Keep the figures in this file.")
    options = parser.parse_args()

    tx, rx = pilots(42_000, 384, 768)
    start = time.perf_counter()
    statistics = PilotStatistics.of(tx, rx)
    found: dict[str, dict[str, float]] = {
        "seconds": {"moments": time.perf_counter() - start},
        "microseconds_a_channel": {},
    }
    h = channels(options.channels, options.antennas)
    few = h[: max(1, options.channels // 100)]
    for name, aligner, batch in (
        ("widely_linear", LinearAligner(), h),
        ("complex_linear", LinearAligner("complex_linear"), h),
        ("admm", ADMMAligner(iterations=20), few),
    ):
        start = time.perf_counter()
        aligner.fit_statistics(statistics)
        found["seconds"][f"fit_{name}"] = time.perf_counter() - start
        call = tf.function(functools.partial(design, aligner))
        used = seconds(call, batch, repeats=options.repeats) / len(batch)
        found["microseconds_a_channel"][name] = 1e6 * used
    times = found["microseconds_a_channel"]
    found["ratio"] = {
        name: times["admm"] / times[name] for name in ("widely_linear", "complex_linear")
    }
    print(json.dumps(found, indent=2))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def design(aligner: LinearAligner | ADMMAligner, h: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """All that a pair is made of for channels ``h``."""
    pair = aligner.design(h, NOISE)
    if isinstance(pair, MatrixTransceiver):
        return pair.precoder, pair.decoder
    return pair.place, pair.powers, pair.noise, *pair.channel


if __name__ == "__main__":
    main()
