# SPDX-License-Identifier: Apache-2.0
"""Settings of trainings that take one second."""

import shutil

import numpy as np
import pytest

from sionna_semcom.simulation.training import checkpoint as checkpoint_file
from sionna_semcom.simulation.training import loop
from sionna_semcom.simulation.training.settings import ModelSettings
from sionna_semcom.simulation.training.store import ModelStore

SHORT = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 10, "warmup_steps": 2}
AWGN = {"kind": "awgn"}
CHECKPOINT = "model/seed0.checkpoint.weights.h5"
FADING = {"kind": "flat_fading", "num_tx_ant": 1, "num_rx_ant": 2}


def settings(link=AWGN, snr_db=(0.0, 25.0), training=SHORT, **system):
    system = {"kind": "centroid", "latent_dim": 4, **system}
    return ModelSettings.model_validate(
        {"system": system, "link": link, "snr_db": snr_db, "training": training}
    )


def same(first, second):
    return all(
        np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True)
    )


def train(wanted, data, folder):
    """Train ``model`` in ``folder / "whole"``, and keep its first checkpoint in ``"begun"``."""
    save, kept = checkpoint_file.save_weights, folder / "begun" / CHECKPOINT

    def save_and_keep(system, path, attributes):
        save(system, path, attributes)
        if attributes["epoch"] == 1:
            kept.parent.mkdir(parents=True)
            shutil.copy(path, kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "save_weights", save_and_keep)
        trained = ModelStore(work_dir=folder / "whole").obtain("model", wanted, data, 0)
    assert kept.exists()
    return trained
