# SPDX-License-Identifier: Apache-2.0
"""Settings of models and of their training."""

from collections.abc import Mapping
from typing import Annotated

import keras
from pydantic import (
    PositiveFloat,
    PositiveInt,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from ..._parts import Decibels, Settings
from ...datasets import Data
from ...link import AnyLink, AWGNSettings, Link, from_settings
from ...systems import SYSTEMS, SystemSettings
from ...systems.base.snr import snr_range
from ..results.names import FileName
from .threads import prefer_threads

# of a study, which puts the model in place of its name
_NAME_OR_NOTHING = {"anyOf": [{"type": "string"}, {"type": "null"}]}


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
            prefer_threads()  # `train` refuses to begin if it came too late
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

    system: Annotated[SystemSettings, SYSTEMS]
    link: AnyLink = AWGNSettings()
    snr_db: Decibels | tuple[Decibels, Decibels] = (0.0, 25.0)
    """SNR [dB] of training, or the range it is drawn from; .inf is noiseless"""
    training: TrainingSettings = TrainingSettings()
    pretrained: Annotated["Pretrained | None", WithJsonSchema(_NAME_OR_NOTHING)] = None
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
                f"{self.system.kind} cannot start from {start.name!r}: it starts from "
                f"{self.system.starts_from}. Received: {start.model.system.kind}"
            )
        if start is None and self.system.needs_start:
            raise ValueError(f"{self.system.kind} needs pretrained: {self.system.starts_from}")
        return self

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of files of channels that it, or what it starts from, is trained over."""
        start = self.pretrained
        return {**(start.model.checksums if start else {}), **self.link.checksums}

    def build(self, data: Data, link: Link | None = None, seed: int = 0) -> keras.Model:
        """Build the untrained system for samples like those of ``data``, over ``link``.

        Without ``link`` it is that of training with the seed ``seed``, which may draw a pool of
        channels for seconds. Semantic pilots are those of ``seed``, too.
        """
        return self.system.build(data, link or from_settings(self.link, seed), self.snr_db, seed)


class Pretrained(Settings):
    """A model that another one starts from, whole, so that weights tell what they came from."""

    name: FileName
    """Folder of its weights"""
    model: ModelSettings
