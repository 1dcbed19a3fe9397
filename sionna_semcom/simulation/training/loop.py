# SPDX-License-Identifier: Apache-2.0
"""Train a system so that an interrupted training goes on where it stopped, to the same numbers."""

import gc
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..._messages import shortened
from ..._seeding import derive_seed, reseed, set_seed
from ...datasets import Data
from ...systems.base.callbacks import CalibrateLink, StopOnNonFiniteLoss
from ...systems.base.linked_model import LinkedModel
from ..evaluation.devices import share_memory
from .checkpoint import has_attributes, load_weights, save_weights
from .settings import TrainingSettings
from .threads import intra_op_threads, require_one_thread


def train(
    system: keras.Model,
    data: Data,
    settings: TrainingSettings,
    seed: int,
    checkpoint: Path | None = None,
    verbose: int = 0,
    provenance: Mapping[str, str] | None = None,
) -> keras.Model:
    """Train ``system`` on ``data``; go on from ``checkpoint`` if it is of this training.

    It is if ``settings``, the checksums of ``data``, ``seed`` and ``provenance``, which holds
    whatever else decides the training, are the same.

    A system takes its ``schedules`` for the number of epochs along. Every epoch has its own seed,
    so training that goes on from a checkpoint ends with the same weights as training that was
    never interrupted.

    Raises
    ------
    FloatingPointError
        If the loss is not finite, naming step, SNR and checkpoint
    ValueError
        If the checkpoint is damaged
    RuntimeError
        If training is to be deterministic and TensorFlow has begun with several threads
    """
    share_memory()
    if settings.deterministic:
        require_one_thread()
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        settings.epochs * settings.steps_per_epoch,
        warmup_target=settings.learning_rate,
        warmup_steps=settings.warmup_steps,
    )
    system.compile(keras.optimizers.Adam(schedule), jit_compile=False)
    system.optimizer.build(system.trainable_variables)
    origin = {
        "training": settings.model_dump_json(),
        "data": json.dumps(data.checksums),
        "seed": seed,
        **(provenance or {}),
    }
    first = 0
    if checkpoint is not None and checkpoint.exists() and has_attributes(checkpoint, origin):
        first = _epochs_done(load_weights(system, checkpoint), settings.epochs, checkpoint)
    callbacks = system.schedules(settings.epochs)
    if isinstance(system, LinkedModel):
        callbacks = [*callbacks, CalibrateLink(settings.epochs)]
    set_seed(seed, "training")
    for epoch in range(first, settings.epochs):
        reseed(seed, "epoch", epoch)
        _reseed_layers(system, seed, "epoch", epoch)
        batches = data.train(
            settings.batch_size, settings.steps_per_epoch, seed=derive_seed(seed, "data", epoch)
        )
        good = str(checkpoint) if checkpoint is not None and epoch > 0 else None
        system.fit(
            batches,
            initial_epoch=epoch,
            epochs=epoch + 1,
            shuffle=False,
            verbose=verbose,
            callbacks=[StopOnNonFiniteLoss(good), *callbacks],
        )
        if checkpoint is not None:
            progress = {"epoch": epoch + 1, "threads": intra_op_threads()}
            save_weights(system, checkpoint, {**origin, **progress})
        gc.collect()  # graphs of data and files refer to themselves, and Python seldom looks
    return system


def _epochs_done(attributes: Mapping[str, Any], epochs: int, checkpoint: Path) -> int:
    """Epochs that a checkpoint has behind it."""
    epoch = attributes.get("epoch")
    if isinstance(epoch, int | np.integer) and 0 < epoch <= epochs:
        return int(epoch)
    raise ValueError(
        f"{checkpoint} is damaged; delete it to train anew: its epoch must lie in [1, {epochs}]. "
        f"Received: {shortened(epoch)}"
    )


def _reseed_layers(system: keras.Model, *parts: object) -> None:
    """Seed what layers such as dropout draw from; Keras does not keep it with the weights."""
    kept = {id(weight) for weight in system.weights}
    states = (variable for variable in system.variables if id(variable) not in kept)
    for number, state in enumerate(states):
        if state.name == "seed_generator_state":
            state.assign([derive_seed(*parts, number), 0])
