# SPDX-License-Identifier: Apache-2.0
"""Files and studies of earlier versions with previous names of metrics."""

import h5py
import numpy as np
import pytest

from sionna_semcom.simulation import Curve, Metric, Result
from sionna_semcom.simulation.evaluation.stop_rule import StopRule
from sionna_semcom.simulation.results.figure_settings import FigureSettings
from sionna_semcom.simulation.results.names import current_metric
from sionna_semcom.simulation.results.records import Records


@pytest.mark.parametrize("name", ["image", "user_0"])
def test_only_renamed_metrics_change(name):
    assert current_metric(f"{name}_recognised") == f"{name}_recognized"
    for other in (f"{name}_recognized", f"{name}_mse", "recognised_by", "recall/a_to_b", "bler"):
        assert current_metric(other) == other


def test_a_result_of_an_earlier_version(tmp_path):
    mean = np.array([0.25])
    numbers = np.zeros(3, np.int64)
    curve = Curve(
        np.zeros(1),
        {"image_recognized": Metric(mean, mean - 0.1, mean + 0.1, np.array([9]))},
        records=Records(numbers, numbers, numbers, {"image_recognized": np.ones(3, np.float32)}),
    )
    path = tmp_path / "r.h5"
    Result({"a": curve}).save(path)
    with h5py.File(path, "r+") as file:
        for group in (file["metrics"], file["records/values"]):
            group.move("image_recognized", "image_recognised")
            group.attrs["order"] = np.array(["image_recognised"], h5py.string_dtype())
    loaded = Result.load(path).curve
    assert loaded.metrics["image_recognized"].mean.tolist() == [0.25]
    assert loaded.records is not None
    assert loaded.records.values["image_recognized"].tolist() == [1.0, 1.0, 1.0]


def test_settings_of_an_earlier_version():
    figure = FigureSettings(
        metrics=("image_recognised", "image_mse"), log_scale=("audio_recognised",), best="bler"
    )
    assert figure.metrics == ("image_recognized", "image_mse")
    assert figure.log_scale == ("audio_recognized",)
    assert figure.best == "bler"
    rule = StopRule(
        target_half_width={"image_recognised": 0.01}, num_target_errors={"audio_recognised": 50}
    )
    assert rule.target_half_width == {"image_recognized": 0.01}
    assert rule.num_target_errors == {"audio_recognized": 50}
