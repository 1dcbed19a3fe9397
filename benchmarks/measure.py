# SPDX-License-Identifier: Apache-2.0
"""Times and memory of one process, printed as JSON; benchmarks/run.py calls it for two versions.

    python benchmarks/measure.py training|subcarriers|antennas|latents|memory|monte_carlo|resident

Times are CPU seconds of the process, because they depend least on other load. The imported package
is measured, which may be an earlier version.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.append(str(Path(__file__).parent))

import keras
import numpy as np
import sionna.phy  # noqa: F401 (before TensorFlow)
import tensorflow as tf

from sionna_semcom._seeding import set_seed
from sionna_semcom.link import AWGNLink, OFDMLink

SNR_DB = 10.0
WIDE = {"fft_size": 1200, "cyclic_prefix_length": 90}


def seconds(run: Callable[[], object], rounds: int) -> float:
    """Median of CPU seconds of a call, after two that trace and warm up."""
    times = []
    for number in range(rounds + 2):
        start = time.process_time()
        run()
        if number > 1:
            times.append(time.process_time() - start)
    return float(np.median(times))


def peak_mb() -> float:
    """Most memory [MB] that the process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def resident_mb() -> float:
    """Memory [MB] that the process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * resource.getpagesize() / 1e6


def step(link: OFDMLink, slots: int) -> Callable[[], object]:
    """A call of ``link`` on full slots, and its gradient."""
    symbols = tf.complex(*tf.unstack(tf.random.normal([2, slots, link._capacity]) * 0.5**0.5))

    @tf.function(autograph=False)
    def run(symbols: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(symbols)
            error = tf.reduce_mean(tf.abs(link(symbols, no)[0] - symbols) ** 2)
        return tape.gradient(error, symbols)

    return lambda: run(symbols, tf.constant(0.1)).numpy()


def training(rounds: int) -> dict[str, float]:
    """The first training step of a system over an OFDM link, its link aside, and later ones."""
    from ofdm_step import SNR_DB, slots_case

    from sionna_semcom.systems import CentroidSystem

    parts, batch_size = slots_case()
    system = CentroidSystem(parts, link=OFDMLink(num_tx_ant=2, num_rx_ant=4), snr_db=SNR_DB)
    system.compile(keras.optimizers.Adam(1e-3))
    batch = {part.name: tf.random.uniform([batch_size, *part.shape]) for part in parts}
    batch["label"] = tf.range(batch_size) % 10
    data = tf.data.Dataset.from_tensors(batch).repeat(rounds)
    start = time.process_time()
    system.fit(data.take(1), verbose=0)
    first = time.process_time() - start
    system.make_train_function()
    steps, iterator = [], iter(data.repeat())
    for _ in range(rounds + 2):
        start = time.process_time()
        tf.nest.map_structure(np.asarray, system.train_function(iterator))
        steps.append(time.process_time() - start)
    return {"first_step": first, "later_step": float(np.median(steps[2:]))}


def subcarriers(rounds: int) -> dict[str, float]:
    """A step over four slots of CDL-C, 2 x 4 antennas."""
    sizes = {72: 6, 300: 22, 1200: 90, 3276: 246}
    links = {
        size: OFDMLink(
            num_tx_ant=2, num_rx_ant=4, fft_size=size, cyclic_prefix_length=prefix, csi="perfect"
        )
        for size, prefix in sizes.items()
    }
    return {str(size): seconds(step(link, 4), rounds) for size, link in links.items()}


def antennas(rounds: int) -> dict[str, float]:
    """A step over four slots of CDL-C, 72 subcarriers, two streams."""
    return {
        f"{tx}x{rx}": seconds(
            step(OFDMLink(num_tx_ant=tx, num_rx_ant=rx, num_streams=2, csi="perfect"), 4), rounds
        )
        for tx, rx in ((2, 4), (4, 16), (4, 64))
    }


def latents(rounds: int) -> dict[str, float]:
    """A call of the link for batches of latents of eight symbols, as in a simulation."""
    link = OFDMLink(num_tx_ant=2, num_rx_ant=4)
    run = tf.function(link, autograph=False, reduce_retracing=True)

    def send(count: int) -> Callable[[], object]:
        symbols = tf.complex(*tf.unstack(tf.random.normal([2, count, 8]) * 0.5**0.5))
        return lambda: run(symbols, tf.constant(0.1))[0].numpy()

    return {str(count): seconds(send(count), rounds) for count in (10, 100, 1000, 10_000)}


def memory(rounds: int) -> dict[str, float]:
    """Peak memory [MB] with a link of 1,200 subcarriers, and steps over four slots of it."""
    imported = peak_mb()
    run = step(OFDMLink(num_tx_ant=2, num_rx_ant=4, **WIDE), 4)
    for _ in range(max(rounds, 1)):
        run()
    return {"imports": imported, "peak": peak_mb()}


def monte_carlo(rounds: int) -> dict[str, float]:
    """Slots a CPU second in a simulation of symbol errors, and in a bare chain of Sionna."""
    from ofdm_step import SLOT, handwritten_link

    from sionna_semcom.simulation import sim_metrics

    link, bare = OFDMLink(num_tx_ant=2, num_rx_ant=4), handwritten_link(tuned=False)
    batches = [tf.complex(*tf.unstack(tf.random.normal([2, 32, SLOT]) * 0.5**0.5))] * 2

    def measure(batch: tf.Tensor, snr_db: tf.Tensor) -> dict[str, tf.Tensor]:
        error = link(batch, tf.pow(10.0, -snr_db / 10.0))[0] - batch
        return {"mse": tf.reduce_mean(tf.abs(error) ** 2, -1)}

    def simulate(count: int) -> float:
        start = time.process_time()
        sim_metrics(measure, batches, [SNR_DB], max_mc_iter=count, progress=False)
        return time.process_time() - start

    @tf.function(autograph=False)
    def chain(batch: tf.Tensor) -> tf.Tensor:
        error = bare(batch, tf.constant(10.0 ** (-SNR_DB / 10.0)))[0] - batch
        return tf.reduce_mean(tf.abs(error) ** 2, -1)

    count = 4 * rounds  # the time that more calls take is that of calls alone
    package = (simulate(2 + count) - simulate(2)) / count
    return {
        "package": 32 / package,
        "sionna": 32 / seconds(lambda: chain(batches[0]).numpy(), count),
    }


def resident(rounds: int) -> dict[str, float]:
    """Growth of the memory [MB] over so many batches of a simulation, and steps of training."""
    from sionna_semcom.datasets import Digits
    from sionna_semcom.simulation import sim_metrics
    from sionna_semcom.systems import CentroidSystem

    data = Digits()
    system = CentroidSystem(data.shapes, link=AWGNLink(), latent_dim=4)
    system.compile(keras.optimizers.Adam(1e-3))
    growth = {}
    test = data.test(20)
    for name, run in (
        ("simulation", lambda n: sim_metrics(system, test, [0.0], max_mc_iter=n, progress=False)),
        ("training", lambda n: system.fit(data.train(20, n), verbose=0)),
    ):
        run(max(rounds // 10, 20))
        before = resident_mb()
        run(rounds)
        growth[name] = resident_mb() - before
    return growth


MEASUREMENTS = {
    one.__name__: one
    for one in (training, subcarriers, antennas, latents, memory, monte_carlo, resident)
}


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=MEASUREMENTS)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    set_seed("benchmarks", options.what)
    print(json.dumps(MEASUREMENTS[options.what](options.rounds)))


if __name__ == "__main__":
    main()
