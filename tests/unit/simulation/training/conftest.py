# SPDX-License-Identifier: Apache-2.0
"""Data and trained models that several tests read. Tracing a training takes seconds."""

import pytest

from sionna_semcom.datasets import Digits
from sionna_semcom.simulation.training.store import ModelStore

from .tiny_training import interrupt, settings


@pytest.fixture(scope="session")
def digits():
    return Digits(modalities=("image", "text"))


@pytest.fixture(scope="session")
def models(digits, tmp_path_factory):
    """Folder with the trained ``model`` of seed 0, which tests copy to change it."""
    folder = tmp_path_factory.mktemp("models")
    ModelStore(work_dir=folder).obtain("model", settings(), digits, 0)
    return folder


@pytest.fixture(scope="session")
def interrupted(digits, tmp_path_factory):
    """Folder with a checkpoint of ``model`` after the first epoch."""
    folder = tmp_path_factory.mktemp("interrupted")
    interrupt(settings(), digits, folder)
    return folder
