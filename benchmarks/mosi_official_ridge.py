# SPDX-License-Identifier: Apache-2.0
"""Ridge regression on the official folds of CMU-MOSI, without a channel.

    python benchmarks/mosi_official_ridge.py mosi_official.h5 \
        --json docs/results/mosi_official_ridge.json

The file is that of ``docs/examples/mosi_official_folds.py``. A sample is the mean of the GloVe
vectors of its words, alone or beside the features of the voice, standardized and limited to five
standard deviations. The strength of the penalty is selected by leave-one-out predictions.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from sionna_semcom.datasets import MultimodalFeatures
from sionna_semcom.metrics import linear_score_probe
from sionna_semcom.semantics import Task
from sionna_semcom.systems.decision.vectors import as_vectors

CHOICES = {"words": ("text",), "words and voice": ("text", "audio")}
LARGEST = 5.0  # standard deviations


def measured(data: MultimodalFeatures, names: tuple[str, ...]) -> dict[str, float]:
    """Errors on the test fold with the modalities ``names``."""
    splits = {key: data.arrays(key) for key in ("train", "test")}
    shapes = {name: data.shapes[name] for name in names}
    x = {key: as_vectors(split, shapes).numpy() for key, split in splits.items()}
    mean, deviation = x["train"].mean(0), x["train"].std(0)
    pairs = [
        (np.clip((x[key] - mean) / deviation, -LARGEST, LARGEST), split["label"])
        for key, split in splits.items()
    ]
    task, label = Task(0), splits["test"]["label"]
    outputs = task.outputs_of(np.float32(linear_score_probe(*pairs)))
    found = {key: np.mean(values, 0) for key, values in task.measure(label, outputs).items()}
    return {
        key: float(task.aggregates[key](values) if key in task.aggregates else values)
        for key, values in found.items()
    }


def main() -> None:
    """Measure all choices of modalities."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    data = MultimodalFeatures.load(options.file, label="regression")
    found = {
        f"ridge regression, {title}": measured(data, names) for title, names in CHOICES.items()
    }
    options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
