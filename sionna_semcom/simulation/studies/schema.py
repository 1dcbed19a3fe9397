# SPDX-License-Identifier: Apache-2.0
"""Settings of a study's curves, evaluation and figure."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ..._messages import listed, shortened
from ..._parts import Decibels, Settings
from ...metrics import AnyMetric
from ...systems.base.snr import check_snr
from ..evaluation.probes import Probe
from ..evaluation.stop_rule import StopRule
from ..results.curves import EBNO_AXIS, POWER_AXIS, SNR_AXIS
from ..results.labels import in_decibels
from ..results.names import Label, Seed

QUANTITIES = (SNR_AXIS, POWER_AXIS, EBNO_AXIS)
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
    confidence: float | None = None
    """Posterior probability of its decision above which a receiver asks for no further
    transmission, over links of several; nothing (null) takes all of them"""
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
        if self.confidence is not None and self.mode in ("decision", "limit"):
            raise ValueError(
                f"curve {self.label!r} must not have a confidence where the transmitter decides. "
                f"Received: confidence={self.confidence}, mode={self.mode!r}"
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
    """What curves are along: what is given of the next three, or a figure of the systems' summary,
    for which one value is given"""
    snr_db: tuple[Decibels, ...] | None = Field(None, min_length=1)
    """SNRs [dB]; .inf is noiseless"""
    tx_power_dbm: tuple[Decibels, ...] | None = Field(None, min_length=1)
    """Transmit powers [dBm] in place of SNRs, over links with a `link_budget`"""
    ebno_db: tuple[Decibels, ...] | None = Field(None, min_length=1)
    """Eb/N0 [dB] in place of SNRs, of systems or links that send coded bits"""
    records: int = Field(0, ge=0, le=20000)
    """Samples of each point and seed whose figures are kept in the result, with the drops that they
    met, for CDFs, percentiles and outage"""
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

    @model_validator(mode="before")
    @classmethod
    def _name_axis(cls, data: Any) -> Any:
        """Let the axis be what is given, unless it is given itself."""
        given = [name for name in QUANTITIES if isinstance(data, Mapping) and data.get(name)]
        return {"axis": given[0], **data} if len(given) == 1 else data

    @field_validator(*QUANTITIES)
    @classmethod
    def _check_snrs(cls, snr_db: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if snr_db is None:
            return None
        if not all(one > -math.inf for one in snr_db):
            raise ValueError(
                f"SNRs must be numbers of dB (.inf is noiseless). Received: {listed(snr_db)}"
            )
        return tuple(check_snr(one) for one in snr_db)

    @model_validator(mode="after")
    def _check_axis(self) -> "EvaluationSettings":
        given = [name for name in QUANTITIES if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(
                f"one of {', '.join(QUANTITIES)} must hold values. "
                f"Received: {', '.join(given) or 'none'}"
            )
        if in_decibels(self.axis) and self.axis != self.quantity:
            raise ValueError(
                f"axis must be {self.quantity}, of which values are given. Received: {self.axis}"
            )
        one = "SNR" if self.quantity == SNR_AXIS else "value"
        if self.axis != self.quantity and len(self.points) > 1:
            raise ValueError(
                f"{self.quantity} must hold one {one} where the axis is {shortened(self.axis)}. "
                f"Received: {listed(self.points)}"
            )
        return self

    @property
    def quantity(self) -> str:
        """What values are given of."""
        return next(name for name in QUANTITIES if getattr(self, name))

    @property
    def points(self) -> tuple[float, ...]:
        """Values at which systems are measured, SNRs [dB] or what stands in their place."""
        values: tuple[float, ...] = getattr(self, self.quantity)
        return values
