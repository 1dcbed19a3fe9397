# SPDX-License-Identifier: Apache-2.0
"""Settings of alignment with translations of the literature."""

from typing import Any, Literal

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from ...alignment import (
    CCAAligner,
    KernelRidgeAligner,
    ProcrustesAligner,
    RelativeAligner,
)
from ..base.settings import SYSTEMS
from .settings import AlignmentProblem, _AlignmentSettings

_OPTIONS = {
    "procrustes": {"metric_share"},
    "cca": {"components", "ridge"},
    "relative": {"anchors", "metric_share"},
    "kernel_ridge": {"gamma", "alpha", "metric_share"},
}


@SYSTEMS.declare
class TranslationAlignmentSettings(_AlignmentSettings):
    """Methods of the literature: translation at the transmitter, then optimal transmission."""

    kind: Literal["translation_alignment"] = "translation_alignment"
    method: Literal["procrustes", "cca", "relative", "kernel_ridge"]
    """Rotation, canonical correlations, relative representations, or kernel ridge regression"""
    components: PositiveInt | None = None
    """Number of canonical variates (cca); all if null"""
    ridge: NonNegativeFloat | Literal["gcv"] = "gcv"
    """Regularization of the transmitter's covariance, in units of its mean eigenvalue (cca)"""
    anchors: PositiveInt = 300
    """Number of anchors among the pilots (relative)"""
    gamma: PositiveFloat | None = None
    """Kernel parameter (kernel_ridge); by cross-validation if null"""
    alpha: PositiveFloat | None = None
    """Regularization (kernel_ridge); by cross-validation if null"""

    @model_validator(mode="after")
    def _check_method(self) -> "TranslationAlignmentSettings":
        options = set().union(*_OPTIONS.values())
        unused = (options - _OPTIONS[self.method]) & self.model_fields_set
        if unused:
            raise ValueError(f"{', '.join(sorted(unused))} is not for method {self.method!r}")
        return self

    def aligner(self, problem: AlignmentProblem) -> tuple[Any, list[Any]]:
        """Fit the aligner."""
        train = problem.pairs.splits["train"]
        aligner = {
            "procrustes": lambda: ProcrustesAligner(problem.metric),
            "cca": lambda: CCAAligner(self.components, self.ridge),
            "relative": lambda: RelativeAligner(self.anchors, problem.metric),
            "kernel_ridge": lambda: KernelRidgeAligner(self.gamma, self.alpha, problem.metric),
        }[self.method]()
        return aligner.fit(train.tx, train.rx, problem.pairs.splits["validation"].tx), []
