# SPDX-License-Identifier: Apache-2.0
"""Seconds that training on CMU-MOSI takes, tracing included: ours, then T-DeepSC.

    python benchmarks/vib_training.py --json docs/results/vib_training.json

Models and their training are those of link_sims/vib_mosi.yaml; the data are in SIONNA_SEMCOM_DATA.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from sionna_semcom.simulation import load_study, train

STUDY = Path(__file__).parents[1] / "link_sims" / "vib_mosi.yaml"


def main() -> None:
    """Train, print and keep the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    study = load_study(STUDY)
    data = study.load_data()
    found: dict[str, dict[str, float]] = {}
    for name in ("vib_mosi", "t_deepsc_mosi"):
        model = study.models[name]
        system = model.build(data)
        start, cpu = time.perf_counter(), time.process_time()
        train(system, data, model.training, seed=0)
        found[name] = {"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu}
        print(f"{name}: {found[name]['wall']:.1f} s, {found[name]['cpu']:.1f} s of CPU")
    if options.json:
        document = {"seconds": {name: times["wall"] for name, times in found.items()}}
        document["cpu_seconds"] = {name: times["cpu"] for name, times in found.items()}
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
