# SPDX-License-Identifier: Apache-2.0
"""Data and trained models that several tests read. Tracing a training takes seconds."""

import pytest

from sionna_semcom.datasets import Digits

from .tiny_training import settings, train


@pytest.fixture(scope="session")
def digits():
    return Digits(modalities=("image", "text"))


@pytest.fixture(scope="session")
def tiny_models(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    train(settings(), digits, folder)
    return folder


@pytest.fixture(scope="session")
def models(tiny_models):
    """Folder with the trained ``model`` of seed 0, which tests copy to change it."""
    return tiny_models / "whole"


@pytest.fixture(scope="session")
def begun(tiny_models):
    """Folder with the checkpoint of ``model`` after the first epoch."""
    return tiny_models / "begun"
