# SPDX-License-Identifier: Apache-2.0
"""Ridge regression on the official folds of CMU-MOSI, without a channel.

    python benchmarks/mosi_official_ridge.py mosi_official.h5 \
        --json docs/results/mosi_official_ridge.json

The file is that of ``docs/examples/mosi_official_folds.py``. A sample is the mean of the GloVe
vectors of its words, alone or beside the mean features of the voice. All features are standardized
on the training fold. The strength of the penalty is the one with the lowest mean absolute error on
the validation fold.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from mosi_scores_selection import errors
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from sionna_semcom.datasets import MultimodalFeatures

STRENGTHS = 10.0 ** np.arange(-4, 6.5, 0.5)
CHOICES = {"words": ("text",), "words and voice": ("text", "audio")}


def means(split: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """Mean features [num_samples, dim] of the modalities ``names``."""
    columns = []
    for name in names:
        values = split[name]
        if values.ndim == 3:  # frames after the last word are zero
            values = values.sum(1) / np.maximum(split[f"{name}_length"], 1)[:, np.newaxis]
        columns.append(values)
    return np.concatenate(columns, 1)


def accuracies(label: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Shares of right signs, and of right rounded scores."""
    right = (scores >= 0) == (label >= 0)
    nonzero = label != 0
    signs = (scores > 0) == (label > 0)
    rounded = np.round(np.clip(scores, -3, 3)) == np.round(np.clip(label, -3, 3))
    return {
        "acc2": float(right.mean()),
        "acc2_nonzero": float(signs[nonzero].mean()),
        "acc7": float(rounded.mean()),
    }


def main() -> None:
    """Fit and measure all choices of modalities."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    data = MultimodalFeatures.load(options.file, label="regression")
    splits = {name: data.arrays(name) for name in ("train", "validation", "test")}
    found = {}
    for title, names in CHOICES.items():
        x = {key: means(split, names) for key, split in splits.items()}
        scaler = StandardScaler().fit(x["train"])
        x = {key: scaler.transform(values) for key, values in x.items()}
        models = [Ridge(a).fit(x["train"], splits["train"]["label"]) for a in STRENGTHS]
        on_validation = [
            errors(splits["validation"]["label"], model.predict(x["validation"]))["mae"]
            for model in models
        ]
        best = models[int(np.argmin(on_validation))]
        label, scores = splits["test"]["label"], best.predict(x["test"])
        found[f"ridge regression on {title}"] = {
            "alpha": float(best.alpha),
            **errors(label, scores),
            **accuracies(label, scores),
        }
    options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
