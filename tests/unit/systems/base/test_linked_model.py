# SPDX-License-Identifier: Apache-2.0
from typing import Literal

import keras
import pytest
import tensorflow as tf
from pydantic import Field

from sionna_semcom.link import AWGNLink
from sionna_semcom.metrics import MetricSettings
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


class Scaled(MetricSettings):
    """Error with several scales."""

    kind: Literal["scaled"] = "scaled"
    scales: list[float] = Field(default_factory=lambda: [1.0])
    weights: dict[str, float] = Field(default_factory=dict)


def test_settings_of_further_metrics_may_be_lists_and_dictionaries():
    system = CentroidSystem(modalities({"text": (10,)}, 4), link=AWGNLink())
    system.further_metrics = (Scaled(),)
    one = system.structure
    system.further_metrics = (Scaled(scales=[2.0]),)
    assert len({one, system.structure}) == 2


def test_the_summary_needs_no_label():
    system = CentroidSystem(modalities({"text": (10,)}, 4), link=AWGNLink())
    assert system.summary([{"text": tf.one_hot([1, 2, 3], 10)}])["channel_uses"] == 2
