# SPDX-License-Identifier: Apache-2.0
"""Settings of a study's curves, evaluation and figure."""

import math
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ..._messages import listed, shortened
from ..._parts import Decibels, Settings
from ...metrics import AnyMetric
from ...systems.base.snr import check_snr
from ..evaluation.probes import Probe
from ..evaluation.stop_rule import StopRule
from ..results.curves import SNR_AXIS
from ..results.names import Label, Seed

Names = str | Annotated[tuple[str, ...], Field(min_length=1)]


class CurveSettings(Settings):
    """A model that is evaluated over a link."""

    label: Label
    """What the legend says; a slash would be a path in the result file"""
    model: Names
    """Which of the study's models; several along another axis than the SNR, one a point"""
    link: Names
    """Which of the study's links, likewise; a single one is that of all points"""
    present: tuple[str, ...] | None = Field(None, min_length=1)
    """Modalities that the transmitter has; nothing (null) is all"""
    mode: str | None = None
    """What is sent, if not (null) what the model's own mode says: the conventional mode can be
    evaluated with the model that the paper's mode trains, and a decision of the transmitter with
    any model that decides between two classes"""
    transmitters: Literal["joint", "separate"] | None = None
    """Whether one transmitter has all modalities or each is at a device of its own, if not (null)
    what the model's own setting says"""

    @model_validator(mode="after")
    def _check_lengths(self) -> "CurveSettings":
        if len({len(names) for names in self.lists}) > 1:
            raise ValueError(
                f"curve {self.label!r} must list as many links as models. Received: "
                f"{len(self.model)} models, {len(self.link)} links"
            )
        return self

    @property
    def lists(self) -> list[tuple[str, ...]]:
        """Lists of names, rather than single ones, that are given."""
        return [names for names in (self.model, self.link) if not isinstance(names, str)]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Model and link of each point; without lists, of all points."""
        num_points = len(self.lists[0]) if self.lists else 1
        models, links = (
            (names,) * num_points if isinstance(names, str) else names
            for names in (self.model, self.link)
        )
        return list(zip(models, links, strict=True))


class EvaluationSettings(StopRule):
    """Where and for how long curves are simulated."""

    axis: str = SNR_AXIS
    """What curves are along: the SNR, or a figure of the systems' summary at a single SNR"""
    snr_db: tuple[Decibels, ...] = Field(min_length=1)
    """SNRs [dB]; .inf is noiseless"""
    split: Literal["test", "validation"] = "test"
    """Which samples are sent: those for results, or those for choosing settings"""
    batch_size: int = Field(100, gt=0, lt=2**31)
    """Samples a batch"""
    seeds: tuple[Seed, ...] = Field((0,), min_length=1)
    """Seeds of training; with several, intervals are over the models trained with them"""
    common_channels: bool = False
    """Whether all curves over a link meet the same channels and noise, so that their differences
    are free of what these contribute; otherwise every curve draws its own"""
    probes: bool | Probe = False
    """Whether classifiers and discriminators are trained anew on what models have learned, to see
    what it holds. Classifiers are linear; whitened: on whitened representations, far faster where
    these are wide; perceptron: with a hidden layer, to see what is there but not linearly"""
    metrics: tuple[AnyMetric, ...] = ()
    """Further metrics of reconstructions, for systems that reconstruct; in results they are
    ``<modality>_<kind>``"""
    graph_mode: Literal["auto", "graph", "xla"] | None = "graph"
    """How systems are executed: `auto` is `xla` where there is a GPU and XLA compiles the system,
    and `graph` elsewhere; nothing (null) is eagerly"""

    @field_validator("snr_db")
    @classmethod
    def _check_snrs(cls, snr_db: tuple[float, ...]) -> tuple[float, ...]:
        if not all(one > -math.inf for one in snr_db):
            raise ValueError(
                f"SNRs must be numbers of dB (.inf is noiseless). Received: {listed(snr_db)}"
            )
        return tuple(check_snr(one) for one in snr_db)

    @model_validator(mode="after")
    def _check_axis(self) -> "EvaluationSettings":
        if self.axis != SNR_AXIS and len(self.snr_db) > 1:
            raise ValueError(
                f"snr_db must hold one SNR where the axis is {shortened(self.axis)}. Received: "
                f"{listed(self.snr_db)}"
            )
        return self
