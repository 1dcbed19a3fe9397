# SPDX-License-Identifier: Apache-2.0
"""Program that traces paths with `sionna.rt` in a process without TensorFlow.

Mitsuba and TensorFlow contain different versions of LLVM, and a process that uses both may crash.
The program reads its task from standard input (JSON), and writes ``a``, ``tau`` and ``azimuths`` to
the file of its argument.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np


def trace(task: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients, delays and azimuths of the paths from one transmitter to many receivers."""
    from sionna import rt  # compiles kernels, which needs LLVM

    scene = rt.load_scene(task["scene"])
    scene.frequency = task["carrier_frequency"]
    scene.tx_array = _row(task["num_tx_ant"], "tr38901", rt)
    scene.rx_array = _row(task["num_rx_ant"], "iso", rt)
    scene.add(rt.Transmitter("transmitter", task["transmitter"]))
    for number, both in enumerate(zip(task["places"], task["velocities"], strict=True)):
        scene.add(rt.Receiver(f"receiver{number}", both[0], velocity=both[1]))
    found = rt.PathSolver()(scene, max_depth=task["max_depth"], seed=task["seed"])
    a, tau = found.cir(
        sampling_frequency=task["sampling_frequency"],
        num_time_steps=task["num_time_steps"],
        normalize_delays=False,
        out_type="numpy",
    )
    return a, tau, np.stack([found.phi_r.numpy(), found.phi_t.numpy()])


def _row(num_ant: int, pattern: str, rt: Any) -> Any:
    """Row of antennas with the same geometry as in the 3GPP models."""
    odd = num_ant % 2
    return rt.PlanarArray(
        num_rows=1,
        num_cols=num_ant if odd else num_ant // 2,
        vertical_spacing=0.5,
        horizontal_spacing=0.5,
        pattern=pattern,
        polarization="V" if odd else "cross",
    )


if __name__ == "__main__":
    try:
        coefficients, delays, angles = trace(json.load(sys.stdin))
    except Exception as error:  # several libraries print to stderr; only the last line is read
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")
    np.savez(sys.argv[1], a=coefficients, tau=delays, azimuths=angles)
