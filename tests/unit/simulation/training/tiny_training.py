# SPDX-License-Identifier: Apache-2.0
"""Settings of trainings that take one second."""

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


def interrupt(wanted, data, folder):
    """Train for one epoch, which leaves a checkpoint."""
    save = checkpoint_file.save_weights

    def save_and_die(system, path, attributes):
        save(system, path, attributes)
        if attributes.get("epoch") == 1:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "save_weights", save_and_die)
        with pytest.raises(KeyboardInterrupt):
            ModelStore(work_dir=folder).obtain("model", wanted, data, 0)
    assert (folder / CHECKPOINT).exists()
