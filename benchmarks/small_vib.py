# SPDX-License-Identifier: Apache-2.0
"""Small two-stage bottlenecks that are trained many times in one compiled graph.

`SmallVIB` is a `TwoStageVIB` whose weights are drawn again for each training, so that the graph is
compiled once. Systems with the same seed start from the same weights, as far as they have the same
layers, see the same batches, and are tested over the same channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sionna.phy.channel import AWGN

from sionna_semcom._seeding import derive_seed, reseed
from sionna_semcom.datasets import MultimodalFeatures
from sionna_semcom.link import AWGNLink, LinkSettings, MultiUserLink
from sionna_semcom.simulation.training.loop import _reseed_layers
from sionna_semcom.systems import TwoStageVIB

EPOCHS, STEPS, BATCH = 20, 20, 32
SNR_DB = (-6.0, 18.0)
SIZES = {"width": 32, "unimodal_dim": 8, "received_dim": 8}


class OwnUsesSettings(LinkSettings):
    """Settings of `OwnUses`."""

    transmitters = ("joint", "separate")
    num_users: int = 3
    user: int | None = None


class OwnUses(MultiUserLink):
    """AWGN for devices that send one after the other, each with unit power in its own uses."""

    settings_class = OwnUsesSettings

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._awgn = AWGN()

    def transmit_users(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Add noise."""
        no_eff = tf.broadcast_to(no, tf.shape(symbols))
        return self._awgn(symbols, no_eff), no_eff

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """One use per symbol of each device."""
        return num_symbols * num_latents


class SmallVIB:
    """A system of the given settings for data of the shapes of ``data``.

    Parameters
    ----------
    data : `MultimodalFeatures`
        Data that determine shapes and classes
    num_symbols : `int`
        Complex symbols per sample, or per sample and device
    settings : `dict`
        Settings of `TwoStageVIB`
    epochs : `int`
        Number of epochs of `STEPS` steps
    """

    def __init__(
        self,
        data: MultimodalFeatures,
        num_symbols: int,
        settings: Mapping[str, Any],
        epochs: int = EPOCHS,
    ) -> None:
        self._epochs = epochs
        separate = settings.get("transmitters") == "separate"
        self.system = TwoStageVIB(
            data.shapes,
            data.num_classes,
            link=OwnUses() if separate else AWGNLink(),
            snr_db=SNR_DB,
            transmitted_dim=2 * num_symbols,
            **{**SIZES, "dropout": 0.0, **settings},
        )
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, epochs * STEPS, warmup_target=3e-3, warmup_steps=STEPS
        )
        self.system.compile(keras.optimizers.Adam(schedule))
        self.system.optimizer.build(self.system.trainable_variables)
        self._epoch = tf.function(self._steps, autograph=False, jit_compile=True)
        self._outputs = tf.function(
            lambda batch, snr_db: self.system(batch, snr_db=snr_db),
            autograph=False,
            jit_compile=True,
        )

    def _steps(self, batches: dict[str, tf.Tensor]) -> None:
        """Training steps on batches [steps, batch, ...]."""

        def step(number: tf.Tensor) -> tuple[tf.Tensor]:
            self.system.train_step({name: values[number] for name, values in batches.items()})
            return (number + 1,)

        tf.while_loop(lambda number: number < STEPS, step, (tf.constant(0),))

    def train(self, data: MultimodalFeatures, seed: int) -> None:
        """Draw weights and train them on ``data``."""
        initialize(self.system, seed)
        reseed("small_vib", seed, "training")
        _reseed_layers(self.system, "small_vib", seed, "dropout")
        ramps = self.system.schedules(self._epochs)
        for epoch, batches in enumerate(drawn(data.arrays("train"), seed, self._epochs)):
            for ramp in ramps:
                ramp.on_epoch_begin(epoch)
                ramp.on_train_batch_begin(0)
            self._epoch(batches)

    def measure(
        self, data: MultimodalFeatures, snrs_db: tuple[float, ...], seed: int
    ) -> dict[str, list[float]]:
        """Accuracy, and cross-entropy [nats], on the test samples at each SNR."""
        test = data.arrays("test")
        batch = {name: tf.constant(values) for name, values in test.items() if name != "label"}
        found: dict[str, list[float]] = {"accuracy": [], "cross_entropy": []}
        for snr_db in snrs_db:
            reseed("small_vib", seed, "test", snr_db)
            logits = self._outputs(batch, tf.constant(snr_db)).numpy().astype(float)
            if not np.isfinite(logits).all():
                raise FloatingPointError(f"Outputs at {snr_db} dB are not finite")
            found["accuracy"].append(float(np.mean(logits.argmax(1) == test["label"])))
            own = logits[np.arange(len(logits)), test["label"]]
            losses = np.logaddexp.reduce(logits, axis=1) - own
            found["cross_entropy"].append(float(losses.mean()))
        return found


def drawn(
    arrays: Mapping[str, np.ndarray], seed: int, epochs: int = EPOCHS
) -> Iterator[dict[str, np.ndarray]]:
    """Batches [steps, batch, ...] of each epoch, without replacement in each pass over samples."""
    draw = np.random.default_rng(derive_seed("small_vib", "batches", seed))
    count, needed = len(arrays["label"]), epochs * STEPS * BATCH
    passes = [draw.permutation(count) for _ in range(-(-needed // count))]
    for rows in np.concatenate(passes)[:needed].reshape(epochs, STEPS, BATCH):
        yield {name: values[rows] for name, values in arrays.items()}


def initialize(system: TwoStageVIB, seed: int) -> None:
    """Draw the weights of ``system`` (Glorot and zeros), and reset its optimizer."""
    for name, layer in layers(system):
        for number, weight in enumerate(layer.trainable_weights):
            if len(weight.shape) == 1:
                weight.assign(np.zeros(weight.shape))
                continue
            inputs, outputs = weight.shape
            draw = np.random.default_rng(derive_seed("small_vib", seed, name, number, inputs))
            # columns come first, so that a layer of fewer outputs has the first ones of another
            units = draw.uniform(-1, 1, size=(outputs, inputs)).T
            weight.assign(np.sqrt(6.0 / (inputs + outputs)) * units)
    for variable in system.optimizer.variables:
        variable.assign(tf.zeros_like(variable))


def layers(system: TwoStageVIB) -> Iterator[tuple[str, keras.Layer]]:
    """All layers with weights, with names that do not depend on the other layers."""
    groups = {"encoder": system.encoders, "bottleneck": system.bottlenecks, "head": system.heads}
    if system.settings.devices:
        groups["sender"] = system.senders_of
    else:
        yield "fusion", system.encoder
    for group, members in groups.items():
        yield from ((f"{group} {name}", layer) for name, layer in members.items())
    if system.discriminators is not None:
        yield "discriminators", system.discriminators
    yield from (
        ("receiver", system.receiver),
        ("second bottleneck", system.bottleneck),
        ("decision", system.head),
    )
