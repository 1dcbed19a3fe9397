# SPDX-License-Identifier: Apache-2.0
"""What a study knows of a system before it is built."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal

from ..._messages import shortened
from ..._parts import Registry, Settings
from ...datasets import Data
from ...metrics import MetricSettings

SYSTEMS = Registry("systems", package="sionna_semcom.systems")
"""Systems by ``kind``."""


class SystemSettings(Settings):
    """Settings of any system, with what a study knows of it before it is built."""

    crosses: ClassVar[Literal["link", "MIMO channel"] | None] = None
    """What its symbols cross, if it transmits"""
    reads_features: ClassVar[bool] = False
    """Whether data must be features of several modalities with a decision to make"""
    modes: ClassVar[tuple[str, ...]] = ()
    """Modes that a trained system can be evaluated in"""
    drops_modalities: ClassVar[bool] = False
    """Whether modalities may be missing at the transmitter"""

    sends_bits: ClassVar[bool] = False
    """Whether coded bits cross the link, which have an Eb/N0"""
    shows_representations: ClassVar[bool] = False
    """Whether what the receiver has of a sample can be probed, unless the mode says otherwise"""
    reconstructs: ClassVar[bool] = False
    """Whether the receiver reconstructs samples, so that metrics of reconstructions can be added"""
    starts_from: ClassVar[str] = "nothing"
    """What training can start from, in words; see :meth:`can_start_from`"""
    needs_start: ClassVar[bool] = False
    """Whether training must start from a trained model"""
    shows_reconstructions: ClassVar[bool] = False
    """Whether `draw_gallery` can draw its latent space and reconstructions"""

    kind: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """Modalities that data must have."""
        return ()

    @property
    def judged(self) -> str | None:
        """Modality whose reconstructions the system can judge, if it is a classifier of one."""
        return None

    @property
    def own_mode(self) -> str | None:
        """The one of ``modes`` in which the system is evaluated unless told otherwise."""
        return None

    def check_evaluation(self, mode: str | None, present: Sequence[str] | None) -> None:
        """Refuse a ``mode``, or its own, in which modalities ``present`` cannot be evaluated.

        Raises
        ------
        ValueError
            If the system has no such mode, or its modalities cannot be missing
        """
        if mode is not None and mode not in self.modes:
            raise ValueError(
                f"mode must be one of {', '.join(self.modes) or 'none'}. "
                f"Received: {shortened(mode)}"
            )
        if present is not None and not self.drops_modalities:
            raise ValueError("present is for systems of several modalities")

    def check_confidence(self, confidence: float | None) -> None:
        """Refuse a ``confidence`` above which a receiver stops, unless it decides.

        Raises
        ------
        ValueError
            If there is one
        """
        if confidence is not None:
            raise ValueError(f"confidence is for systems that decide. Received: {confidence}")

    def can_be_probed(self, mode: str | None) -> bool:
        """Whether the receiver has a representation to look at in ``mode``, or in its own."""
        return self.shows_representations

    def can_start_from(self, other: "SystemSettings") -> bool:
        """Whether a system can start from weights of another, trained one; it cannot."""
        return False

    def build(
        self, data: Data, link: Any, snr_db: float | tuple[float, float], seed: int = 0
    ) -> Any:
        """Build the system for samples like those of ``data``, over ``link``, at ``snr_db``.

        ``seed`` is that of the training that it is for; see :meth:`training_data`.
        """
        system = SYSTEMS.of(self).from_data(self, data, link=link, snr_db=snr_db)
        system.normalization = data.normalization
        return system

    def training_data(self, data: Data, seed: int) -> Data:
        """What of ``data`` a model of the training seed ``seed`` is made from; all of it."""
        return data

    def sizes(self, link: Any) -> dict[str, int]:
        """What in the settings of a ``link`` decides the sizes of trained weights; nothing."""
        return {}

    def check_link(self, link: Any) -> None:
        """Refuse settings of a ``link`` over which the system cannot be measured; none are.

        Raises
        ------
        ValueError
            With what the system needs
        """

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of what the system measures on data with ``modalities``."""
        return []

    def further_metric_names(
        self, modalities: Iterable[str], metrics: Iterable[MetricSettings]
    ) -> list[str]:
        """Names under which the system measures further ``metrics`` of reconstructions.

        Raises
        ------
        ValueError
            If it reconstructs nothing, or none of the ``modalities`` that a metric is for
        """
        names = list(modalities)
        for metric in metrics:
            if not self.reconstructs or not set(metric.modalities) & set(names):
                raise ValueError(
                    f"evaluation.metrics: {metric.kind} is for {metric.subject()}, and there are "
                    "none"
                )
        return [f"{n}_{m.kind}" for m in metrics for n in names if n in m.modalities]
