# SPDX-License-Identifier: Apache-2.0
"""A training step over `OFDMLink` must not take longer than a chain of Sionna blocks.

Times three training steps of the same networks and losses over the same link (CDL-C, 2 x 4
antennas, LS estimation, LMMSE equalization, 14 x 72 grid, many latents per slot, graph mode),
alternately, so that other load affects all equally:

- package: `CentroidSystem` over `OFDMLink`;
- tuned: written out from Sionna's blocks, without whitening, and without gradients through the
  channel estimate;
- tutorial: written out from Sionna's blocks with their defaults, as in Sionna's tutorials.

The chains that are written out use Sionna's blocks alone. The package has its own frequency
response of a channel's paths and its own inverse of small matrices.

Case "slots" has small networks and latents that fill a slot each, so that the time is that of the
link. Case "digits" is the batch of 100 paired digits of the studies, 16 dimensions in one slot.

    python benchmarks/ofdm_step.py [--case slots] [--json ofdm_step.json]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from sionna.phy import config
from sionna.phy.channel import ApplyOFDMChannel, GenerateOFDMChannel
from sionna.phy.channel.tr38901 import CDL, AntennaArray
from sionna.phy.mimo import StreamManagement
from sionna.phy.ofdm import LMMSEEqualizer, LSChannelEstimator, ResourceGrid, ResourceGridMapper

from sionna_semcom import metrics
from sionna_semcom._files import atomic_path
from sionna_semcom._seeding import set_seed
from sionna_semcom.link import OFDMLink
from sionna_semcom.losses import centroid, centroid_contrastive_loss, unit_norm
from sionna_semcom.semantics import Modality, ReceiverState, modalities
from sionna_semcom.systems import CentroidSystem

STREAMS, SYMBOLS, CARRIERS, CARRIER = 2, 14, 72, 3.5e9
STREAM_SYMBOLS = (SYMBOLS - 2) * CARRIERS  # two OFDM symbols carry pilots
SLOT = STREAMS * STREAM_SYMBOLS
SNR_DB = (0.0, 25.0)
TARGETS = {"tuned": 1.10, "tutorial": 0.50}
DIGITS = {"image": (28, 28, 1), "audio": (64, 32, 1), "text": (10,)}

Batch = dict[str, tf.Tensor]
Step = Callable[[Batch], object]


def slots_case() -> tuple[list[Modality], int]:
    """Two modalities with dense networks, and latents of a slot each, for 32 samples."""

    def modality(name: str) -> Modality:
        dense = keras.layers.Dense
        encoder = keras.Sequential([keras.Input((64,)), dense(64, "gelu"), dense(2 * SLOT)])
        decoder = keras.Sequential([dense(64, "gelu"), dense(64)])
        return Modality(name, (64,), encoder, decoder, metrics.mse)

    return [modality("first"), modality("second")], 32


def digits_case() -> tuple[list[Modality], int]:
    """The networks of the studies, for a batch of 100 samples."""
    return modalities(DIGITS, latent_dim=16), 100


CASES = {"slots": slots_case, "digits": digits_case}


def handwritten_link(tuned: bool) -> Callable:
    """Transmission with Sionna's blocks as in its tutorials, with many latents per slot."""
    grid = ResourceGrid(
        num_ofdm_symbols=SYMBOLS,
        fft_size=CARRIERS,
        subcarrier_spacing=30e3,
        num_streams_per_tx=STREAMS,
        cyclic_prefix_length=6,
        pilot_pattern="kronecker",
        pilot_ofdm_symbol_indices=[2, 11],
    )
    terminal = AntennaArray(1, 1, "dual", "cross", "omni", CARRIER)
    base = AntennaArray(1, 2, "dual", "cross", "38.901", CARRIER)
    model = CDL("C", 100e-9, CARRIER, terminal, base, "uplink", min_speed=3.0)
    generate = GenerateOFDMChannel(model, grid, normalize_channel=True)
    mapper, apply = ResourceGridMapper(grid), ApplyOFDMChannel()
    estimate = LSChannelEstimator(grid, interpolation_type="lin")
    streams = StreamManagement(np.array([[1]]), STREAMS)
    equalize = LMMSEEqualizer(grid, streams, whiten_interference=not tuned)

    def link(symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch, length = symbols.shape
        padding = tf.ones([-batch * length % SLOT], symbols.dtype)
        slots = tf.concat([tf.reshape(symbols, [-1]), padding], axis=0)
        x = mapper(tf.reshape(slots, [-1, 1, STREAMS, STREAM_SYMBOLS])) * STREAMS**-0.5
        y = apply(x, generate(x.shape[0]), no)
        h_hat, err_var = estimate(y, no)
        if tuned:
            h_hat, err_var = tf.stop_gradient(h_hat), tf.stop_gradient(err_var)
        outputs = equalize(y, h_hat, err_var, no)
        return tuple(
            tf.reshape(tf.reshape(z, [-1])[: batch * length], [batch, length]) for z in outputs
        )

    return link


def handwritten_step(parts: list[Modality], tuned: bool) -> Step:
    """A training step of the centroid system over the handwritten link."""
    link, receiver_state, half = handwritten_link(tuned), ReceiverState(), parts[0].latent_dim // 2
    for part in parts:
        part.decoder.build((None, 3 * half))
    variables = [
        v for p in parts for net in (p.encoder, p.decoder) for v in net.trainable_variables
    ]
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(variables)

    @tf.function
    def step(batch: Batch) -> tf.Tensor:
        no = tf.pow(10.0, -config.tf_rng.uniform([], *SNR_DB) / 10.0)
        with tf.GradientTape() as tape:
            embeddings = tf.stack([unit_norm(p.encoder(batch[p.name])) for p in parts])
            sent = centroid(embeddings)
            same = ops.equal(batch["label"][:, None], batch["label"][None])
            loss = centroid_contrastive_loss(embeddings, sent, 0.1, same)
            symbols = tf.complex(sent[:, :half], sent[:, half:]) * half**0.5
            symbols_hat, no_eff = link(symbols, no)
            scale = half**-0.5 / (1.0 + no_eff)
            latent = [scale * tf.math.real(symbols_hat), scale * tf.math.imag(symbols_hat)]
            features = receiver_state(tf.concat(latent, axis=-1), no_eff)
            for p in parts:
                loss += 10.0 * ops.mean(p.loss(batch[p.name], p.decoder(features)))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return step


def package_step(parts: list[Modality]) -> Step:
    """The same with this package."""
    system = CentroidSystem(parts, link=OFDMLink(num_tx_ant=2, num_rx_ant=4), snr_db=SNR_DB)
    system.compile(keras.optimizers.Adam(1e-3))
    system.optimizer.build(system.trainable_variables)
    return tf.function(system.train_step)


def time_steps(case: str, rounds: int) -> dict[str, float]:
    """Median seconds of each step, from interleaved runs."""
    make = CASES[case]
    parts, batch_size = make()
    batch = {p.name: tf.random.uniform([batch_size, *p.shape]) for p in parts}
    batch["label"] = tf.range(batch_size) % 10
    steps = {
        "package": package_step(parts),
        "tuned": handwritten_step(make()[0], tuned=True),
        "tutorial": handwritten_step(make()[0], tuned=False),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    for round_index in range(rounds + 2):  # the first builds graphs, the second warms up
        for name, step in steps.items():
            start = time.perf_counter()
            tf.nest.map_structure(np.asarray, step(batch))
            if round_index >= 2:
                times[name].append(time.perf_counter() - start)
    return {name: float(np.median(values)) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--case", choices=CASES, default="slots", help="what is sent")
    parser.add_argument("--rounds", type=int, default=15, help="timed runs of each")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    set_seed("benchmarks", "ofdm_step")
    seconds = time_steps(options.case, options.rounds)
    ratios = {name: seconds["package"] / seconds[name] for name in TARGETS}
    for name, value in seconds.items():
        print(f"{name:>9}: {1e3 * value:7.1f} ms a step")
    for name, ratio in ratios.items():
        print(f"package / {name}: {ratio:.2f} (target: at most {TARGETS[name]:.2f})")
    if options.json:
        with atomic_path(options.json) as path:
            path.write_text(json.dumps({"case": options.case, "seconds": seconds} | ratios))
    if any(ratio > TARGETS[name] for name, ratio in ratios.items()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
