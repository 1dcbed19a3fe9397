# SPDX-License-Identifier: Apache-2.0
"""Settings from which alignment systems are built."""

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
from ...datasets import Data, LatentPairs
from ..base.settings import SYSTEMS
from .system import AlignmentSystem, AlignmentSystemSettings


class AlignmentProblem(NamedTuple):
    """What an aligner is made for."""

    pairs: LatentPairs
    statistics: PilotStatistics
    """Moments of the pilots"""
    metric: np.ndarray
    link: MIMOChannel

    @property
    def moments(self) -> tuple[PilotStatistics, np.ndarray]:
        """What linear aligners learn from: moments, and latents on which the power limit holds."""
        return self.statistics, self.pairs.splits["validation"].tx


class _AlignmentSettings(AlignmentSystemSettings):
    """What all aligners have in common."""

    crosses = "MIMO channel"

    pilots: PositiveInt | None = None
    """Semantic pilots, balanced over the classes; nothing (null) is all training samples"""
    metric_share: float = Field(0.0, ge=0, le=1)
    """Share of the head's logits in the metric of the error; the rest is the latent itself"""

    def build(
        self,
        data: Data,
        link: MIMOChannel,
        snr_db: float | tuple[float, float],
        seed: int = 0,
    ) -> AlignmentSystem:
        """Fit an aligner to the pilots of ``seed``, or build the network that will be trained.

        Raises
        ------
        ValueError
            If ``data`` are no pairs of latents
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
        """The pilots, drawn by their number and ``seed``, so that methods are given the same ones.

        Raises
        ------
        ValueError
            If ``data`` are no pairs of latents, or too few
        """
        if not isinstance(data, LatentPairs):
            raise ValueError("alignment needs pairs of latents as data (kind: latents, ...)")
        return data.subset(self.pilots, seed)

    @property
    def needs(self) -> tuple[str, ...]:
        """Modalities that data must have."""
        return ("tx", "rx")

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of what :meth:`AlignmentSystem.measure` gives."""
        return ["accuracy", "mse", "logit_mse", "power"]

    @abstractmethod
    def aligner(self, problem: AlignmentProblem) -> tuple[Any, list[Any]]:
        """The aligner, and callbacks of its training."""


@SYSTEMS.declare
class LinearAlignmentSettings(_AlignmentSettings):
    """Alignment by the closed-form optimum of linear precoder and decoder, or by ADMM."""

    kind: Literal["linear_alignment"] = "linear_alignment"
    method: Literal["closed_form", "admm"] = "closed_form"
    """The optimum, or the paper's iterations (complex-linear, in the plain metric)"""
    form: Literal["widely_linear", "complex_linear"] = "widely_linear"
    """What the closed form may do with the features"""
    allocation: Literal["joint", "per_element"] = "joint"
    """Whether resource elements share power and semantic directions, or each has its own"""
    ridge: NonNegativeFloat | Literal["gcv"] = "gcv"
    """Regularization of the transmitter's covariance, in units of its mean eigenvalue"""
    iterations: PositiveInt = 20
    """Iterations of ADMM for a channel"""
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
    """Baselines that send features by an SVD transceiver and align them afterwards."""

    kind: Literal["feature_alignment"] = "feature_alignment"
    selection: Literal["first", "top", "eigen"]
    """Which numbers are sent"""

    def aligner(self, problem: AlignmentProblem) -> tuple[Any, list[Any]]:
        """Fit the aligner."""
        return FeatureAligner(self.selection).fit_statistics(*problem.moments), []


@SYSTEMS.declare
class NeuralAlignmentSettings(_AlignmentSettings):
    """Neural alignment, with one network for every channel or the paper's for one channel."""

    kind: Literal["neural_alignment"] = "neural_alignment"
    network: Literal["eigenbasis", "complex"] = "eigenbasis"
    """One network for every channel, or the paper's complex perceptrons for one"""
    precoder_units: tuple[PositiveInt, ...] = (512, 512)
    """Hidden layers of the precoder (eigenbasis)"""
    decoder_units: tuple[PositiveInt, ...] = (768, 768)
    """Hidden layers of the decoder (eigenbasis)"""
    threshold: NonNegativeFloat = 0.0
    """Magnitude below which weights are pruned after every epoch (complex)"""

    def sizes(self, link: FlatMIMOSettings | OFDMMIMOSettings) -> dict[str, int]:
        """What in the settings of a ``link`` decides the sizes of the networks."""
        tx, rx = link.num_tx_ant, link.num_rx_ant
        if self.network == "eigenbasis":
            return {"num_uses": link.num_uses, "eigenmodes": min(tx, rx)}
        return {"num_uses": link.num_uses, "num_tx_ant": tx, "num_rx_ant": rx}

    def aligner(self, problem: AlignmentProblem) -> tuple[Any, list[Any]]:
        """Build the networks for the antennas and channel uses of the link.

        Raises
        ------
        ValueError
            If ``link`` is no MIMO channel
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
