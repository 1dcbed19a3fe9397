# SPDX-License-Identifier: Apache-2.0
"""Write the page of Sionna's tutorials: ``python docs/make_tutorials.py``.

The difference from ``examples/tutorials/<name>.py`` to ``<name>_latents.py`` is between ``<!-- diff
<name> -->`` and ``<!-- end -->``. The table comes from ``results/tutorials.json``. The option
``--measure`` repeats its measurements, for all chains or for the named chains.
"""

from __future__ import annotations

import difflib
import importlib
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
EXAMPLES = DOCS / "examples" / "tutorials"
NAMES = ("mimo_ofdm", "mimo_ofdm_time", "multi_user", "pusch", "cir_dataset", "neural_receiver")
SNRS_DB = (10, 20)
ROUNDS, SLOTS, CALIBRATION_SLOTS = 8, 16, 64
_MARKED = re.compile(r"(<!-- (diff|errors)(?: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def difference(name: str) -> list[str]:
    """Unified difference of the two scripts, two lines of context around each change."""
    files = [EXAMPLES / f"{name}.py", EXAMPLES / f"{name}_latents.py"]
    lines = [file.read_text(encoding="utf-8").splitlines() for file in files]
    return list(difflib.unified_diff(*lines, *(f.name for f in files), n=2, lineterm=""))


def changed(name: str) -> list[str]:
    """Lines that are added or removed, empty ones aside."""
    return [one for one in difference(name)[2:] if one[0] in "+-" and one[1:].strip()]


def fill(page: str) -> str:
    """Text of the page with updated differences and an updated table."""
    return _MARKED.sub(lambda found: f"{found[1]}{_content(found[2], found[3])}{found[4]}", page)


def _content(kind: str, name: str) -> str:
    if kind == "errors":
        return _table(json.loads((DOCS / "results" / "tutorials.json").read_text()))
    count, lines = len(changed(name)), "\n".join(line.rstrip() for line in difference(name))
    return f"\n```diff\n{lines}\n```\n\n{count} lines change.\n\n"


def _table(measured: dict[str, Any]) -> str:
    head = "| chain | channel knowledge | " + " | ".join(f"{snr} dB" for snr in SNRS_DB) + " |\n"
    rows = [
        f"| `{name}` | {knowledge} | " + " | ".join(f"{low:.2f} to {high:.2f}" for low, high in row)
        for name, of in measured.items()
        for knowledge, row in of.items()
    ]
    return f"\n{head}|---|---|{'---|' * len(SNRS_DB)}\n" + " |\n".join(rows) + " |\n\n"


def measure(names: list[str], file: Path) -> None:
    """Write error over ``no_eff`` of chains in ``file``: intervals of 95 % over rounds of slots."""
    sys.path.insert(0, str(EXAMPLES))
    from sionna_semcom.link import ChainLink

    found = json.loads(file.read_text()) if file.exists() else {}
    for name in names:
        module = importlib.import_module(f"{name}_latents")
        with tempfile.TemporaryDirectory() as folder:
            place = [f"{folder}/responses.h5"] if name == "cir_dataset" else []
            for path in place:
                module.write_responses(path)
            found[name] = {"perfect": _ratios(module.Uplink(*place, perfect_csi=True).link)}
            uplink = module.Uplink(*place)
            found[name]["least squares"] = _ratios(uplink.link)
            bound = uplink.link.settings.num_slots
            options = {"calibration_slots": CALIBRATION_SLOTS, "num_slots": bound}
            calibrated = ChainLink(uplink.send, uplink.grid, **options)
            found[name]["least squares, calibrated"] = _ratios(calibrated)
        ordered = {one: found[one] for one in NAMES if one in found}
        file.write_text(json.dumps(ordered, indent=1) + "\n")


def _ratios(link: Any) -> list[tuple[float, float]]:
    import tensorflow as tf
    from scipy import stats

    run = tf.function(link, autograph=False)
    ends = []
    for snr_db in SNRS_DB:
        no = tf.constant(10.0 ** (-snr_db / 10.0))
        rounds = [_round(link, run, no) for _ in range(ROUNDS)]
        errors, reported = map(sum, zip(*rounds, strict=True))
        ratio = errors / reported
        residuals = [error - ratio * noise for error, noise in rounds]
        spread = stats.t.isf(0.025, ROUNDS - 1) * ROUNDS**0.5 * stats.tstd(residuals) / reported
        ends.append((float(ratio - spread), float(ratio + spread)))
    return ends


def _round(link: Any, run: Any, no: Any) -> tuple[float, float]:
    import numpy as np
    from sionna.phy.utils import complex_normal

    grid, length = link.resource_grid, 48
    slots = link.settings.num_slots or SLOTS
    batch = slots * grid.num_streams_per_tx * int(grid.num_data_symbols) // length
    users = [grid.num_tx] if grid.num_tx > 1 else []
    symbols = complex_normal([batch, *users, length])
    symbols_hat, no_eff = run(symbols, no)
    return float(np.mean(np.abs(symbols_hat - symbols) ** 2)), float(np.mean(no_eff))


if __name__ == "__main__":
    if "--measure" in sys.argv:
        trained_first = NAMES[-1]  # a network has to learn before it can be measured
        names = sys.argv[2:] or [name for name in NAMES if name != trained_first]
        measure(names, DOCS / "results" / "tutorials.json")
    page = DOCS / "howto" / "sionna_tutorials.md"
    page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")
