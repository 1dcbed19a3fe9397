# SPDX-License-Identifier: Apache-2.0
"""Cache of the ray-traced paths of a scene for all links and runs."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pooch

from . import tracer
from .realizations import Realizations, azimuth_spread, read_realizations, write_realizations


def traced_paths(task: Mapping[str, Any], checksum: str) -> tuple[Realizations, str]:
    """Impulse responses of the positions that paths reach, and the name of their cache file.

    Repeated ray tracing returns the same paths in another order and with other rounding errors. The
    paths are therefore stored in the user's cache folder, in a file for `ImpulseResponses`, so that
    all links, processes and runs use identical paths.

    Parameters
    ----------
    task : `dict`
        Input of the program `tracer`
    checksum : `str`
        SHA-256 of the scene

    Raises
    ------
    ValueError
        If the tracer fails, LLVM is missing, or no path reaches a receiver
    """
    path = kept_file(task, checksum)
    if path.is_file():
        return read_realizations(path), path.name
    found = _reached(task, *_traced(task))
    with suppress(OSError):  # without a cache, paths are traced again
        write_realizations(path, found, task["sampling_frequency"])
    return found, path.name


def kept_file(task: Mapping[str, Any], checksum: str) -> Path:
    """Cache file of the paths of a task in the scene with this checksum."""
    try:
        tracer_version = version("sionna-rt")
    except PackageNotFoundError:
        tracer_version = ""
    document = json.dumps([dict(task, scene=checksum), tracer_version], sort_keys=True)
    digest = hashlib.sha256(document.encode()).hexdigest()
    folder: Path = pooch.os_cache("sionna_semcom") / "ray_traced"
    return folder / f"{Path(task['scene']).stem}-{digest[:16]}.h5"


def digest_of(found: Realizations) -> str:
    """SHA-256 of coefficients and delays."""
    digest = hashlib.sha256()
    for values in (found.a, found.tau):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _reached(
    task: Mapping[str, Any], a: np.ndarray, tau: np.ndarray, angles: np.ndarray
) -> Realizations:
    """Impulse responses of the traced positions that paths reach.

    Input
    -----
    a : [num_places, num_rx_ant, 1, num_tx_ant, num_paths, num_time_steps], `complex`
        Coefficients

    tau : [num_places, 1, num_paths], `float`
        Delays [s]; negative for missing paths

    angles : [2, num_places, 1, num_paths], `float`
        Azimuths of arrival and of departure [rad]
    """
    exists = (tau[:, 0] >= 0.0) & np.any(a != 0.0, axis=(1, 2, 3, 5))
    rows = np.flatnonzero(exists.any(1))
    if not len(rows):
        raise ValueError(
            "No path reaches `area` from `transmitter`. "
            f"Received: scene={Path(task['scene']).stem!r}, max_depth={task['max_depth']}"
        )
    powers = np.mean(np.abs(a[rows].astype(complex)) ** 2, axis=(1, 2, 3, 5)) * exists[rows]
    return Realizations(
        a[rows][:, np.newaxis],
        tau[rows][:, np.newaxis],
        np.stack([azimuth_spread(one[rows, 0], powers) for one in angles], axis=1),
        np.asarray(task["places"], float)[rows],
    )


def _traced(task: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients, delays and azimuths, computed in a separate process without TensorFlow."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paths.npz"
        done = subprocess.run(
            [sys.executable, tracer.__file__, path],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            with np.load(path, allow_pickle=False) as found:
                return found["a"], found["tau"], found["azimuths"]
    reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    if "llvm" in done.stderr.lower() or "ModuleNotFoundError" in reason:
        raise ValueError(
            "Ray tracing needs LLVM (Debian: libllvm15) or a GPU, and sionna-rt. "
            f"Received: {reason[:200]}"
        )
    raise ValueError(f"Ray tracing failed. Received: {reason[:300]}")
