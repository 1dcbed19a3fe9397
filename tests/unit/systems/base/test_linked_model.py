# SPDX-License-Identifier: Apache-2.0
import keras
import pytest

from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import modalities
from sionna_semcom.systems import CentroidSystem


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16", "bfloat16", "float64"])
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def test_other_precisions_than_single_are_refused(policy):
    encoders = modalities({"text": (10,)}, 4)
    with pytest.raises(ValueError, match=f"in single precision.* Received: {policy}"):
        CentroidSystem(encoders, link=AWGNLink())
