# SPDX-License-Identifier: Apache-2.0
"""Write the tables of docs/results.md from the result files in docs/results/.

A table stands between two comments, the first of which says what it shows::

    <!-- table RESULT.h5 [snr=0,10,20] METRIC... -->
    <!-- end -->

Metrics that start with ``summary:`` do not depend on the SNR. Run it again after a study:
``python docs/make_results.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sionna_semcom.simulation import Result
from sionna_semcom.simulation.labels import format_estimate, format_snr

FOLDER = Path(__file__).parent
TABLE = re.compile(r"(<!-- table (?P<request>.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(request: str) -> str:
    """Markdown table of what ``request`` asks for: a row a curve, a column a metric and SNR."""
    file, *words = request.split()
    result = Result.load(FOLDER / "results" / file)
    options = dict(word.split("=") for word in words if "=" in word)
    names = [word for word in words if "=" not in word]
    first = next(iter(result.curves.values()))
    wanted = options.get("snr")
    snrs = [float(snr) for snr in wanted.split(",")] if wanted else list(first.snr_db)
    columns = [
        (name, snr)
        for name in names
        for snr in ([None] if name.startswith("summary:") else snrs)
    ]
    heads = [_head(name, snr, len(snrs) > 1) for name, snr in columns]
    rows = [
        [label, *(_cell(curve, name, snr) for name, snr in columns)]
        for label, curve in result.curves.items()
    ]
    lines = [["curve", *heads], ["---"] * (len(columns) + 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _head(name: str, snr: float | None, several: bool) -> str:
    title = name.removeprefix("summary:").replace("recall_at_1/", "R@1 ").replace("_", " ")
    return f"{title}, {format_snr(snr)}" if snr is not None and several else title


def _cell(curve, name: str, snr: float | None) -> str:
    if snr is None:
        value = curve.summary.get(name.removeprefix("summary:"))
        return "" if value is None else f"{value:.4g}"
    if name not in curve.metrics:
        return ""
    index = int(np.flatnonzero(curve.snr_db == snr)[0])
    return format_estimate(curve.metrics[name][index])


def fill(text: str) -> str:
    """The page with every table written anew."""
    return TABLE.sub(lambda match: match[1] + table(match["request"]) + match[3], text)


if __name__ == "__main__":
    page = FOLDER / "results.md"
    page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")
