# SPDX-License-Identifier: Apache-2.0
"""Cost of slots in the time domain, against the frequency domain and a chain of Sionna's blocks.

CPU seconds of the process for eight slots of CDL-C (2 x 4 antennas, 14 x 72 resource elements, LS
estimates) and their gradient, in a graph, in turns so that load on the machine hits all alike:

- frequency, time: `OFDMLink` in either domain; one_sample: with `oversampling=1`;
- sionna_one_sample: paths, `cir_to_time_channel`, `OFDMModulator`, `ApplyTimeChannel` and
  `OFDMDemodulator` as in Sionna's tutorial, with its estimator and equalizer, and as many samples.

    python benchmarks/time_domain.py [--json time_domain.json]
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
from sionna.phy.channel import (
    ApplyTimeChannel,
    cir_to_time_channel,
    time_lag_discrete_time_channel,
)
from sionna.phy.mimo import StreamManagement
from sionna.phy.ofdm import (
    LMMSEEqualizer,
    LSChannelEstimator,
    OFDMDemodulator,
    OFDMModulator,
    ResourceGridMapper,
)
from sionna.phy.utils import complex_normal

from sionna_semcom._files import atomic_path
from sionna_semcom._seeding import set_seed
from sionna_semcom.channel.slots.channel import channel_model
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.link import OFDMLink

SLOTS, STREAMS, ELEMENTS = 8, 2, 864
Chain = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def tutorial_chain() -> Chain:
    """Symbols through the time domain as in Sionna's tutorial."""
    settings = OFDMLink(csi="perfect").settings
    grid, model = resource_grid(settings), channel_model(settings)
    bandwidth, prefix = grid.bandwidth, settings.cyclic_prefix_length
    first, last = time_lag_discrete_time_channel(bandwidth, settings.delay_spread * 8.7)
    taps = int(last - first) + 1
    mapper, modulate = ResourceGridMapper(grid), OFDMModulator(prefix)
    apply = ApplyTimeChannel(grid.num_time_samples, taps)
    demodulate = OFDMDemodulator(settings.fft_size, int(first), prefix)
    estimate = LSChannelEstimator(grid, interpolation_type="lin")
    equalize = LMMSEEqualizer(grid, StreamManagement(np.array([[1]]), STREAMS))

    def chain(symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x = mapper(tf.reshape(symbols, [SLOTS, 1, STREAMS, ELEMENTS])) * STREAMS**-0.5
        a, tau = model(SLOTS, grid.num_time_samples + taps - 1, bandwidth)
        h = cir_to_time_channel(bandwidth, a, tau, int(first), int(last), normalize=True)
        y = demodulate(apply(modulate(x), h, no))
        symbols_hat, no_eff = equalize(y, *estimate(y, no), no)
        return tf.reshape(symbols_hat, symbols.shape), tf.reshape(no_eff, symbols.shape)

    return chain


def chains() -> dict[str, Chain]:
    """Functions whose time is measured."""
    return {
        "frequency": OFDMLink(),
        "time": OFDMLink(domain="time"),
        "one_sample": OFDMLink(domain="time", oversampling=1),
        "sionna_one_sample": tutorial_chain(),
    }


def step(chain: Chain) -> Callable[[], object]:
    """A call of ``chain`` and its gradient."""
    symbols = complex_normal([SLOTS, STREAMS * ELEMENTS])

    @tf.function(autograph=False)
    def run(symbols: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(symbols)
            error = tf.reduce_mean(tf.abs(chain(symbols, no)[0] - symbols) ** 2)
        return tape.gradient(error, symbols)

    return lambda: run(symbols, tf.constant(0.1)).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="timed runs of each")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    set_seed("benchmarks", "time_domain")
    steps = {name: step(chain) for name, chain in chains().items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(options.rounds + 2):  # the first builds graphs, the second warms up
        for name, run in steps.items():
            start = time.process_time()
            run()
            if number > 1:
                times[name].append(time.process_time() - start)
    seconds = {name: float(np.median(values)) for name, values in times.items()}
    result = {
        name: {"ms_a_slot": 1e3 * value / SLOTS, "over_frequency": value / seconds["frequency"]}
        for name, value in seconds.items()
    }
    print(json.dumps(result, indent=2))
    if options.json:
        with atomic_path(options.json) as path:
            path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
