# SPDX-License-Identifier: Apache-2.0
"""Noise that links of many users report, and the gain of devices whose embeddings add in the air.

Four users over CDL-C, eight antennas at the base station: squared error over ``no_eff``, the mean
over users and the one farthest from one. And the shipped end-to-end centroid model over AWGN, whose
three modalities are at three devices with a third of the power each: by how much of SNR its curves
are shifted from those of one transmitter, with three seeds of noise, against 10 log10(N r^2). And
the SNR of the mean of correlated symbols at the receiver, over UMi with four antennas, for each
kind of knowledge at the devices.

    python benchmarks/many_users.py [--json many_users.json]
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from sionna.phy.utils import complex_normal

import sionna_semcom as ss
from sionna_semcom._files import atomic_path
from sionna_semcom._seeding import set_seed

SLOTS, SNRS_DB, SEEDS = 128, (0, 10, 20), (1, 2, 3)
GRID = {"fft_size": 24, "num_users": 4}
LINKS: dict[str, tuple[str, dict[str, Any]]] = {
    "uplink": ("uplink", {}),
    "uplink_lmmse": ("uplink", {"interpolation": "lmmse"}),
    "uplink_orthogonal": ("uplink", {"access": "orthogonal", "interpolation": "lmmse"}),
    "downlink": ("downlink", {}),
    "downlink_estimated": ("downlink", {"transmitter_csi": "ls"}),
}
ROW: dict[str, Any] = {
    "csi": "perfect", "num_ofdm_symbols": 1, "fft_size": 8, "pilot_ofdm_symbol_indices": (),
}  # fmt: skip
GRID_DB, SHIFTED_DB = np.arange(-7.5, 13.0, 2.5), (-5.0, 0.0, 5.0)
METRICS = ("image_mse", "audio_mae")
SHARED, UMI = 0.7, {"model": "UMi", "num_rx_ant": 4, "fft_size": 24, "pool_size": 192}
RECEIVERS: dict[str, dict[str, Any]] = {
    "inversion": {"receiver": "coherent"},
    "phases": {"receiver": "coherent_mmse", "correlation": SHARED},
    "no_knowledge": {"receiver": "mmse", "correlation": SHARED},
}


def noise_ratios(kind: str, settings: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Error over ``no_eff`` at each SNR."""
    set_seed(1, kind)
    link = ss.link.from_settings({"kind": kind, **GRID, **settings})
    run = tf.function(link, autograph=False)
    found: dict[str, dict[str, float]] = {"mean": {}, "farthest_user": {}}
    for snr_db in SNRS_DB:
        symbols = complex_normal([SLOTS, 4, 288])
        symbols_hat, no_eff = run(symbols, tf.constant(10 ** (-snr_db / 10)))
        users = np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff, axis=(0, 2))
        found["mean"][f"{snr_db}_dB"] = float(np.mean(users))
        found["farthest_user"][f"{snr_db}_dB"] = float(users[np.argmax(np.abs(users - 1))])
    return found


def coherent_gain() -> dict[str, Any]:
    """Gain by the closed form, and shifts of the curves of the shipped model."""
    system = ss.load_model("centroid_builtin_end_to_end")
    batch = next(iter(ss.datasets.Digits().test(1000)))
    encodings = system.encodings(batch)
    mean = np.mean(list(encodings.values()), axis=0)
    gain_db = 10 * np.log10(3 * np.mean(np.sum(mean**2, axis=1)))

    def curve(snrs_db: Any, seed: int) -> dict[str, np.ndarray]:
        rows = []
        for snr_db in snrs_db:
            set_seed(seed, snr_db)
            figures = system.measure(batch, float(snr_db), encodings=encodings)
            rows.append([float(tf.reduce_mean(figures[name])) for name in METRICS])
        return dict(zip(METRICS, np.transpose(rows), strict=True))

    system.link = ss.link.AWGNLink()
    joint = {seed: curve(GRID_DB, seed) for seed in SEEDS}
    system.transmitters = "separate"
    system.link = ss.link.OverTheAirLink(model="awgn", **ROW)
    shifts: dict[str, dict[str, float]] = {}
    separate = {seed: curve(SHIFTED_DB, seed) for seed in SEEDS}
    for name in METRICS:
        shifts[name] = {}
        for index, snr_db in enumerate(SHIFTED_DB):
            found = [
                np.interp(-separate[seed][name][index], -joint[seed][name], GRID_DB) - snr_db
                for seed in SEEDS
            ]
            shifts[name][f"{snr_db:g}_dB"] = float(np.mean(found))
            shifts[name][f"{snr_db:g}_dB_half_width"] = float(
                4.303 * np.std(found, ddof=1) / 3**0.5
            )
    return {"closed_form_dB": float(gain_db), "shift_dB": shifts}


def snr_of_the_mean() -> dict[str, dict[str, float]]:
    """SNR [dB] of the mean of three devices, averaged in dB over symbols that agree in part.

    ``awgn`` is that of the closed form, and ``one_at_a_time`` that of a device with orthogonal
    access, which has all of the power.
    """
    apart, common = complex_normal([SLOTS, 3, 288]), complex_normal([SLOTS, 1, 288])
    symbols = SHARED**0.5 * common + (1 - SHARED) ** 0.5 * apart
    power = SHARED + (1 - SHARED) / 3
    cases = {name: ("over_the_air", power, own) for name, own in RECEIVERS.items()}
    cases["one_at_a_time"] = "uplink", 1.0, {"num_users": 3, "access": "orthogonal"}
    found: dict[str, dict[str, float]] = {}
    for name, (kind, own_power, own) in cases.items():
        for csi, options in {"perfect": {}, "ls": {"interpolation": "lmmse"}}.items():
            set_seed(1, "snr")
            link = ss.link.from_settings({"kind": kind, **UMI, "csi": csi, **own, **options})
            run = tf.function(link, autograph=False)
            row = found.setdefault(f"{name}_{csi}", {})
            for snr_db in SNRS_DB:
                no_eff = run(symbols, tf.constant(10 ** (-snr_db / 10)))[1]
                row[f"{snr_db}_dB"] = float(np.mean(10 * np.log10(own_power / no_eff)))
    gain_db = 10 * np.log10(3 * power)
    found["awgn"] = {f"{snr_db}_dB": float(snr_db + gain_db) for snr_db in SNRS_DB}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    result = {
        "coherent_gain": coherent_gain(),
        "snr_of_the_mean": snr_of_the_mean(),
        "error_over_no_eff": {name: noise_ratios(*link) for name, link in LINKS.items()},
    }
    print(json.dumps(result, indent=2))
    if arguments.json is not None:
        with atomic_path(arguments.json) as path:
            path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
