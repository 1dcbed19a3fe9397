# SPDX-License-Identifier: Apache-2.0
"""Can training videos of CMU-MOSI choose settings? Held-out training videos against test videos.

    python benchmarks/mosi_generalization.py --json docs/results/mosi_generalization.json

Accuracy of a logistic regression on the features of each modality: mean over four folds of the
training videos, and on the test videos. The data are in SIONNA_SEMCOM_DATA.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score

from sionna_semcom.datasets.features.settings import MOSIData
from sionna_semcom.datasets.features.split import video_of


def main() -> None:
    """Print accuracies, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    data = MOSIData(kind="mosi").load()
    train, test = data.arrays("train"), data.arrays("test")
    videos = [video_of(name) for name in data.splits["train"].id]
    names = list(data.shapes)
    found: dict[str, dict[str, float]] = {}
    for label, chosen in (*((name, [name]) for name in names), ("all", names)):
        x, x_test = (np.concatenate([a[name] for name in chosen], 1) for a in (train, test))
        model = LogisticRegression(C=1e-2, max_iter=2000)
        folds = cross_val_score(model, x, train["label"], groups=videos, cv=GroupKFold(4))
        accuracy = model.fit(x, train["label"]).score(x_test, test["label"])
        found[label] = {"held_out": float(np.mean(folds)), "test": float(accuracy)}
        print(f"{label}: {found[label]}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
