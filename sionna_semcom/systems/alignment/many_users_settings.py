# SPDX-License-Identifier: Apache-2.0
"""Settings of alignment systems of several users."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import keras
import numpy as np
from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)
from scipy.linalg import block_diag

from ...alignment import (
    BroadcastAligner,
    MultiLinkAligner,
    NeuralBroadcastAligner,
    UplinkAligner,
    head_metric,
)
from ...channel import MIMOChannel, MIMOSettings
from ...datasets import Data, UserLatents
from ..base.settings import SYSTEMS
from .many_users import ManyUserAlignmentSystem
from .system import AlignmentSystemSettings


class _ManyUserSettings(AlignmentSystemSettings):
    """Common settings of all methods."""

    crosses = "MIMO channel"

    pilots: PositiveInt | None = None
    """Number of semantic pilots, balanced over the classes; all training samples if null"""
    metric_share: float = Field(0.0, ge=0, le=1)
    """Weight of the logits in the metric of the error; the remaining weight is for the latent"""
    num_users: PositiveInt = 2
    """Number of users: the first ones of the data"""
    form: Literal["widely_linear", "complex_linear"] = "widely_linear"
    """Linearity of the precoders"""
    ridge: NonNegativeFloat | Literal["gcv"] = "gcv"
    """Regularization of the transmitters' covariances, in units of their mean eigenvalues"""
    iterations: NonNegativeInt = 40
    """Turns or iterations for a set of channels"""

    @property
    def needs(self) -> tuple[str, ...]:
        """Required modalities of the data."""
        return ("station", "users")

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of the metrics of :meth:`ManyUserAlignmentSystem.measure`."""
        return ["accuracy", "worst_accuracy", "mse", "logit_mse", "power"]

    @property
    @abstractmethod
    def orthogonal(self) -> bool:
        """Whether users have resource elements of their own."""

    def check_link(self, link: Any) -> None:
        """Check that orthogonal users have an equal share of the resource elements."""
        if isinstance(link, MIMOSettings) and self.orthogonal and link.num_uses % self.num_users:
            raise ValueError(
                f"needs num_uses that are a multiple of num_users={self.num_users}, as users have "
                f"resource elements of their own. Received: num_uses={link.num_uses}"
            )

    @model_validator(mode="after")
    def _check_metric(self) -> "_ManyUserSettings":
        if self.form == "complex_linear" and self.metric_share > 0:
            raise ValueError(
                f"metric_share needs form 'widely_linear'. Received: {self.metric_share}"
            )
        return self

    def training_data(self, data: Data, seed: int) -> UserLatents:
        """Pilots, which depend only on their number and ``seed`` and are the same for all methods.

        Raises
        ------
        ValueError
            If ``data`` are not latents of users, or of too few users or samples
        """
        if not isinstance(data, UserLatents):
            raise ValueError("alignment of users needs their latents as data (kind: user_latents)")
        if data.num_users < self.num_users:
            raise ValueError(
                f"num_users must be at most {data.num_users}, the number of users in the data. "
                f"Received: {self.num_users}"
            )
        return data.subset(self.pilots, seed)

    def metrics(self, latents: UserLatents) -> list[np.ndarray]:
        """Metrics of the users' receivers: errors are relative to the power of the latents."""
        users = zip(latents.heads[1:], latents.splits["train"].users, strict=True)
        found = [
            head_metric(head.kernel, np.cov(own.T, bias=True), self.metric_share)
            for head, own in users
        ]
        return found[: self.num_users]


@SYSTEMS.declare
class BroadcastAlignmentSettings(_ManyUserSettings):
    """Alignment of a base station with the different networks of several users."""

    kind: Literal["broadcast_alignment"] = "broadcast_alignment"
    method: Literal["descent", "federated_admm", "multi_link", "neural"] = "descent"
    """One precoder for all users by descent or by federated ADMM, one for each user in turn, or one
    by descent with a network at each user, trained for every set of channels"""
    units: tuple[PositiveInt, ...] = (256,)
    """Units of the hidden layers of each user's network (neural)"""
    rho: PositiveFloat = 1.0
    """Penalty of ADMM"""
    num_coefficients: PositiveInt | None = None
    """Number of the station's coefficients that a design considers; all if null"""
    trial: NonNegativeInt | None = None
    """Turns after which the best of several descents continues alone; all turns if null"""

    @property
    def orthogonal(self) -> bool:
        """Whether users have resource elements of their own."""
        return self.method == "multi_link"

    @model_validator(mode="after")
    def _check_networks(self) -> "BroadcastAlignmentSettings":
        if self.method == "neural" and self.form != "widely_linear":
            raise ValueError(f"neural needs form 'widely_linear'. Received: {self.form!r}")
        return self

    def build(
        self,
        data: Data,
        link: Any,
        snr_db: float | tuple[float, float],
        seed: int = 0,
    ) -> ManyUserAlignmentSystem:
        """Fit an aligner to the pilots of ``seed``."""
        latents = self.training_data(data, seed)
        train, held_out = latents.splits["train"], latents.splits["validation"].station
        users = train.users[: self.num_users]
        metrics = self.metrics(latents)
        aligner: Any
        if self.method == "multi_link":
            aligner = MultiLinkAligner("downlink", self.form, self.ridge)
        else:
            aligner = BroadcastAligner(
                "federated_admm" if self.method == "federated_admm" else "descent",
                self.ridge,
                self.iterations,
                self.form,
                self.num_coefficients,
                self.rho,
                self.trial,
            )
        aligner.fit(train.station, users, held_out, metrics)
        if self.method == "neural":
            aligner = self._with_networks(aligner, users, link)
        pairs = [latents.pairs(user, "downlink") for user in range(self.num_users)]
        return ManyUserAlignmentSystem(
            aligner,
            pairs,
            link=link,
            snr_db=snr_db,
            metric=block_diag(*metrics) if isinstance(aligner, keras.Layer) else None,
            robust=self.robust,
            channel_known=self.channel_known,
        )

    def sizes(self, link: Any) -> dict[str, int]:
        """Networks fit every link of their number of users."""
        return {"users": self.num_users} if self.method == "neural" else {}

    def _with_networks(
        self, linear: BroadcastAligner, users: Sequence[np.ndarray], link: Any
    ) -> NeuralBroadcastAligner:
        """Untrained networks of all users.

        Raises
        ------
        ValueError
            If ``link`` is not a MIMO channel
        """
        if not isinstance(link, MIMOChannel):
            raise ValueError("neural alignment needs a MIMO channel as the link of its training")
        spreads = [float(np.sqrt(np.mean(np.var(own, 0)))) for own in users]
        widths = [own.shape[1] for own in users]
        return NeuralBroadcastAligner(linear, linear.gram_.shape[-1], widths, spreads, self.units)


@SYSTEMS.declare
class UplinkAlignmentSettings(_ManyUserSettings):
    """Alignment of several users' networks with the network of one receiver."""

    kind: Literal["uplink_alignment"] = "uplink_alignment"
    access: Literal["shared", "orthogonal"] = "shared"
    """Whether users send on the same resource elements, or on their own ones in turn"""

    @property
    def orthogonal(self) -> bool:
        """Whether users have resource elements of their own."""
        return self.access == "orthogonal"

    def build(
        self,
        data: Data,
        link: Any,
        snr_db: float | tuple[float, float],
        seed: int = 0,
    ) -> ManyUserAlignmentSystem:
        """Fit an aligner to the pilots of ``seed``."""
        latents = self.training_data(data, seed)
        train, validation = latents.splits["train"], latents.splits["validation"]
        users, held_out = (split.users[: self.num_users] for split in (train, validation))
        covariance = np.cov(train.station.T, bias=True)
        metric = head_metric(latents.heads[0].kernel, covariance, self.metric_share)
        aligner: Any
        if self.access == "orthogonal":
            aligner = MultiLinkAligner("uplink", self.form, self.ridge)
            aligner.fit(users, train.station, held_out, [metric] * len(users))
        else:
            aligner = UplinkAligner(self.ridge, self.iterations, self.form, metric)
            aligner.fit(users, train.station, held_out)
        pairs = [latents.pairs(user, "uplink") for user in range(self.num_users)]
        return ManyUserAlignmentSystem(
            aligner,
            pairs,
            link=link,
            snr_db=snr_db,
            direction="uplink",
            robust=self.robust,
            channel_known=self.channel_known,
        )
