# SPDX-License-Identifier: Apache-2.0
"""Resumable training of a system. Interruptions do not change the weights."""

import gc
import json
from collections.abc import Mapping, Sequence
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
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> keras.Model:
    """Train ``system`` on ``data``, and resume from ``checkpoint`` if it belongs to this training.

    A checkpoint belongs to this training if ``settings``, the checksums of ``data``, ``seed`` and
    ``provenance`` are equal. Each epoch has its own seed, so that resumed training results in the
    same weights as uninterrupted training. The system supplies schedules, such as of loss weights,
    for the number of epochs (``system.schedules``). Scores are calibrated after the last epoch if
    ``settings`` contain ``calibrate``.

    Parameters
    ----------
    system : `keras.Model`
        System, which is compiled and trained in place
    data : :class:`~sionna_semcom.datasets.Data`
        Training data
    settings : :class:`TrainingSettings`
        Optimizer and number of steps
    seed : `int`
        Seed of all random numbers of training
    checkpoint : `None` | `Path`
        File to which weights and optimizer state are written after each epoch
    verbose : `int`
        Verbosity of `keras.Model.fit`
    provenance : `None` | `dict` of `str`
        All other settings that the weights depend on
    callbacks : sequence of `keras.callbacks.Callback`
        Further callbacks, for example for TensorBoard. They observe the training as one
        call of ``fit`` for each epoch

    Output
    ------
    : `keras.Model`
        The trained ``system``

    Raises
    ------
    FloatingPointError
        If the loss is not finite. The message names the step, the SNR and the checkpoint.
    ValueError
        If the checkpoint is damaged, training must be deterministic and TensorFlow already runs
        with several threads, or the environment variable of the threads is no number
    """
    share_memory()
    if settings.deterministic:
        require_one_thread()
    threads = intra_op_threads()
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        settings.epochs * settings.steps_per_epoch,
        warmup_target=settings.learning_rate,
        warmup_steps=settings.warmup_steps,
    )
    optimizer = keras.optimizers.Adam(schedule, weight_decay=settings.weight_decay or None)
    if settings.weight_decay:
        vectors = [weight for weight in system.trainable_variables if len(weight.shape) < 2]
        optimizer.exclude_from_weight_decay(var_list=vectors)
    system.compile(optimizer, jit_compile=False)
    system.optimizer.build(system.trainable_variables)
    origin = {
        "training": settings.model_dump_json(),
        "data": json.dumps(settings.sources(data.checksums)),
        "seed": seed,
        **(provenance or {}),
    }
    first = 0
    if checkpoint is not None and checkpoint.exists() and has_attributes(checkpoint, origin):
        first = _epochs_done(load_weights(system, checkpoint), settings.epochs, checkpoint)
    own = system.schedules(settings.epochs)
    if isinstance(system, LinkedModel):
        own = [*own, CalibrateLink(settings.epochs)]
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
            callbacks=[StopOnNonFiniteLoss(good), *own, *callbacks],
        )
        if checkpoint is not None:
            progress = {"epoch": epoch + 1, "threads": threads}
            save_weights(system, checkpoint, {**origin, **progress})
        gc.collect()  # release graphs and files, which have reference cycles
    if settings.calibrate:
        reseed(seed, "calibration")
        system.calibrate_score(data.validation(settings.batch_size))
    return system


def _epochs_done(attributes: Mapping[str, Any], epochs: int, checkpoint: Path) -> int:
    """Number of finished epochs of a checkpoint."""
    epoch = attributes.get("epoch")
    if isinstance(epoch, int | np.integer) and 0 < epoch <= epochs:
        return int(epoch)
    raise ValueError(
        f"{checkpoint} is damaged; delete it to start again: its epoch must lie in [1, {epochs}]. "
        f"Received: {shortened(epoch)}"
    )


def _reseed_layers(system: keras.Model, *parts: object) -> None:
    """Seed the generators of layers such as dropout, which are not part of the saved weights."""
    kept = {id(weight) for weight in system.weights}
    states = (variable for variable in system.variables if id(variable) not in kept)
    for number, state in enumerate(states):
        if state.name == "seed_generator_state":
            state.assign([derive_seed(*parts, number), 0])
