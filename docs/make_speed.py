# SPDX-License-Identifier: Apache-2.0
"""Write docs/results/speed.md from the results of the benchmarks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"

TITLES = {
    "study": "`sionna-semcom run link_sims/centroid.yaml`, imports counted: CPU seconds",
    "training": "A training step of `CentroidSystem` over `OFDMLink`: CPU seconds",
    "subcarriers": "A step over four slots, 2 x 4 antennas, by subcarriers: CPU seconds",
    "antennas": "A step over four slots, 72 subcarriers, by antennas: CPU seconds",
    "latents": "A call of `OFDMLink`, by latents of eight symbols: CPU seconds",
    "memory": "Memory with a link of 1,200 subcarriers, four slots, 2 x 4 antennas: MB",
    "monte_carlo": "Monte Carlo, slots a CPU second: this package, and a bare chain of Sionna",
}
COMPARISONS = {
    "ofdm_step": "Training step over the chain written out from Sionna's blocks",
    "packing": "Latents a second with many in a slot over one in a slot",
    "alignment": "Time of ADMM over that of closed forms",
    "class_attention": "Time of other attention over that of class attention",
}


def page(found: Mapping[str, Any]) -> str:
    """The page in Markdown."""
    lines = [
        "# Speed",
        "",
        f"Written by `make bench`: commit `{found['base']}` and this version, in turns on one",
        f"machine with {found['cores']} CPU cores. A ratio below one is less time, or less memory.",
        "",
    ]
    for name, title in TITLES.items():
        rows = [row for row in found["rows"] if row["benchmark"] == name]
        if rows:
            lines += [f"## {title}", "", "| figure | before | now | ratio | target |"]
            lines += ["| --- | --- | --- | --- | --- |", *map(_row, rows), ""]
    lines += ["## Against other methods, in this version", "", "| benchmark | ratio |"]
    lines += ["| --- | --- |"]
    lines += [
        f"| {COMPARISONS[row['benchmark']]}: {row['figure'].replace('_', ' ')} "
        f"| {row['ratio']:.2f} |"
        for row in found["rows"]
        if row["benchmark"] in COMPARISONS
    ]
    return "\n".join(lines) + "\n"


def scheduling(found: Mapping[str, Any]) -> str:
    """The section on workers."""
    speedup = found["speedup"]
    same = "the same file" if speedup["same_file"] else "another file"
    lines = [
        "",
        "## Many workers",
        "",
        "Written by `python benchmarks/scheduling.py --json docs/results/scheduling.json`.",
        "",
        f"- A point costs {found['ms_per_point']:.1f} ms beyond its own time, over "
        f"{found['points']:,} points that do nothing, on two workers (target: at most 20 ms).",
        f"- `sionna-semcom run centroid` with {speedup['batches']} batches a point takes "
        f"{speedup['one_worker']:.0f} s on one worker of one thread and "
        f"{speedup['two_workers']:.0f} s on two, with all that starts and ends: "
        f"{speedup['speedup']:.2f} times as fast, with {same} (target: at least 1.8, "
        f"{'met' if speedup['speedup'] >= 1.8 else 'missed'}).",
        "",
        f"Growth: a process simulates up to 100 workers, with {found['points_each']} points of "
        f"{found['sleep']:g} seconds each.",
        "The efficiency is the time that the points sleep over the time that passes. Scheduler and",
        "workers share the CPU cores of one machine, which limit the points a second with most",
        "workers.",
        "",
        "| workers | points | seconds | efficiency | points a second |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['workers']} | {row['points']} | {row['seconds']:.1f} | {row['efficiency']:.2f} "
        f"| {row['points_per_second']:.1f} |"
        for row in found["growth"]
    ]
    return "\n".join(lines) + "\n"


def suite(found: Mapping[str, Any]) -> str:
    """The section on the tests."""
    before, now = found["before"], found["now"]
    lines = [
        "",
        "## Tests",
        "",
        "Written by `python benchmarks/suite.py`, which counts tests and runs none.",
        "",
        f"There are {now:,} tests instead of {before:,} of commit `{found['base']}`, "
        f"{now / before:.1f} times as many.",
    ]
    return "\n".join(lines) + "\n"


def calls(found: Mapping[str, Any]) -> str:
    """The section on small batches."""
    together = found["together"]
    lines = [
        "",
        "## Small batches",
        "",
        "Written by `python benchmarks/calls.py --json docs/results/calls.json`: CPU milliseconds",
        "that a batch takes through the system of the study `centroid` and its link, in a call of",
        f"its own, or {together} of them in one graph. A ratio below one saves time.",
        "",
        f"| batch size | one a call | {together} a call | ratio |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['batch_size']} | {row['alone']:.2f} | {row['together']:.2f} | {row['ratio']:.2f} |"
        for row in found["rows"]
    ]
    return "\n".join(lines) + "\n"


def _row(row: Mapping[str, Any]) -> str:
    target = "" if row["target"] is None else f"at most {row['target']:g}"
    values = f"{row['before']:.4g} | {row['now']:.4g} | {row['ratio']:.2f}"
    return f"| {row['figure'].replace('_', ' ')} | {values} | {target} |"


def main() -> None:
    """Write the page."""
    found = json.loads((FOLDER / "speed.json").read_text(encoding="utf-8"))
    text = page(found)
    for name, section in (("calls", calls), ("scheduling", scheduling), ("suite", suite)):
        if (path := FOLDER / f"{name}.json").exists():
            text += section(json.loads(path.read_text(encoding="utf-8")))
    (FOLDER / "speed.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
