# SPDX-License-Identifier: Apache-2.0
"""Sharing slots must speed a link up without changing what latents experience.

Sends the same batch of latents (16 real dimensions, 8 complex symbols, 14 x 72 grid, graph mode)
with packing and with one latent per slot, alternately, so that other load affects both equally, and
compares latents per second. Then compares the LMMSE symbol error of both at each SNR over equally
many slots: a call of 216 slots is the independent unit, and the intervals hold at 99 % for all SNRs
together (Bonferroni).

    python benchmarks/packing.py [--model CDL-C] [--json packing.json]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from scipy import stats

from sionna_semcom._files import atomic_path
from sionna_semcom._seeding import set_seed
from sionna_semcom.link import OFDMLink
from sionna_semcom.mapping import LatentDemapper, LatentMapper

LATENT_DIM, BATCH, TARGET = 16, 256, 10.0
SLOTS = LATENTS_A_SLOT = 216  # two streams of 12 x 72 data symbols carry 216 latents
SNRS_DB = (0, 5, 10, 20)

Transmission = Callable[[tf.Tensor], tf.Tensor]


def transmission(link: OFDMLink, num_latents: int) -> Transmission:
    """Mean squared symbol error over ``num_latents`` random latents at a noise power."""
    mapper, demapper = LatentMapper(), LatentDemapper(LATENT_DIM, "lmmse")

    @tf.function
    def run(no: tf.Tensor) -> tf.Tensor:
        symbols = mapper(tf.random.normal([num_latents, LATENT_DIM]))
        error = demapper(*link(symbols, no)) - LatentDemapper(LATENT_DIM)(symbols)
        return 2.0 * tf.reduce_mean(tf.square(error))

    return run


def seconds(run: Transmission) -> float:
    start = time.perf_counter()
    run(tf.constant(0.1)).numpy()
    return time.perf_counter() - start


def speed(links: dict[str, OFDMLink], rounds: int) -> dict[str, float]:
    """Latents per second of each link, from the median of its times."""
    runs = {name: transmission(link, BATCH) for name, link in links.items()}
    for run in runs.values():
        seconds(run)  # builds the graph
    times = [{name: seconds(run) for name, run in runs.items()} for _ in range(rounds)]
    return {name: BATCH / float(np.median([t[name] for t in times])) for name in links}


def curve(run: Transmission, calls: int) -> list[dict[str, float]]:
    """Mean symbol error at each SNR and the half width of its Student interval."""
    points, quantile = [], stats.t.ppf(1 - 0.01 / len(SNRS_DB) / 2, calls - 1)
    for snr_db in SNRS_DB:
        no = tf.constant(10 ** (-snr_db / 10), tf.float32)
        errors = [float(run(no)) for _ in range(calls)]
        half_width = quantile * stats.sem(errors)
        points.append({"snr_db": snr_db, "mean": np.mean(errors), "half_width": half_width})
    return points


def compare(model: str, rounds: int, calls: int) -> dict[str, object]:
    """Speeds, their ratio, and both curves."""
    set_seed("benchmarks", "packing")
    links = {
        "packed": OFDMLink(model=model),
        "one_a_slot": OFDMLink(model=model, packing=False),
    }
    latents = {"packed": SLOTS * LATENTS_A_SLOT, "one_a_slot": SLOTS}
    rates = speed(links, rounds)
    return {
        "model": model,
        "latents_per_second": rates,
        "ratio": rates["packed"] / rates["one_a_slot"],
        "curves": {n: curve(transmission(links[n], latents[n]), calls) for n in links},
    }


def curves_agree(curves: dict[str, list[dict[str, float]]]) -> bool:
    """Whether at every SNR the difference of the means is within its interval."""
    return all(
        abs(a["mean"] - b["mean"]) <= np.hypot(a["half_width"], b["half_width"])
        for a, b in zip(*curves.values(), strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="CDL-C", help="channel model (default CDL-C)")
    parser.add_argument("--rounds", type=int, default=7, help="timed runs of each")
    parser.add_argument("--calls", type=int, default=8, help="calls of 216 slots for each SNR")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    result = compare(options.model, options.rounds, options.calls)
    agree = result["curves_agree"] = curves_agree(result["curves"])
    for name, rate in result["latents_per_second"].items():
        print(f"{name:>12}: {rate:10.0f} latents a second")
    print(f"{'ratio':>12}: {result['ratio']:10.1f} (target: at least {TARGET:.0f})")
    print(f"\n{'SNR [dB]':>9} {'packed':>20} {'one a slot':>20}   symbol error")
    for points in zip(*result["curves"].values(), strict=True):
        cells = (f"{p['mean']:10.5f} ± {p['half_width']:.5f}" for p in points)
        print(f"{points[0]['snr_db']:>9} " + " ".join(f"{cell:>20}" for cell in cells))
    print(f"\ncurves agree within their intervals: {agree}")
    if options.json:
        with atomic_path(options.json) as path:
            path.write_text(json.dumps(result, indent=2))
    if result["ratio"] < TARGET or not agree:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
