# SPDX-License-Identifier: Apache-2.0
"""Error of latents over the noise that a link with a budget reports, at transmit powers.

Two by four antennas in 360 kHz, 512 slots from a pool of 512 drops of UMi and UMa with path loss
and shadowing: without interference, and with three terminals of adjacent cells that send 23 dBm, or
as much as the terminal. The last receiver interpolates linearly, for one antenna at the terminal.

    python benchmarks/link_budget.py [--json link_budget.json]
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom._files import atomic_path
from sionna_semcom._seeding import set_seed
from sionna_semcom.link import OFDMLink

SLOTS, POWERS_DBM = 512, (-10, 0, 10, 23, 33)
SLOT = {"fft_size": 24, "subcarrier_spacing": 15e3, "cyclic_prefix_length": 2, "packing": False}
INTERFERENCE = {
    "none": None,
    "interference": {"num": 3, "tx_power_dbm": 23.0},
    "equal_interference": {"num": 3},
}
RECEIVERS = {
    "perfect": {"csi": "perfect", "interpolation": "lmmse"},
    "ls": {"csi": "ls", "interpolation": "lmmse"},
    "linear": {"csi": "ls", "interpolation": "lin", "num_tx_ant": 1, "num_rx_ant": 4},
}


def figures(model: str, receiver: str, interferers: str) -> dict[str, float]:
    """Error over ``no_eff`` on average at each power."""
    set_seed(1, model)
    budget = {"interferers": INTERFERENCE[interferers]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the noise reported, which is measured here
        link = OFDMLink(model=model, link_budget=budget, **RECEIVERS[receiver], **SLOT)
    run = link.graph()
    size = link.settings.streams * int(link.resource_grid.num_data_symbols)
    found = {}
    for power_dbm in POWERS_DBM:
        symbols = complex_normal([SLOTS, size])
        symbols_hat, no_eff = run(symbols, tf.constant(link.budget.noise_power(power_dbm)))
        found[f"{power_dbm}_dBm"] = float(np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    result = {
        model: {
            receiver: {others: figures(model, receiver, others) for others in INTERFERENCE}
            for receiver in RECEIVERS
        }
        for model in ("UMi", "UMa")
    }
    print(json.dumps(result, indent=2))
    if arguments.json is not None:
        with atomic_path(arguments.json) as path:
            path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
