# SPDX-License-Identifier: Apache-2.0
"""Task, alignment and bandwidth figures."""

from __future__ import annotations

from .accuracy import accuracy
from .bandwidth import bandwidth_ratio, toi, tti, tti_over_toi
from .fidelity import mae, mse, psnr, ssim
from .retrieval import pairwise_recall_at_1, recall_at_1

__all__ = [
    "accuracy",
    "bandwidth_ratio",
    "mae",
    "mse",
    "pairwise_recall_at_1",
    "psnr",
    "recall_at_1",
    "ssim",
    "toi",
    "tti",
    "tti_over_toi",
]
