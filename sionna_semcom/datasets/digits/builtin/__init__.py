# SPDX-License-Identifier: Apache-2.0
"""Digits without download: handwritten digits of scikit-learn and synthesized spoken digits."""

from __future__ import annotations

from .handwritten import HANDWRITTEN_DIGITS, read_handwritten
from .spoken import SPOKEN_DIGITS, read_spoken

__all__ = ["HANDWRITTEN_DIGITS", "SPOKEN_DIGITS", "read_handwritten", "read_spoken"]
