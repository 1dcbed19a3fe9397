# SPDX-License-Identifier: Apache-2.0
"""CDL-C as impulse responses of a file, and as Sionna's model, against the link's own CDL-C.

2 x 4 antennas, 14 x 72 resource elements, LS estimates. For each source

- ``error_db``: mean squared error of symbols [dB], with the 95 % interval of slots (the file's
  channels are a sample as well, which is counted twice), and the difference from CDL-C;
- ``over_drawn``: CPU seconds of a call with eight slots and its gradient in a graph, over those of
  CDL-C, in turns so that load on the machine hits all alike; the median over rounds of the ratio.
  For ``tdl_model``, Sionna's TDL-C given in Python over the link's own TDL-C.

    python benchmarks/own_channels.py [--json own_channels.json]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from measure import step
from sionna.phy.utils import complex_normal

from sionna_semcom._files import atomic_path
from sionna_semcom._seeding import set_seed
from sionna_semcom.channel.slots.channel import channel_model
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.channel.sources.realizations import realizations, write_realizations
from sionna_semcom.link import OFDMLink

REALIZATIONS, SLOTS, AT_ONCE, SNRS_DB = 2048, 1024, 8, (0, 10, 20, 30)


def given_in_python(drawn: OFDMLink) -> OFDMLink:
    """A link over Sionna's model of the channel of ``drawn``."""
    return OFDMLink(channel=channel_model(drawn.settings))


def links(folder: Path) -> dict[str, OFDMLink]:
    """Links over the same channel, from three sources."""
    drawn = OFDMLink(model="CDL-C")
    grid, path = resource_grid(drawn.settings), folder / "cdl_c.h5"
    found = realizations(drawn.settings, grid, REALIZATIONS)
    write_realizations(path, found, 1.0 / float(grid.ofdm_symbol_duration))
    return {
        "drawn": drawn,
        "file": OFDMLink(channel={"kind": "cir", "path": path}),
        "model": given_in_python(drawn),
    }


def errors(link: OFDMLink, snr_db: float) -> np.ndarray:
    """Mean squared error of the symbols of each slot."""
    run, found = tf.function(link, autograph=False), []
    for _ in range(SLOTS // 64):
        symbols = complex_normal([64, link._capacity])
        symbols_hat, _ = run(symbols, tf.constant(10 ** (-snr_db / 10)))
        found.append(np.mean(np.abs(symbols_hat - symbols) ** 2, axis=1))
    return np.concatenate(found)


def error_figures(compared: dict[str, OFDMLink]) -> dict[str, Any]:
    """Errors [dB] with their intervals, and differences from CDL-C that is drawn."""
    figures: dict[str, Any] = {name: {"error_db": {}} for name in compared}
    for snr_db in SNRS_DB:
        first = None
        for name, link in compared.items():
            slots = errors(link, snr_db)
            samples = SLOTS if name != "file" else 1.0 / (1.0 / SLOTS + 1.0 / REALIZATIONS)
            relative = np.std(slots) / np.mean(slots) / samples**0.5
            level = float(10.0 * np.log10(np.mean(slots)))
            width = float(19.6 / np.log(10.0) * relative)
            first = first or (level, width)
            figures[name]["error_db"][f"{snr_db}_dB"] = {
                "mean": level,
                "half_width": width,
                "less_drawn": level - first[0],
                "less_drawn_half_width": float(np.hypot(width, first[1])),
            }
    return figures


def times_over_drawn(compared: dict[str, OFDMLink], rounds: int) -> dict[str, float]:
    """CPU seconds of a call and its gradient over those of CDL-C that is drawn."""
    steps = {name: step(link, AT_ONCE) for name, link in compared.items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 2):  # the first builds graphs, the second warms up
        for name, run in steps.items():
            start = time.process_time()
            run()
            if number > 1:
                times[name].append(time.process_time() - start)
    drawn = np.array(times["drawn"])
    return {name: float(np.median(np.array(one) / drawn)) for name, one in times.items()}


def main() -> None:
    """Measure, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=61, help="timed runs of each")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    set_seed("benchmarks", "own_channels")
    with tempfile.TemporaryDirectory() as folder:
        compared = links(Path(folder))
    result = error_figures(compared)
    for name, ratio in times_over_drawn(compared, options.rounds).items():
        result[name]["over_drawn"] = ratio
    tdl = OFDMLink(model="TDL-C")
    ratios = times_over_drawn({"drawn": tdl, "model": given_in_python(tdl)}, options.rounds)
    result["tdl_model"] = {"over_drawn": ratios["model"]}
    print(json.dumps(result, indent=2))
    if options.json:
        with atomic_path(options.json) as path:
            path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
