# SPDX-License-Identifier: Apache-2.0
"""Paths of a scene, which are traced once and then kept for all links and runs."""

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
    """Impulse responses of the places that paths reach, and the name of their file.

    A second run of the tracer gives the same paths in another order, and with other last digits.
    The paths are therefore kept in the folder for caches of the user, as a file that
    `ImpulseResponses` reads, so that links, processes and runs see the same.

    Parameters
    ----------
    task : `dict`
        What the program `tracer` reads
    checksum : `str`
        Of the scene

    Raises
    ------
    ValueError
        In one line, if the tracer fails, LLVM is missing, or no path reaches a receiver
    """
    path = kept_file(task, checksum)
    if path.is_file():
        return read_realizations(path), path.name
    found = _reached(task, *_traced(task))
    with suppress(OSError):  # a folder that cannot be written costs time alone
        write_realizations(path, found, task["sampling_frequency"])
    return found, path.name


def kept_file(task: Mapping[str, Any], checksum: str) -> Path:
    """Where the paths of a task in the scene with this checksum are kept."""
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
    """The places that a path reaches, of all that were traced.

    Input
    -----
    a : [num_places, num_rx_ant, 1, num_tx_ant, num_paths, num_time_steps], `complex`
        Coefficients

    tau : [num_places, 1, num_paths], `float`
        Delays [s], negative where there is no path

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
    """Coefficients, delays and azimuths that another process computes, without TensorFlow."""
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
