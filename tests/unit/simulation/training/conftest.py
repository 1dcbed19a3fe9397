# SPDX-License-Identifier: Apache-2.0
import pytest

from sionna_semcom.datasets import Digits


@pytest.fixture(scope="module")
def digits():
    return Digits()
