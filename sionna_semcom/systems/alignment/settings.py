# SPDX-License-Identifier: Apache-2.0
"""Settings of alignment systems."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import keras
import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from ...alignment import (
    ADMMAligner,
    ComplexAligner,
    EigenbasisAligner,
    FeatureAligner,
    HardThresholding,
    LinearAligner,
    PilotStatistics,
    head_metric,
)
from ...channel import FlatMIMOSettings, MIMOChannel, OFDMMIMOSettings
from ...datasets import Data, LatentPairs, PilotChoice
from ..base.settings import SYSTEMS
from .system import AlignmentSystem, AlignmentSystemSettings


class AlignmentProblem(NamedTuple):
    """Input for the fit of an aligner."""

    pairs: LatentPairs
    statistics: PilotStatistics
    """Moments of the pilots"""
    metric: np.ndarray
    link: MIMOChannel

    @property
    def moments(self) -> tuple[PilotStatistics, np.ndarray]:
        """Input for the fit of linear aligners: moments, and latents for the power constraint."""
        return self.statistics, self.pairs.splits["validation"].tx


class _AlignmentSettings(AlignmentSystemSettings):
    """Common settings of all aligners."""

    crosses = "MIMO channel"

    pilots: PositiveInt | PilotChoice | None = None
    """Number of semantic pilots, balanced over the classes, or kind of choice (`random`, `herding`,
    `kmeans`) and count; all training samples if null"""
    metric_share: float = Field(0.0, ge=0, le=1)
    """Weight of the logits in the metric of the error; the remaining weight is for the latent"""

    def build(
        self,
        data: Data,
        link: MIMOChannel,
        snr_db: float | tuple[float, float],
        seed: int = 0,
    ) -> AlignmentSystem:
        """Fit an aligner to the pilots of ``seed``, or build a network for training.

        Raises
        ------
        ValueError
            If ``data`` are not pairs of latents
        """
        pairs = self.training_data(data, seed)
        train = pairs.splits["train"]
        statistics = PilotStatistics.of(train.tx, train.rx)
        metric = head_metric(pairs.kernel, statistics.cov_rx, self.metric_share)
        aligner, callbacks = self.aligner(AlignmentProblem(pairs, statistics, metric, link))
        return AlignmentSystem(
            aligner,
            pairs,
            link=link,
            snr_db=snr_db,
            metric=metric if isinstance(aligner, keras.Layer) else None,  # of training
            callbacks=callbacks,
            robust=self.robust,
            channel_known=self.channel_known,
        )

    def training_data(self, data: Data, seed: int) -> LatentPairs:
        """Pilots, which depend only on their number and ``seed`` and are the same for all methods.

        Raises
        ------
        ValueError
            If ``data`` are not pairs of latents, or too few
        """
        if not isinstance(data, LatentPairs):
            raise ValueError("alignment needs pairs of latents as data (kind: latents, ...)")
        if isinstance(self.pilots, PilotChoice):
            return self.pilots.of(data, seed)
        return data.subset(self.pilots, seed)

    @property
    def needs(self) -> tuple[str, ...]:
        """Required modalities of the data."""
        return ("tx", "rx")

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of the metrics of :meth:`AlignmentSystem.measure`."""
        return ["accuracy", "mse", "logit_mse", "power"]

    @abstractmethod
    def aligner(self, problem: AlignmentProblem) -> tuple[Any, list[Any]]:
        """Aligner, and callbacks for its training."""


@SYSTEMS.declare
class LinearAlignmentSettings(_AlignmentSettings):
    """Alignment with linear precoder and decoder, in closed form or by ADMM."""

    kind: Literal["linear_alignment"] = "linear_alignment"
    method: Literal["closed_form", "admm"] = "closed_form"
    """Closed form, or iterations of the paper (complex-linear, identity metric)"""
    form: Literal["widely_linear", "complex_linear"] = "widely_linear"
    """Linearity of the closed form"""
    allocation: Literal["joint", "per_element"] = "joint"
    """Whether power and semantic directions are allocated jointly or per resource element"""
    ridge: NonNegativeFloat | Literal["gcv"] = "gcv"
    """Regularization of the transmitter's covariance, in units of its mean eigenvalue"""
    iterations: PositiveInt = 20
    """Number of iterations of ADMM per channel"""
    rho: PositiveFloat = 100.0
    """Penalty of ADMM"""

    @model_validator(mode="after")
    def _check_method(self) -> "LinearAlignmentSettings":
        chosen = self.model_fields_set
        unused = {"form", "metric_share", "allocation", "ridge"} & chosen
        if self.method == "closed_form":
            unused = {"iterations", "rho"} & chosen
        if unused:
            raise ValueError(f"{', '.join(sorted(unused))} is not for method {self.method!r}")
        if self.form == "complex_linear" and self.metric_share > 0:
            raise ValueError(
                "metric_share needs form 'widely_linear', whose optimum is known in any metric. "
                f"Received: {self.metric_share}"
            )
        return self

    def aligner(self, problem: AlignmentProblem) -> tuple[Any, list[Any]]:
        """Fit the aligner."""
        if self.method == "admm":
            return ADMMAligner(self.iterations, self.rho).fit_statistics(*problem.moments), []
        aligner = LinearAligner(self.form, problem.metric, self.ridge, self.allocation)
        return aligner.fit_statistics(*problem.moments), []


@SYSTEMS.declare
class FeatureAlignmentSettings(_AlignmentSettings):
    """Baselines with features over an SVD transceiver and separate alignment."""

    kind: Literal["feature_alignment"] = "feature_alignment"
    selection: Literal["first", "top", "eigen"]
    """Selection of the transmitted numbers"""

    def aligner(self, problem: AlignmentProblem) -> tuple[Any, list[Any]]:
        """Fit the aligner."""
        return FeatureAligner(self.selection).fit_statistics(*problem.moments), []


@SYSTEMS.declare
class NeuralAlignmentSettings(_AlignmentSettings):
    """Neural alignment with one network for all channels, or one per channel as in the paper."""

    kind: Literal["neural_alignment"] = "neural_alignment"
    network: Literal["eigenbasis", "complex"] = "eigenbasis"
    """Network for all channels, or complex perceptrons of the paper for one channel"""
    precoder_units: tuple[PositiveInt, ...] = (512, 512)
    """Units of the hidden layers of the precoder (eigenbasis)"""
    decoder_units: tuple[PositiveInt, ...] = (768, 768)
    """Units of the hidden layers of the decoder (eigenbasis)"""
    threshold: NonNegativeFloat = 0.0
    """Threshold for the magnitude of weights that are pruned after each epoch (complex)"""

    def sizes(self, link: FlatMIMOSettings | OFDMMIMOSettings) -> dict[str, int]:
        """Settings of ``link`` that determine the sizes of the networks."""
        tx, rx = link.num_tx_ant, link.num_rx_ant
        if self.network == "eigenbasis":
            return {"num_uses": link.num_uses, "eigenmodes": min(tx, rx)}
        return {"num_uses": link.num_uses, "num_tx_ant": tx, "num_rx_ant": rx}

    def aligner(self, problem: AlignmentProblem) -> tuple[Any, list[Any]]:
        """Build the networks for the antennas and channel uses of the link.

        Raises
        ------
        ValueError
            If ``link`` is not a MIMO channel
        """
        link, statistics = problem.link, problem.statistics
        if not isinstance(link, MIMOChannel):
            raise ValueError("neural alignment needs a MIMO channel as the link of its training")
        if self.network == "eigenbasis":
            modes = min(link.num_tx_ant, link.num_rx_ant)
            units = self.precoder_units, self.decoder_units
            return EigenbasisAligner(statistics, link.num_uses, modes, *units), []
        antennas = link.num_tx_ant, link.num_rx_ant
        network = ComplexAligner(statistics, link.num_uses, *antennas)
        if not self.threshold:
            return network, []
        stacks = [*network.precoder, *network.decoder]
        return network, [HardThresholding(stacks, self.threshold)]
