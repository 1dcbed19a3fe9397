# SPDX-License-Identifier: Apache-2.0
"""Train a system so that an interrupted training goes on where it stopped, to the same numbers."""

import functools
import gc
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf
from pydantic import PositiveFloat, PositiveInt, field_validator, model_validator

from .. import _fetch, _shipped
from .._files import atomic_hdf5, check_folder, reserve
from .._hdf5 import open_hdf5, read_json
from .._messages import shortened
from .._seeding import derive_seed, reseed, set_seed
from .._settings import Decibels, Settings
from ..datasets import Data
from ..link import (
    AWGNLink,
    AWGNSettings,
    Link,
    LinkSettings,
    MIMOSettings,
    from_settings,
)
from ..systems import SystemSettings, adopt
from ..systems.non_finite import StopOnNonFiniteLoss
from ..systems.snr import snr_range
from .names import FileName
from .threads import intra_op_threads, prefer_one_thread, require_one_thread


class TrainingSettings(Settings):
    r"""Adam with a learning rate that warms up linearly and then decays as a cosine.

    The decay takes as many steps after the warm-up as all of training has, which therefore ends
    before the learning rate is zero: at :math:`\sin^2(\pi w / 2n)` of its peak, with :math:`w` of
    :math:`n` steps of warm-up; 0.1 % with the defaults.
    """

    epochs: PositiveInt = 20
    steps_per_epoch: PositiveInt = 500
    batch_size: PositiveInt = 100
    learning_rate: PositiveFloat = 1e-3
    warmup_steps: PositiveInt = 200
    deterministic: bool = False
    """Whether weights do not depend on the number of cores: TensorFlow computes each operation in
    one thread, in all of the process. To be set before TensorFlow computes anything"""

    @model_validator(mode="after")
    def _limit_threads(self) -> "TrainingSettings":
        if self.deterministic:
            prefer_one_thread()  # `train` refuses to begin if it came too late
        return self

    @model_validator(mode="after")
    def _check_warmup(self) -> "TrainingSettings":
        num_steps = self.epochs * self.steps_per_epoch
        if self.warmup_steps >= num_steps:
            raise ValueError(
                "warmup_steps must be less than all steps, epochs * steps_per_epoch. "
                f"Received: {self.warmup_steps} of {num_steps}"
            )
        return self


class ModelSettings(Settings):
    """A model: a system, the link and SNR it is trained over, and how long."""

    system: SystemSettings
    link: LinkSettings = AWGNSettings()
    snr_db: Decibels | tuple[Decibels, Decibels] = (0.0, 25.0)
    """SNR [dB] of training, or the range it is drawn from; .inf is noiseless"""
    training: TrainingSettings = TrainingSettings()
    pretrained: "Pretrained | None" = None
    """Trained model that training starts from; in a study, the name of another of its models"""

    @field_validator("snr_db")
    @classmethod
    def _check_snr(cls, snr_db: float | tuple[float, float]) -> float | tuple[float, float]:
        snr_range(snr_db)
        return snr_db

    @model_validator(mode="after")
    def _check_start(self) -> "ModelSettings":
        start = self.pretrained
        if start is not None and not self.system.can_start_from(start.model.system):
            raise ValueError(
                f"{self.system.kind} cannot start from {start.name!r}: comm starts from a comm of "
                "the same encoders and fusion, compressed_comm from its sender, two_stage_vib and "
                "centroid from a comm of encoders of their kind and sizes. "
                f"Received: {start.model.system.kind}"
            )
        if start is None and self.system.kind == "compressed_comm":
            raise ValueError("compressed_comm needs pretrained: the model that its sender is")
        return self

    def build(self, data: Data, link: Link | None = None, seed: int = 0) -> keras.Model:
        """Build the untrained system for samples like those of ``data``, over ``link``.

        Without ``link`` it is that of training with the seed ``seed``, which may draw a pool of
        channels for seconds.
        """
        return self.system.build(data, link or from_settings(self.link, seed), self.snr_db)


class Pretrained(Settings):
    """A model that another one starts from, whole, so that weights tell what they came from."""

    name: FileName
    """Folder of its weights"""
    model: ModelSettings


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

    A system that has ``training_callbacks``, or ``schedules`` for the number of epochs, takes them
    along. Every epoch has its own seed, so training that goes on from a checkpoint ends with the
    same weights as training that was never interrupted.

    Raises
    ------
    FloatingPointError
        If the loss is not finite, naming step, SNR and checkpoint
    ValueError
        If the checkpoint is damaged
    RuntimeError
        If training is to be deterministic and TensorFlow has begun with several threads
    """
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
    if checkpoint is not None and checkpoint.exists() and _has(checkpoint, origin):
        first = _epochs_done(load_weights(system, checkpoint), settings.epochs, checkpoint)
    callbacks = [*getattr(system, "training_callbacks", ())]
    if hasattr(system, "schedules"):
        callbacks += system.schedules(settings.epochs)
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


def obtain_model(
    name: str,
    settings: ModelSettings,
    data: Data,
    seed: int,
    models_dirs: Sequence[Path],
    work_dir: Path,
    verbose: int = 0,
) -> keras.Model:
    """Load the trained model ``<dir>/<name>/seed<seed>.weights.h5``, or train it.

    Weights are taken from the first of ``models_dirs`` and ``work_dir`` that has them for these
    settings and these data; those of the shipped models that the installed package lists but does
    not hold are fetched. Otherwise the model is trained and kept in ``work_dir``. Either way
    it comes over a link that whoever evaluates it replaces: that of training is built for training,
    and for systems of its size. A system without trainable weights has no file and comes as built.

    Raises
    ------
    ValueError
        If a weights file is damaged, naming it
    """
    file_name = Path(name) / f"seed{seed}.weights.h5"
    set_seed(seed, name)
    data = settings.system.training_data(data, seed)
    kept = _trained(file_name, settings, data, (*models_dirs, work_dir))
    if kept is not None:
        system = settings.build(data, _link_on_arrival(settings.link), seed)
        load_weights(system, kept)
        return system
    system = settings.build(data, seed=seed)
    if not system.trainable_weights:
        return system
    if settings.pretrained is not None:
        start = settings.pretrained
        folders = (models_dirs, work_dir, verbose)
        adopt(system, obtain_model(start.name, start.model, data, seed, *folders))
        set_seed(seed, name)
    path = Path(work_dir) / file_name
    checkpoint = path.with_name(f"seed{seed}.checkpoint.weights.h5")
    provenance = {"settings": settings.model_dump_json(), "data": json.dumps(data.checksums)}
    own_seed = derive_seed(seed, name)
    check_folder(path.parent, path.name, checkpoint.name)
    for place in (path.parent, tempfile.gettempdir()):
        reserve(place, 3 * _most_bytes(system))  # with the two moments of Adam
    train(system, data, settings.training, own_seed, checkpoint, verbose, provenance)
    set_seed(seed, name)  # what is drawn in building is then what was trained with
    trained = settings.build(data, _link_on_arrival(settings.link), seed)
    trained.set_weights([_bfloat16(weight) for weight in system.get_weights()])
    save_weights(trained, path, {**provenance, "threads": intra_op_threads()})
    checkpoint.unlink(missing_ok=True)
    return trained


def _trained(
    file_name: Path, settings: ModelSettings, data: Data, folders: Sequence[Path]
) -> Path | None:
    """The first weights in ``folders``, or else those to fetch, of these settings and data."""
    for path in (Path(folder) / file_name for folder in folders):
        if path.exists() and _of(_attributes(path), settings, data.checksums):
            return path
    missing = _fetch.missing(file_name.as_posix()) if _shipped.folder("models") in folders else None
    if missing is not None and _of(missing, settings, data.checksums):
        return _fetch.fetch(file_name.as_posix())
    return None


def _link_on_arrival(link: LinkSettings) -> Link | None:
    """What a model comes over if not its ``link``: AWGN, as symbol links replace each other.

    There is none for a MIMO channel, which decides the size of what is built for it.
    """
    return None if isinstance(link, MIMOSettings) else AWGNLink()


def save_weights(system: keras.Model, path: Path, attributes: dict[str, Any]) -> None:
    """Save weights (and the optimiser's state, where there is one) with ``attributes``."""
    # Keras writes on a disk, and the HDF5 library crashes where it is full
    reserve(tempfile.gettempdir(), _most_bytes(system))
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.weights.h5"
        system.save_weights(plain)
        with h5py.File(plain) as source, atomic_hdf5(path) as target:
            source.visititems(functools.partial(_copy_compressed, target))
            target.attrs.update({**source.attrs, **attributes})


def _most_bytes(system: keras.Model) -> int:
    """What Keras' file of the weights takes at most, with the optimizer's state."""
    optimizer = getattr(system, "optimizer", None)
    variables = [*system.variables, *(optimizer.variables if optimizer else ())]
    return sum(2**12 + variable.numpy().nbytes for variable in variables)


def load_weights(system: keras.Model, path: Path) -> dict[str, Any]:
    """Load what :func:`save_weights` saved; return the attributes.

    Raises
    ------
    ValueError
        If the file is damaged, or holds NaN, infinity or another model's weights, naming it
    """
    attributes = _attributes(path)
    _check_finite(path)
    try:
        system.load_weights(path)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(
            f"The weights in {path} are damaged or not of this model: {error}"
        ) from error
    return attributes


def _attributes(path: Path) -> dict[str, Any]:
    message = f"The weights in {path} are damaged"
    with open_hdf5(path, "file of weights", only_numbers=True, message=message) as file:
        return dict(file.attrs)


def _check_finite(path: Path) -> None:
    """Refuse a file of which an array holds NaN or infinity."""

    def broken(name: str, item: h5py.Group | h5py.Dataset) -> str | None:
        numeric = isinstance(item, h5py.Dataset) and item.dtype.kind in "fc"
        return name if numeric and not np.isfinite(item[()]).all() else None

    message = f"The weights in {path} are damaged"
    with open_hdf5(path, "file of weights", only_numbers=True, message=message) as file:
        name = file.visititems(broken)
    if name is not None:
        raise ValueError(f"The weights in {path} must be finite. Received: NaN or inf in {name}")


def _has(path: Path, expected: Mapping[str, Any]) -> bool:
    """Whether the file in ``path`` has the ``expected`` attributes."""
    found = _attributes(path)
    return all(np.array_equal(found.get(name, ()), value) for name, value in expected.items())


def _of(found: Mapping[str, Any], settings: ModelSettings, checksums: dict[str, str]) -> bool:
    """Whether weights with the attributes ``found`` are of these settings and these data."""
    try:
        trained = ModelSettings.model_validate_json(found["settings"])
        return trained == settings and read_json(found["data"], "`data`") == checksums
    except (KeyError, ValueError):
        return False


def _copy_compressed(target: h5py.File, name: str, item: h5py.Group | h5py.Dataset) -> None:
    """Copy one item of an HDF5 file, an array compressed."""
    if isinstance(item, h5py.Dataset):
        packing = {"compression": "gzip", "shuffle": True} if item.ndim else {}
        copy = target.create_dataset(name, data=item[()], **packing)
    else:
        copy = target.require_group(name)
    copy.attrs.update(item.attrs)


def _bfloat16(weight: np.ndarray) -> np.ndarray:
    """Round to bfloat16: what is kept is then what was used, and compresses to half."""
    return weight.astype(tf.bfloat16.as_numpy_dtype).astype(weight.dtype)
