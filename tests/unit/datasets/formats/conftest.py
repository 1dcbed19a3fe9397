# SPDX-License-Identifier: Apache-2.0
"""Fixtures that read pickles."""

# mypy: disable-error-code="attr-defined"
from __future__ import annotations

import pickle

import pytest

from sionna_semcom.datasets import read_pickle


@pytest.fixture
def read(tmp_path):
    """Reads an object or the bytes of a pickle."""

    def read_back(content, protocol=4, **options):
        raw = content if isinstance(content, bytes) else pickle.dumps(content, protocol)
        path = tmp_path / "data.pkl"
        path.write_bytes(raw)
        return read_pickle(path, **options)

    return read_back
