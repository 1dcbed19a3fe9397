# SPDX-License-Identifier: Apache-2.0
"""Records against counting: bounded, unbiased, and with the correct channel drops."""

import numpy as np
import pytest

from sionna_semcom.simulation.evaluation.recorder import Recorder
from sionna_semcom.simulation.results.records import Records


def test_samples_are_kept_with_equal_chance_and_their_own_figures():
    """500 of 100 batches of 50 samples: tenths have equal shares, and samples keep their drops."""
    recorder = Recorder(500, skipped={"correlation"})
    for batch in range(100):
        numbers = np.arange(50) + 50 * batch
        figures = {"number": numbers, "right": numbers % 2 == 0, "correlation": np.ones([50, 3])}
        recorder.add(batch + 1, figures, numbers % 7)
    columns = {name: np.array(values) for name, values in recorder.columns.items()}
    assert set(columns) == {"number", "right", "drop"}
    assert len(columns["number"]) == len(set(columns["number"])) == 500
    np.testing.assert_array_equal(columns["drop"], columns["number"] % 7)
    np.testing.assert_array_equal(columns["right"], columns["number"] % 2 == 0)
    counts = np.histogram(columns["number"], 10, (0, 5000))[0]
    assert np.sum((counts - 50.0) ** 2 / 50.0) < 27.9  # 99.9 % of chi-square with 9 degrees


def test_channels_that_are_drawn_anew_differ_between_batches():
    """Negative numbers identify channels in a batch. Without numbers, a batch is one channel."""
    recorder = Recorder(100)
    for batch in (1, 2):
        recorder.add(batch, {"mse": np.ones(3)}, np.array([-1, -2, 4]))
    assert len(set(recorder.columns["drop"])) == 5
    recorder = Recorder(100)
    for batch in (1, 2, 3):
        recorder.add(batch, {"mse": np.ones(3)})
    assert len(set(recorder.columns["drop"])) == 3
    nothing = Recorder(0)
    nothing.add(1, {"mse": np.ones(3)})
    assert nothing.columns == {}


def test_no_metric_takes_the_name_of_the_column_of_channels():
    figures = {"mse": np.ones(3), "drop": np.zeros(3)}
    with pytest.raises(ValueError, match=r"'drop' is reserved for channels.*Received: mse, drop"):
        Recorder(5).add(1, figures)
    Recorder(0).add(1, figures)  # no records, no column


def test_points_and_seeds_are_joined_in_order():
    def column(value, size):
        return {"mse": [value] * size, "drop": list(range(size))}

    records = Records.joined([[column(1, 2), column(2, 3)], [column(3, 1), column(4, 2)]])
    assert records.point.tolist() == [0, 0, 1, 1, 1, 0, 1, 1]
    assert records.seed.tolist() == [0] * 5 + [1] * 3
    assert records.at(1).values["mse"].tolist() == [2, 2, 2, 4, 4]
    assert len(records) == 8
    assert Records.joined([[{}, {}]]) is None
