# SPDX-License-Identifier: Apache-2.0
"""Settings of models and of their training."""

from collections.abc import Mapping
from typing import Annotated, Any

import keras
from pydantic import (
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from ..._parts import Decibels, Settings
from ...datasets import Data
from ...datasets.data import DEVELOPMENT, TEST, VALIDATION
from ...link import AnyLink, AWGNSettings, Link, from_settings
from ...systems import SYSTEMS, SystemSettings
from ...systems.base.snr import snr_range
from ..results.names import FileName
from .threads import prefer_threads

# in a study, which replaces the name by the model
_NAME_OR_NOTHING = {"anyOf": [{"type": "string"}, {"type": "null"}]}


class TrainingSettings(Settings):
    r"""Settings of Adam with linear warm-up of the learning rate, followed by a cosine decay.

    With :math:`n` training steps, including :math:`w` steps of warm-up, the cosine decay has a
    length of :math:`n` steps after the warm-up. Training therefore ends before the learning rate is
    zero, at :math:`\sin^2(\pi w / 2n)` times its peak, which is 0.1 % with the defaults.
    """

    epochs: PositiveInt = 20
    steps_per_epoch: PositiveInt = 500
    batch_size: PositiveInt = 100
    learning_rate: PositiveFloat = 1e-3
    warmup_steps: PositiveInt = 200
    weight_decay: NonNegativeFloat = 0.0
    """Decoupled weight decay of matrices, as in AdamW: each step subtracts this multiple of the
    learning rate times the weights"""
    deterministic: bool = False
    """Whether the weights must not depend on the number of cores: TensorFlow runs each operation of
    the process in one thread. Must be set before TensorFlow runs its first operation."""

    calibrate: bool = False
    """Whether scores are scaled and shifted after training, so that their mean absolute error on
    the validation samples is least, see
    :meth:`~sionna_semcom.systems.DecisionSystem.calibrate_score`"""

    def sources(self, checksums: Mapping[str, str]) -> dict[str, str]:
        """Checksums of the data that the weights depend on, out of all ``checksums``."""
        unseen = {TEST} if self.calibrate else {TEST, VALIDATION, DEVELOPMENT}
        return {k: v for k, v in checksums.items() if k not in unseen}

    @model_validator(mode="after")
    def _limit_threads(self) -> "TrainingSettings":
        if self.deterministic:
            prefer_threads()  # `train` raises an error if this was too late
        return self

    @model_validator(mode="after")
    def _check_warmup(self) -> "TrainingSettings":
        num_steps = self.epochs * self.steps_per_epoch
        if self.warmup_steps >= num_steps:
            raise ValueError(
                "warmup_steps must be less than epochs * steps_per_epoch. "
                f"Received: {self.warmup_steps} of {num_steps}"
            )
        return self


class ModelSettings(Settings):
    """Settings of a model: the system, and the link, SNR and schedule of its training."""

    system: Annotated[SystemSettings, SYSTEMS]
    link: AnyLink = AWGNSettings()
    snr_db: Decibels | tuple[Decibels, Decibels] = (0.0, 25.0)
    """SNR [dB] of training, or the range it is drawn from uniformly; .inf is noiseless"""
    training: TrainingSettings = TrainingSettings()
    pretrained: Annotated["Pretrained | None", WithJsonSchema(_NAME_OR_NOTHING)] = None
    """Trained model from which training starts; in a study, the name of another model"""

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
                f"{self.system.kind} cannot start from {start.name!r}: it starts from "
                f"{self.system.starts_from}. Received: {start.model.system.kind}"
            )
        if start is None and self.system.needs_start:
            raise ValueError(f"{self.system.kind} needs pretrained: {self.system.starts_from}")
        return self

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the channel files of its training, and of the models that it starts from."""
        start = self.pretrained
        return {**(start.model.checksums if start else {}), **self.link.checksums}

    def build(self, data: Data, link: Link | None = None, seed: int = 0) -> keras.Model:
        """Build the untrained system for samples of the shapes of ``data``.

        Parameters
        ----------
        data : :class:`~sionna_semcom.datasets.Data`
            Data set that determines the shapes of the layers
        link : `None` | :class:`~sionna_semcom.link.Link`
            Link of the system. By default the link of training is built, which can take seconds if
            it draws a pool of channels.
        seed : `int`
            Training seed of the link and of semantic pilots

        Raises
        ------
        ValueError
            If scores must be calibrated, but ``data`` have no scores or no validation samples
        """
        if self.training.calibrate:
            self.system.check_calibration(data.num_classes)
            data.validation()
        link = link or from_settings(self.link, seed)
        system: Any = self.system.build(data, link, self.snr_db, seed)
        if self.training.calibrate:
            system.calibrated = True  # its map is part of the weights
        return system


class Pretrained(Settings):
    """Complete settings of the model from which another model starts, stored with the weights."""

    name: FileName
    """Folder of its weights"""
    model: ModelSettings
