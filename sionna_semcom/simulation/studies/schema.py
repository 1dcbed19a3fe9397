# SPDX-License-Identifier: Apache-2.0
"""Settings of the curves and the evaluation of a study."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ..._messages import listed, shortened
from ..._parts import Decibels, Settings
from ...metrics import AnyMetric
from ...systems.base.snr import check_snr
from ...systems.decision.modes import AT_TRANSMITTER
from ..evaluation.probes import Probe
from ..evaluation.stop_rule import StopRule
from ..results.curves import EBNO_AXIS, POWER_AXIS, SNR_AXIS
from ..results.labels import in_decibels
from ..results.names import Label, Seed

QUANTITIES = (SNR_AXIS, POWER_AXIS, EBNO_AXIS)
Names = str | Annotated[tuple[str, ...], Field(min_length=1)]


class CurveSettings(Settings):
    """Curve: a model that is evaluated over a link."""

    label: Label
    """Label in the legend; must not contain a slash"""
    model: Names
    """Model of the study; or a list of models, one per point, if the axis is not the SNR"""
    link: Names
    """Link of the study; or a list of links, one per point"""
    present: tuple[str, ...] | None = Field(None, min_length=1)
    """Modalities that are available at the transmitter; by default (null) all"""
    mode: str | None = None
    """Transmitted quantity; by default (null) the mode of the model. A centroid model of the mode
    paper can also be evaluated in the conventional mode, and a decision system of two classes in
    the mode decision."""
    confidence: float | None = None
    """Posterior probability of the decision above which the receiver requests no further
    transmission, over links with retransmissions; by default (null) all transmissions are used"""
    transmitters: Literal["joint", "separate"] | None = None
    """Whether one joint transmitter has all modalities, or each modality has a separate
    transmitter; by default (null) the setting of the model"""

    @model_validator(mode="after")
    def _check_lengths(self) -> "CurveSettings":
        if len({len(names) for names in self.lists}) > 1:
            raise ValueError(
                f"curve {self.label!r} must list equally many links and models. Received: "
                f"{len(self.model)} models, {len(self.link)} links"
            )
        if self.confidence is not None and self.mode in AT_TRANSMITTER:
            raise ValueError(
                f"curve {self.label!r} must not have a confidence if the transmitter decides. "
                f"Received: confidence={self.confidence}, mode={self.mode!r}"
            )
        return self

    @property
    def lists(self) -> list[tuple[str, ...]]:
        """Given lists of models and of links, without single names."""
        return [names for names in (self.model, self.link) if not isinstance(names, str)]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Model and link of each point, or one pair for all points if no lists are given."""
        num_points = len(self.lists[0]) if self.lists else 1
        models, links = (
            (names,) * num_points if isinstance(names, str) else names
            for names in (self.model, self.link)
        )
        return list(zip(models, links, strict=True))


class EvaluationSettings(StopRule):
    """Settings of the evaluation: axis, samples, seeds and stopping rule."""

    axis: str = SNR_AXIS
    """Axis of the curves: the given quantity of the next three; or a value of the systems' summary,
    such as compression_factor, at one value of that quantity"""
    snr_db: tuple[Decibels, ...] | None = Field(None, min_length=1)
    """SNRs [dB]; .inf is noiseless"""
    tx_power_dbm: tuple[Decibels, ...] | None = Field(None, min_length=1)
    """Transmit powers [dBm] instead of SNRs, over links with a `link_budget`"""
    ebno_db: tuple[Decibels, ...] | None = Field(None, min_length=1)
    """Eb/N0 [dB] instead of SNRs, for systems or links that transmit coded bits"""
    records: int = Field(0, ge=0, le=20000)
    """Number of samples per point and seed whose metrics and channel drops are stored in the
    result, for CDFs, percentiles and outage"""
    split: Literal["test", "validation"] = "test"
    """Split of the samples: test for results, or validation for the choice of settings"""
    batch_size: int = Field(100, gt=0, lt=2**31)
    """Samples per batch"""
    seeds: tuple[Seed, ...] = Field((0,), min_length=1)
    """Training seeds; intervals of several seeds are over their models"""
    common_channels: bool = False
    """Whether all curves over a link use the same channels and noise, which removes their
    contribution from differences of curves; by default each curve draws its own. Systems that draw
    random numbers themselves, such as scrambled bits, do not share noise with other curves"""
    probes: bool | Probe = False
    """Whether classifiers and discriminators are trained on the representations of models, to
    measure their information. Classifiers are linear (true or linear), linear on whitened
    representations, which is faster for high dimensions (whitened), or have a hidden layer
    (perceptron). Regressions replace classifiers of scores."""
    metrics: tuple[AnyMetric, ...] = ()
    """Additional metrics of reconstructions, which are named ``<modality>_<kind>`` in results"""
    graph_mode: Literal["auto", "graph", "xla"] | None = "graph"
    """Execution mode of systems: `auto` selects `xla` on a GPU if XLA can compile the system, and
    `graph` otherwise; null is eager execution"""

    @model_validator(mode="before")
    @classmethod
    def _name_axis(cls, data: Any) -> Any:
        """Set the axis to the given quantity by default."""
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
                f"exactly one of {', '.join(QUANTITIES)} must be given. "
                f"Received: {', '.join(given) or 'none'}"
            )
        if in_decibels(self.axis) and self.axis != self.quantity:
            raise ValueError(
                f"axis must be {self.quantity}, whose values are given. Received: {self.axis}"
            )
        one = "SNR" if self.quantity == SNR_AXIS else "value"
        if self.axis != self.quantity and len(self.points) > 1:
            raise ValueError(
                f"{self.quantity} must have one {one} if the axis is {shortened(self.axis)}. "
                f"Received: {listed(self.points)}"
            )
        return self

    @property
    def quantity(self) -> str:
        """Quantity of the given values: SNR, transmit power or Eb/N0."""
        return next(name for name in QUANTITIES if getattr(self, name))

    @property
    def points(self) -> tuple[float, ...]:
        """Values of the given quantity at which systems are measured."""
        values: tuple[float, ...] = getattr(self, self.quantity)
        return values
