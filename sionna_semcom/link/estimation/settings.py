# SPDX-License-Identifier: Apache-2.0
"""Settings of learned channel estimators, and of links that can use them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from ..._files import sha256
from ..._parts import Settings
from ..base import LinkSettings

_Self = TypeVar("_Self", bound="ReceiverSettings")


class LearnedEstimatorSettings(Settings):
    """Settings of a `LearnedEstimator`."""

    kind: Literal["learned"] = "learned"
    """Selects this estimator in a study."""
    width: int = Field(default=16, ge=1, le=1024)
    """Number of channels of the network."""
    num_blocks: int = Field(default=2, ge=0, le=64)
    """Number of residual blocks."""
    kernel_times: int = Field(default=5, ge=1, le=99)
    """Filter length over OFDM symbols."""
    kernel_frequencies: int = Field(default=15, ge=1, le=999)
    """Filter length over subcarriers."""
    weights: str | None = None
    """Trained weights: the name of a shipped model, or the file of a system that was trained over a
    link with such an estimator. By default (null) the network is untrained and does not change the
    estimate."""
    seed: int = Field(default=0, ge=0)
    """Training seed of the shipped model."""

    def fits(self, other: Any) -> bool:
        """Whether weights of an estimator with the settings ``other`` fit this estimator."""
        size = {"weights", "seed"}
        return isinstance(other, LearnedEstimatorSettings) and self.model_dump(
            exclude=size
        ) == other.model_dump(exclude=size)


def _with_defaults(value: Any) -> Any:
    return {} if value == "learned" else value


class ReceiverSettings(LinkSettings):
    """Settings of links whose receiver can refine the channel estimate with a network."""

    estimator: Annotated[
        LearnedEstimatorSettings | Literal["learned"] | None, BeforeValidator(_with_defaults)
    ] = None
    """Network that refines the channel estimate and its error variance: `learned`, or settings with
    `kind: learned`. By default (null) the estimate is not refined."""

    @model_validator(mode="after")
    def _check_estimator(self: _Self) -> _Self:
        csi = getattr(self, "csi", "ls")
        if self.estimator is not None and csi != "ls":
            raise ValueError(f"`estimator` requires `csi`='ls'. Received: csi={csi!r}")
        return self

    @property
    def learned(self) -> LearnedEstimatorSettings | None:
        """Settings of the estimator, or `None`."""
        return self.estimator if isinstance(self.estimator, Settings) else None

    @property
    def estimator_files(self) -> Mapping[str, str]:
        """SHA-256 of the file of the estimator's weights; none of a shipped model."""
        weights = None if self.learned is None else self.learned.weights
        return {weights: sha256(weights)} if weights and Path(weights).is_file() else {}

    @property
    def follows_training(self) -> bool:
        """Whether the estimator has trained weights, which depend on the training seed."""
        return self.learned is not None and self.learned.weights is not None

    def of_training(self: _Self, seed: int) -> _Self:
        """Settings with the weights of the training seed ``seed``."""
        if self.learned is None or not self.follows_training:
            return self
        return self.model_copy(update={"estimator": self.learned.model_copy(update={"seed": seed})})
