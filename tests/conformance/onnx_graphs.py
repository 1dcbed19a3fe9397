# SPDX-License-Identifier: Apache-2.0
"""Execution of exported graphs with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def run(folder: Path, name: str, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Outputs of the graph ``name`` for its subset of ``inputs``."""
    import onnxruntime

    session = onnxruntime.InferenceSession(folder / name)
    ends = {end.name: np.asarray(inputs[end.name]) for end in session.get_inputs()}
    names = [end.name for end in session.get_outputs()]
    return dict(zip(names, session.run(None, ends), strict=True))
