# SPDX-License-Identifier: Apache-2.0
"""Error of OFDM links with estimates over the noise that they report.

Two streams, four receive antennas, 72 subcarriers, pilots on OFDM symbols 2 and 11. Fresh slots of
CDL, 512 to 12,288, until the half width of the mean is 0.02; or each of the 512 drops of UMi and
UMa twice; and measured Wi-Fi channels with three receive antennas. Beside each mean stand the half
width of its 95 % interval, over slots or over the noise in the same drops, and whether the link
warned at its construction.

    python benchmarks/reported_noise.py [--json reported_noise.json]

needs the data that SIONNA_SEMCOM_DATA points to.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom._files import atomic_path
from sionna_semcom._seeding import set_seed
from sionna_semcom.link import OFDMLink

DROPS, CHUNK = 512, 128
SNRS_DB = (0, 10, 20, 30)
FEWEST, MOST, PRECISE = 512, 12288, 0.02  # fresh slots, and the half width that needs no more
MODELS = ("CDL-A", "CDL-B", "CDL-C", "CDL-D", "CDL-E", "UMi", "UMa")
SPACINGS, SPEEDS, INTERPOLATIONS = (15e3, 30e3), (3.0, 33.0), ("nn", "lin")
WIFI = {
    "fft_size": 56,
    "subcarrier_spacing": 312.5e3,
    "cyclic_prefix_length": 14,
    "num_rx_ant": 3,
}
MEASURED = {"wifi_3x1": 1, "wifi_3x2": 2}  # transmit antennas of the files


def build(**settings: Any) -> tuple[OFDMLink, bool]:
    """A link, and whether it warned that its noise may differ from the error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        link = OFDMLink(**settings)
    return link, bool(caught)


def over_drops(send: Callable[[int], np.ndarray]) -> tuple[float, float]:
    """Mean over all drops, each of which is sent over twice, and its half width."""
    starts = range(0, DROPS, CHUNK)
    first, second = (np.concatenate([send(start) for start in starts]) for _ in range(2))
    noise = np.mean((first - second) ** 2) / 2.0  # of a drop, with the same channel
    return float(np.mean([first, second])), 1.96 * float(np.sqrt(noise / (2 * DROPS)))


def over_fresh(send: Callable[[int], np.ndarray]) -> tuple[float, float]:
    """Mean over fresh slots, and its half width."""
    ratio, half_width = np.zeros(0), np.inf
    while len(ratio) < FEWEST or (half_width > PRECISE and len(ratio) < MOST):
        ratio = np.append(ratio, send(0))
        half_width = 1.96 * float(np.std(ratio)) / len(ratio) ** 0.5
    return float(np.mean(ratio)), half_width


def figures(**settings: Any) -> dict[str, Any]:
    """Mean error over ``no_eff`` at each SNR, and half widths."""
    set_seed(1, str(settings.get("model")))
    link, warned = build(**settings)
    draw = link.channel
    first = tf.Variable(0)  # drop of a chunk
    if draw.pool is not None:
        link.channel = lambda num_slots: draw.kept(first + tf.range(num_slots))
    capacity = link.settings.streams * int(link.resource_grid.num_data_symbols)

    @functools.partial(tf.function, autograph=False)
    def ratio(no: tf.Tensor) -> tf.Tensor:
        symbols = complex_normal([CHUNK, capacity])
        symbols_hat, no_eff = link(symbols, no)
        return tf.reduce_mean(tf.abs(symbols_hat - symbols) ** 2 / no_eff, axis=1)

    found: dict[str, Any] = {"warned": warned, "ratio": {}, "half_width": {}}
    for snr_db in SNRS_DB:
        no = tf.constant(10 ** (-snr_db / 10))

        def send(start: int, no: tf.Tensor = no) -> np.ndarray:
            first.assign(start)
            return ratio(no).numpy()

        mean, half_width = (over_fresh if draw.pool is None else over_drops)(send)
        found["ratio"][f"{snr_db}_dB"] = round(mean, 4)
        found["half_width"][f"{snr_db}_dB"] = round(half_width, 4)
    return found


def largest_deviations(links: dict[str, Any]) -> dict[str, float]:
    """Largest deviation of a ratio from one, of each model at each speed, or measured channel."""
    found: dict[str, float] = {}
    for name, link in links.items():
        group = name.rsplit("_", 1 if name.startswith("wifi") else 2)[0]
        largest = max(abs(ratio - 1.0) for ratio in link["ratio"].values())
        found[group] = max(found.get(group, 0.0), largest)
    return found


def cases(data: Path) -> dict[str, dict[str, Any]]:
    """Settings of the links by name."""
    named = {}
    # fast terminals and long symbols first, where most is to be seen
    options = itertools.product(sorted(SPEEDS, reverse=True), SPACINGS, MODELS, INTERPOLATIONS)
    for speed, spacing, model, method in options:
        name = f"{model}_{speed:g}mps_{spacing / 1e3:g}kHz_{method}"
        named[name] = {
            "model": model, "subcarrier_spacing": spacing, "speed": speed, "interpolation": method
        }  # fmt: skip
    for (name, antennas), method in itertools.product(MEASURED.items(), (*INTERPOLATIONS, "lmmse")):
        channel = {"kind": "frequency_response", "path": data / "csi" / f"{name}.h5"}
        named[f"{name}_{method}"] = {
            "channel": channel, "num_tx_ant": antennas, "interpolation": method, **WIFI
        }  # fmt: skip
    return named


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="file for the figures; those in it stay")
    parser.add_argument("--only", default="", help="links whose names contain this")
    arguments = parser.parse_args()
    links: dict[str, Any] = {}
    if arguments.json is not None and arguments.json.is_file():
        links = json.loads(arguments.json.read_text())["links"]
    for name, settings in cases(Path(os.environ["SIONNA_SEMCOM_DATA"])).items():
        if arguments.only not in name or name in links:
            continue
        links[name] = figures(**settings)
        print(name, json.dumps(links[name]), flush=True)
        if arguments.json is not None:
            result = {"largest_deviation": largest_deviations(links), "links": links}
            with atomic_path(arguments.json) as path:
                path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
