# SPDX-License-Identifier: Apache-2.0
"""Error of PUSCH latents over the noise that the link reports, with and without known statistics.

Two layers, reference signals on OFDM symbols 2 and 11, four resource blocks, four receive antennas.
512 slots of CDL-C, or each of the 512 drops of UMi once. Without known statistics, estimate and
error variance are those of Sionna's ``PUSCHLSChannelEstimator``.

    python benchmarks/pusch_noise.py [--json pusch_noise.json]
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
from sionna_semcom.link import PUSCHLink

SLOTS, SNRS_DB = 512, (0, 10, 20, 30)
SLOT = {"num_layers": 2, "num_rx_ant": 4, "dmrs": {"additional_position": 1}}
RECEIVERS = {
    "sionna": {"statistics": "none", "interpolation": "lin"},
    "lin": {"interpolation": "lin"},
    "lmmse": {"interpolation": "lmmse"},
    "perfect": {"csi": "perfect"},
}


def figures(model: str, receiver: str) -> dict[str, dict[str, float]]:
    """Error over ``no_eff`` on average and for slots in order, and error, at each SNR."""
    set_seed(1, model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the noise reported, which is measured here
        link = PUSCHLink(model=model, **SLOT, **RECEIVERS[receiver])
    pool = link.channel.pool
    if pool is not None:
        link.channel = lambda num_slots: pool[:num_slots]
    run = tf.function(link, autograph=False)
    names = "error_over_no_eff", "median_slot", "99th_percentile_slot", "error"
    found: dict[str, dict[str, float]] = {name: {} for name in names}
    size = link.settings.streams * int(link.resource_grid.num_data_symbols)
    for snr_db in SNRS_DB:
        symbols = complex_normal([SLOTS, size])
        symbols_hat, no_eff = run(symbols, tf.constant(10 ** (-snr_db / 10)))
        error = np.abs(symbols_hat - symbols) ** 2
        slots = np.mean(error / no_eff, axis=1)
        values = np.mean(slots), *np.quantile(slots, (0.5, 0.99)), np.mean(error)
        for name, value in zip(names, values, strict=True):
            found[name][f"{snr_db}_dB"] = float(value)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    result = {
        model: {receiver: figures(model, receiver) for receiver in RECEIVERS}
        for model in ("CDL-C", "UMi")
    }
    print(json.dumps(result, indent=2))
    if arguments.json is not None:
        with atomic_path(arguments.json) as path:
            path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
