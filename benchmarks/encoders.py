# SPDX-License-Identifier: Apache-2.0
"""Accuracy of the networks whose latents are aligned, each with its own head.

    python benchmarks/encoders.py --json docs/results/encoders.json

Reads the weights in models/, and the images of CIFAR-10 (folder in SIONNA_SEMCOM_DATA) and of the
built-in digits.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from sionna_semcom.datasets import CIFAR10, Digits
from sionna_semcom.simulation import ModelStore
from sionna_semcom.simulation.studies.network_latents import (
    CIFAR10UserLatents,
    DigitsUserLatents,
)

MODELS = ModelStore([Path(__file__).parents[1] / "models"])


def accuracy(model: tf.keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of ``images`` whose class the head reads."""
    call = tf.function(lambda batch: model({"image": batch}), reduce_retracing=True)
    parts = np.array_split(images, -(-len(images) // 500))
    decided = np.concatenate([np.argmax(call(part), -1) for part in parts])
    return float(np.mean(decided == labels))


def main() -> None:
    """Print accuracies, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cifar10, digits = CIFAR10UserLatents(), DigitsUserLatents()
    found: dict[str, dict[str, float]] = {}
    for name, settings, data in (
        ("cifar10", cifar10, CIFAR10(cifar10.folder())),
        ("digits", digits, Digits()),
    ):
        for end, network in {"transmitter": settings.station, **settings.users}.items():
            model = MODELS.obtain(f"{name}_{end}", network, data, 0)
            found[f"{name}_{end}"] = {
                split: accuracy(model, *data.images(split)) for split in ("validation", "test")
            }
            print(f"{name}_{end}: {found[f'{name}_{end}']}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
