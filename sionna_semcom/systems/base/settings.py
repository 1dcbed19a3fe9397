# SPDX-License-Identifier: Apache-2.0
"""Settings of systems and their properties in studies."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal

from ..._messages import shortened
from ..._parts import Registry, Settings
from ...datasets import Data
from ...metrics import MetricSettings

SYSTEMS = Registry("systems", package="sionna_semcom.systems")
"""Systems by ``kind``."""


class SystemSettings(Settings):
    """Common settings of all systems, with the properties that a study needs."""

    crosses: ClassVar[Literal["link", "MIMO channel"] | None] = None
    """Type of the link, if the system transmits"""
    reads_features: ClassVar[bool] = False
    """Whether the data must be multimodal features with labels"""
    modes: ClassVar[tuple[str, ...]] = ()
    """Modes for the evaluation of a trained system"""
    drops_modalities: ClassVar[bool] = False
    """Whether modalities may be missing at the transmitter"""

    sends_bits: ClassVar[bool] = False
    """Whether coded bits, which have an Eb/N0, are transmitted over the link"""
    shows_representations: ClassVar[bool] = False
    """Whether received representations can be probed, in modes that transmit them"""
    reconstructs: ClassVar[bool] = False
    """Whether the receiver reconstructs samples, so metrics of reconstructions can be added"""
    starts_from: ClassVar[str] = "nothing"
    """Description of suitable pretrained models, see :meth:`can_start_from`"""
    needs_start: ClassVar[bool] = False
    """Whether training requires a pretrained model"""
    shows_reconstructions: ClassVar[bool] = False
    """Whether `draw_gallery` supports the system"""

    kind: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """Modalities that data must have."""
        return ()

    @property
    def judged(self) -> str | None:
        """Modality of the reconstructions that the system can classify, if it is a classifier."""
        return None

    @property
    def own_mode(self) -> str | None:
        """Default mode for the evaluation, one of ``modes``."""
        return None

    def check_evaluation(self, mode: str | None, present: Sequence[str] | None) -> None:
        """Check that modalities ``present`` can be evaluated in ``mode`` or the default mode.

        Raises
        ------
        ValueError
            If the mode is unknown, or modalities cannot be missing
        """
        if mode is not None and mode not in self.modes:
            raise ValueError(
                f"mode must be one of {', '.join(self.modes) or 'none'}. "
                f"Received: {shortened(mode)}"
            )
        if present is not None and not self.drops_modalities:
            raise ValueError("present is for systems of several modalities")

    def check_confidence(self, confidence: float | None) -> None:
        """Check that ``confidence`` is `None`, unless the receiver decides.

        Raises
        ------
        ValueError
            If the system makes no decisions
        """
        if confidence is not None:
            raise ValueError(f"confidence is for systems that decide. Received: {confidence}")

    def check_calibration(self, num_classes: int) -> None:
        """Check that scores of the system can be calibrated.

        Raises
        ------
        ValueError
            If it has no scores
        """
        raise ValueError(f"calibrate is for systems that decide on a score. Received: {self.kind}")

    def check_data(self, data: Data, mode: str | None) -> None:
        """Check that the system can be evaluated in ``mode`` on ``data``; any data by default.

        Raises
        ------
        ValueError
            If the labels do not fit the mode
        """

    def missing_metrics(self, data: Data) -> set[str]:
        """Names out of :meth:`metric_names` that ``data`` do not have; none by default."""
        return set()

    def can_be_probed(self, mode: str | None) -> bool:
        """Whether received representations can be probed in ``mode`` or the default mode."""
        return self.shows_representations

    def can_start_from(self, other: "SystemSettings") -> bool:
        """Whether a system can be initialized from another, trained system; false by default."""
        return False

    def build(
        self, data: Data, link: Any, snr_db: float | tuple[float, float], seed: int = 0
    ) -> Any:
        """Build the system for the shapes of ``data``, with ``link`` and ``snr_db``.

        ``seed`` is the training seed, see :meth:`training_data`.
        """
        system = SYSTEMS.of(self).from_data(self, data, link=link, snr_db=snr_db)
        system.normalization = data.normalization
        return system

    def training_data(self, data: Data, seed: int) -> Data:
        """Training data for a model with the training seed ``seed``; all of ``data`` by default."""
        return data

    def sizes(self, link: Any) -> dict[str, int]:
        """Settings of ``link`` that determine the sizes of weights; none by default."""
        return {}

    def check_link(self, link: Any) -> None:
        """Check that the system can be evaluated over ``link``; any link is valid by default.

        Raises
        ------
        ValueError
            If the link is not suitable; the message states the requirements
        """

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of the metrics for data with ``modalities``."""
        return []

    def further_metric_names(
        self, modalities: Iterable[str], metrics: Iterable[MetricSettings]
    ) -> list[str]:
        """Names of additional ``metrics`` of reconstructions.

        Raises
        ------
        ValueError
            If the system has no reconstructions, or a metric applies to none of ``modalities``
        """
        names = list(modalities)
        for metric in metrics:
            if not self.reconstructs or not set(metric.modalities) & set(names):
                raise ValueError(
                    f"evaluation.metrics: {metric.kind} is for {metric.subject()}, and there are "
                    "none"
                )
        return [f"{n}_{m.kind}" for m in metrics for n in names if n in m.modalities]
