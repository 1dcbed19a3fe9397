# SPDX-License-Identifier: Apache-2.0
"""Program that traces paths by `sionna.rt`, in a process without TensorFlow.

Mitsuba and TensorFlow bring an LLVM each, and a process that has used both may crash. The program
reads its task from standard input (JSON) and writes ``a`` and ``tau`` to the file of its argument.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np


def trace(task: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and delays of the paths from one transmitter to many receivers."""
    from sionna import rt  # which compiles kernels, and needs LLVM

    scene = rt.load_scene(scene_path(task["scene"], rt))
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
    return a, tau


def scene_path(name: str, rt: Any) -> str:
    """File of a scene.

    Raises
    ------
    ValueError
        If ``name`` is no XML file and no scene of `sionna.rt`, naming those that there are
    """
    if name.endswith(".xml"):
        return name
    names = (one for one in dir(rt.scene) if not one.startswith("_"))
    known = [one for one in names if isinstance(getattr(rt.scene, one), str)]
    if name not in known:
        raise ValueError(
            f"`scene` must be an XML file or one of {', '.join(known)}. Received: {name!r}"
        )
    return str(getattr(rt.scene, name))


def _row(num_ant: int, pattern: str, rt: Any) -> Any:
    """A row of antennas, as those of the models."""
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
        coefficients, delays = trace(json.load(sys.stdin))
    except Exception as error:  # of several libraries; the last line is read
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")
    np.savez(sys.argv[1], a=coefficients, tau=delays)
