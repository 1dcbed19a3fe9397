# SPDX-License-Identifier: Apache-2.0
"""All timed benchmarks in one table of ratios, against an earlier version and against Sionna.

    python benchmarks/run.py [--base 6e39b9b] [--json docs/results/speed.json]

The earlier version is checked out into a temporary folder. Processes of both versions alternate, so
that other load affects both equally. Their CPU times are compared, which depend least on other
load. The benchmarks that compare methods or Sionna itself run once.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sionna_semcom._files import write_bytes

ROOT = Path(__file__).parents[1]
BASE = "6e39b9b"

MEASUREMENTS = {  # rounds of each, and how often its process runs
    "training": (7, 2),
    "subcarriers": (3, 1),
    "antennas": (3, 1),
    "latents": (7, 1),
    "memory": (2, 1),
    "monte_carlo": (3, 1),
}
HIGHER_IS_BETTER = {"monte_carlo"}
TARGETS = {"study": 0.5, "first_step": 0.5, "later_step": 0.8, "peak": 0.5}
COMPARISONS: dict[str, list[str]] = {
    "ofdm_step": ["--rounds", "7"],
    "packing": ["--rounds", "3", "--calls", "3"],
    "alignment": ["--channels", "200", "--repeats", "3"],
    "class_attention": ["--rounds", "15"],
}


def run(command: list[str], tree: Path) -> tuple[str, float]:
    """Output and CPU seconds of a command with the package in ``tree``."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "TF_CPP_MIN_LOG_LEVEL": "3"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode and not done.stdout:
        raise SystemExit(f"{' '.join(command)} failed in {tree}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, cpu


def measured(name: str, tree: Path) -> dict[str, float]:
    """Figures of a measurement with the package in ``tree``."""
    if name == "study":
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, "-m", "sionna_semcom", "run", "link_sims/centroid.yaml"]
            return {"study": run([*command, "--out", out], tree)[1]}
    rounds, _ = MEASUREMENTS[name]
    script = ROOT / "benchmarks" / "measure.py"
    command = [sys.executable, str(script), name, "--rounds", str(rounds)]
    return dict(json.loads(run(command, tree)[0].splitlines()[-1]))


def least(runs: list[dict[str, float]]) -> dict[str, float]:
    """Least of each figure: what other processes add is never negative."""
    return {key: min(one[key] for one in runs) for key in runs[0]}


def compared(name: str, base: Path) -> list[dict[str, Any]]:
    """A row for each figure of a measurement, of the earlier version and of this one."""
    repeats = MEASUREMENTS[name][1] if name in MEASUREMENTS else 2
    runs: dict[Path, list[dict[str, float]]] = {base: [], ROOT: []}
    for _ in range(repeats):
        for tree, found in runs.items():
            found.append(measured(name, tree))
    before, now = least(runs[base]), least(runs[ROOT])
    rows = []
    for key in now:
        ratio = before[key] / now[key] if name in HIGHER_IS_BETTER else now[key] / before[key]
        row = {"benchmark": name, "figure": key, "before": before[key], "now": now[key]}
        rows.append(row | {"ratio": ratio, "target": TARGETS.get(key)})
    return rows


def comparison(name: str, options: list[str]) -> list[dict[str, Any]]:
    """Rows of the ratios that a benchmark of its own prints."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.json"
        command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), *options]
        run([*command, "--json", str(path)], ROOT)
        found = json.loads(path.read_text(encoding="utf-8"))
    if name == "ofdm_step":
        ratios = {key: found[key] for key in ("tuned", "tutorial")}
    else:
        ratios = found["ratio"] if isinstance(found["ratio"], dict) else {"ratio": found["ratio"]}
    return [{"benchmark": name, "figure": key, "ratio": value} for key, value in ratios.items()]


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A temporary folder with the files of ``commit``."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE, check=True
        )
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def main() -> None:
    """Run all, show and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default=BASE, help="commit to compare with")
    parser.add_argument("--json", type=Path, default=ROOT / "docs" / "results" / "speed.json")
    options = parser.parse_args()
    start, rows = time.perf_counter(), []
    with checked_out(options.base) as base:
        for name in ("study", *MEASUREMENTS):
            rows += show(compared(name, base))
    for name, arguments in COMPARISONS.items():
        rows += show(comparison(name, arguments))
    document = {"base": options.base, "cores": os.cpu_count(), "rows": rows}
    write_bytes(options.json, (json.dumps(document, indent=1) + "\n").encode())
    print(f"{time.perf_counter() - start:.0f} s")


def show(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Print ``rows`` and give them back."""
    for row in rows:
        sides = [f"{row[side]:10.4g}" for side in ("before", "now") if side in row]
        print(
            f"{row['benchmark']:>16} {row['figure']:>14} {row['ratio']:8.3f} ", *sides, flush=True
        )
    return rows


if __name__ == "__main__":
    main()
