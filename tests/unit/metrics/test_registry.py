# SPDX-License-Identifier: Apache-2.0
"""Metrics of reconstructions: those of systems, and additional metrics of a study."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom import metrics
from sionna_semcom.link import AWGNLink
from sionna_semcom.metrics import METRICS, MetricSettings, default_metrics
from sionna_semcom.simulation import Study
from sionna_semcom.systems import CentroidSystem, TwoStageVIBSettings


class MaxError(MetricSettings):
    """Largest absolute error."""

    modalities = ("image", "audio")
    kind: Literal["max_error"] = "max_error"

    def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
        return tf.reduce_max(tf.abs(x - x_hat), axis=list(range(1, x.shape.rank)))


STUDY = {
    "name": "s",
    "models": {"m": {"system": {"kind": "centroid"}}},
    "links": {"awgn": {"kind": "awgn"}},
    "curves": [{"label": "c", "model": "m", "link": "awgn"}],
}


def test_default_metrics_are_those_of_the_modality():
    assert list(default_metrics("image")) == ["mse", "psnr", "ssim"]
    assert list(default_metrics("audio")) == ["mae"]
    assert list(default_metrics("text")) == ["accuracy"]


def test_a_metric_is_the_function_of_its_name():
    x = tf.random.uniform([3, 12, 12, 1])
    x_hat = tf.clip_by_value(x + 0.1, 0.0, 1.0)
    np.testing.assert_array_equal(METRICS["mse"]()(x, x_hat), metrics.mse(x, x_hat))
    louder = METRICS["psnr"](max_val=2.0)(x, x_hat)
    np.testing.assert_allclose(louder, metrics.psnr(x, x_hat) + 20 * np.log10(2), rtol=1e-5)


def test_centroid_systems_measure_further_metrics_of_the_modalities_that_they_have():
    system = CentroidSystem({"image": (8, 8, 1), "text": (10,)}, link=AWGNLink(), latent_dim=4)
    batch = {"image": tf.random.uniform([5, 8, 8, 1]), "text": tf.one_hot([1, 2, 3, 4, 5], 10)}
    usual = set(system.measure(batch, np.inf))
    system.further_metrics = (MaxError(),)
    measured = system.measure(batch, np.inf)
    assert set(measured) == {*usual, "image_max_error"}  # there is no audio
    expected = MaxError()(batch["image"], system(batch, snr_db=np.inf)["image"])
    np.testing.assert_allclose(measured["image_max_error"], expected, rtol=1e-5)


def test_a_function_is_no_further_metric():
    system = CentroidSystem({"image": (8, 8, 1)}, link=AWGNLink(), latent_dim=4)
    functions: Any = (metrics.mse,)
    system.further_metrics = functions
    with pytest.raises(ValueError, match=r"must contain objects of `MetricSettings`.*ved: <f"):
        system.measure({"image": tf.random.uniform([5, 8, 8, 1])}, 10.0)


def test_settings_of_a_usual_metric_can_be_others():
    evaluation = {"snr_db": [0], "metrics": [{"kind": "psnr", "max_val": 2.0}]}
    study = Study.model_validate({**STUDY, "evaluation": evaluation})
    assert study.evaluation.metrics == (METRICS["psnr"](max_val=2.0),)
    assert Study.model_validate_json(study.model_dump_json()) == study


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ({"kind": "none"}, "kind must be one of mse, psnr, "),
        ({"kind": "psnr", "max_val": 0}, "greater than 0"),
        ({"max_val": 1}, "must have kind, one of mse, "),
    ],
)
def test_wrong_metrics_are_refused(metric, message):
    evaluation = {"snr_db": [0], "metrics": [metric]}
    with pytest.raises(ValueError, match=message):
        Study.model_validate({**STUDY, "evaluation": evaluation})


def test_metrics_of_what_a_system_does_not_reconstruct_are_refused():
    settings = TwoStageVIBSettings()
    with pytest.raises(ValueError, match="max_error is for reconstructions of image, audio, and"):
        settings.further_metric_names(["image"], [MaxError()])
