# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import config

from sionna_semcom import metrics
from sionna_semcom.simulation import Estimate, sim_metrics
from sionna_semcom.simulation.evaluation.monte_carlo import join_points


def _noise(batch, snr_db):
    """Squared error of samples in noise of power 1/SNR, and whether it is below the noise power."""
    no = tf.pow(10.0, -snr_db / 10.0)
    error = no * tf.square(config.tf_rng.normal([tf.shape(batch)[0]]))
    return {"mse": error, "below": error < no}


def _data(num_samples=4000, batch_size=200):
    return tf.data.Dataset.range(num_samples).batch(batch_size)


@pytest.fixture(scope="module")
def result():
    return sim_metrics(_noise, _data(), [-10, 0, 10, math.inf], progress=False, label="noise")


def test_means_are_inside_their_intervals_of_known_values(result):
    curve = result.curves["noise"]
    np.testing.assert_array_equal(curve.snr_db, [-10, 0, 10, math.inf])
    for estimate, power in zip(curve.metrics["mse"], [10, 1, 0.1, 0], strict=True):
        assert estimate.ci_low <= power <= estimate.ci_high
        assert estimate.half_width <= 0.1 * power
        assert estimate.count == 4000
    share = 0.6826895  # of a normal variable below one standard deviation
    for estimate in list(curve.metrics["below"])[:3]:
        assert estimate.proportion
        assert estimate.ci_low <= share <= estimate.ci_high


def test_a_point_gives_the_same_numbers_alone(result):
    alone = sim_metrics(_noise, _data(), [10], progress=False)
    assert alone.curve.metrics["mse"][0] == result.curve.metrics["mse"][2]


def test_another_seed_gives_other_numbers(result):
    other = sim_metrics(_noise, _data(), [0], seed=2, progress=False)
    assert other.curve.metrics["mse"][0] != result.curve.metrics["mse"][1]


@pytest.mark.parametrize("graph_mode", [None, "xla"])
def test_every_mode_of_execution(graph_mode):
    found = sim_metrics(_noise, _data(), [0], graph_mode=graph_mode, progress=False)
    (estimate,) = found.curve.metrics["mse"]
    assert estimate.ci_low <= 1 <= estimate.ci_high


def test_a_function_is_traced_once_for_all_snrs():
    traces = []

    def traced(batch, snr_db):
        traces.append(1)
        return _noise(batch, snr_db)

    sim_metrics(traced, _data(), range(-10, 11, 5), progress=False)
    assert len(traces) == 1


def test_an_object_measures_itself():
    class System:
        def measure(self, batch, snr_db):
            return {"label": tf.cast(batch, tf.float32)}

    (estimate,) = sim_metrics(System(), _data(10, 4), [0], progress=False).curve.metrics["label"]
    assert estimate.mean == 4.5  # batches of 4, 4 and 2: every sample weighs the same
    assert estimate.count == 10


def _label(batch, snr_db):
    return {"label": tf.cast(batch, tf.float32), "odd": batch % 2 == 1}


@pytest.mark.parametrize("batch_size", [10, 50, 100])
def test_sending_data_again_tells_nothing_about_other_data(batch_size):
    """Without noise, the interval is that of the distinct samples, independent of repetitions."""
    samples = tf.data.Dataset.from_tensor_slices(np.random.default_rng(1).permutation(100))
    data = samples.batch(batch_size)
    metrics = sim_metrics(_label, data, [0], max_mc_iter=400, progress=False).curve.metrics
    values = np.arange(100)
    expected = 1.96 * values.std() / 10
    assert metrics["label"][0].half_width == pytest.approx(expected, rel=0.05)
    assert metrics["odd"][0].half_width == pytest.approx(1.96 * 0.5 / 10, rel=0.05)
    assert metrics["label"][0].count == 400 * batch_size


def test_successes_that_are_sent_again_are_no_new_ones():
    def measure(batch, snr_db):
        return {"right": tf.ones_like(batch, tf.bool)}

    found = sim_metrics(measure, _data(400, 10), [0], max_mc_iter=400, progress=False)
    (estimate,) = found.curve.metrics["right"]
    assert estimate.count == 4000
    assert estimate.ci_low == pytest.approx(1 / (1 + 1.966**2 / 400), abs=1e-5)


def test_one_batch_sent_often_has_an_interval_of_channels_and_data():
    found = sim_metrics(_noise, _data(500, 500), [0], max_mc_iter=20, progress=False).curve.metrics
    independent = 1.96 * math.sqrt(2) * math.sqrt(1 / 500 + 1 / 10_000)  # of squared normals
    assert found["mse"][0].half_width == pytest.approx(independent, rel=0.2)
    assert found["mse"][0].ci_low < 1 < found["mse"][0].ci_high


def test_a_point_ends_when_its_interval_is_narrow():
    target = {"mse": 0.2, "below": 0.1}
    found = sim_metrics(_noise, _data(), [0], target_half_width=target, progress=False)
    metrics = found.curve.metrics
    assert all(metrics[name][0].half_width <= width for name, width in target.items())
    assert 5 * 200 <= metrics["mse"].count[0] < 4000


def test_a_metric_that_is_targeted_wrongly_is_found_after_one_batch():
    batches = []

    def measure(batch, snr_db):
        batches.append(batch)
        return _noise(batch, snr_db)

    with pytest.raises(ValueError, match="target_half_width: there is no metric 'mes', only mse"):
        sim_metrics(
            measure, _data(), [0], target_half_width={"mes": 1}, graph_mode=None, progress=False
        )
    assert len(batches) == 1


def test_a_generator_is_read_once():
    batches = (np.full(10, value, np.float32) for value in range(4))
    found = sim_metrics(_noise, batches, [0], progress=False)
    assert found.curve.metrics["mse"].count[0] == 40


def test_a_point_ends_at_the_maximum():
    found = sim_metrics(
        _noise, _data(), [0], target_half_width={"mse": 1e-9}, max_mc_iter=3, progress=False
    )
    assert found.curve.metrics["mse"].count[0] == 600


def test_a_callback_sees_estimates_and_ends_points():
    seen = []

    def callback(state):
        seen.append((state.snr_db, state.mc_iter, state.estimates()["mse"].count))
        if state.snr_db == 5:
            return "stop" if state.mc_iter == 3 else None
        return "next_snr" if state.mc_iter == 2 else None

    found = sim_metrics(_noise, _data(), [0, 5, 10], callback=callback, progress=False)
    np.testing.assert_array_equal(found.curve.snr_db, [0, 5])
    assert seen == [(0, 1, 200), (0, 2, 400), (5, 1, 200), (5, 2, 400), (5, 3, 600)]


def test_a_batch_of_one():
    (estimate,) = sim_metrics(_noise, _data(50, 1), [0], progress=False).curve.metrics["mse"]
    assert estimate.count == 50
    assert estimate.half_width > 0


def test_points_of_one_curve_must_have_the_same_metrics():
    def measure(batch, snr_db):
        return {"low" if snr_db < 5 else "high": tf.cast(batch, tf.float32)}

    with pytest.raises(ValueError, match=r"same metrics\. Received: low; and high"):
        sim_metrics(measure, _data(), [0, 10], graph_mode=None, progress=False)


def test_a_metric_that_is_not_finite_is_named_with_its_snr():
    def broken(batch, snr_db):
        return {"psnr": tf.where(batch == 3, math.nan, 1.0)}

    message = r"psnr is not finite for 1 of 5 samples at an SNR of 10 dB \(batch 0"
    with pytest.raises(FloatingPointError, match=message):
        sim_metrics(broken, _data(10, 5), [10], progress=False)


@pytest.mark.parametrize(
    ("shape", "message"),
    [([], r"one value per .* mse \(\)"), ([2, 3], r"\(2, 3\)"), ([0], r"mse \(0,\)")],
)
def test_metrics_must_have_one_value_a_sample(shape, message):
    with pytest.raises(ValueError, match=message):
        sim_metrics(lambda batch, snr: {"mse": tf.zeros(shape)}, _data(), [0], progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"snr_dbs": []}, "`snr_dbs` must contain at least one"),
        ({"snr_dbs": [math.nan]}, "must be a number or infinity. Received: nan"),
        ({"snr_dbs": [-math.inf]}, "must be a number or infinity. Received: -inf"),
        ({"snr_dbs": [0, -400]}, "`snr_dbs` must lie between -300 and 300 dB, .*Received: -400"),
        ({"snr_dbs": [1e308]}, r"`snr_dbs` must lie between .*Received: 1e\+308"),
        (
            {"data": iter([np.ones(3)] * 4), "snr_dbs": [0, 1]},
            "iterable more than once.* Received: list_iterator",
        ),
        (
            {"data": (batch for batch in np.ones([4, 3])), "max_mc_iter": 5},
            "iterable more than once.* Received: generator",
        ),
        ({"data": iter([])}, "at least one batch. Received: none"),
        ({"data": _data(100, 100)}, "at least two batches.* Received: one"),
        ({"data": _data().take(0)}, "at least one batch. Received: none"),
        ({"data": _data().repeat()}, "`max_mc_iter` must be given"),
        ({"max_mc_iter": 1}, "(?s)max_mc_iter.*greater than or equal to 2"),
        ({"snr_dbs": "10"}, r"sequence of numbers, such as \[0, 10\]. Received: '10'"),
        ({"seed": 1.5}, r"A seed must be an integer in .* Received: 1.5"),
        ({"seed": "1"}, r"A seed must be an integer in .* Received: '1'"),
        ({"records": -1}, "`records` must be a non-negative integer. Received: -1"),
        ({"records": 2.5}, "`records` must be a non-negative integer. Received: 2.5"),
        ({"confidence": 95}, "(?s)confidence.*less than 1"),
        ({"interval": "normal"}, "(?s)interval.*'student' or 'bootstrap'"),
        ({"target_half_width": {"mse": -1}}, "(?s)target_half_width.*greater than 0"),
        ({"target_half_width": {"mes": 1}}, "no metric 'mes', only mse, below"),
        ({"graph_mode": "eager"}, "`graph_mode` must be None, 'auto', 'graph' or 'xla'"),
    ],
)
def test_impossible_arguments_are_refused(options, message):
    arguments = {"data": _data(), "snr_dbs": [0], "progress": False} | options
    with pytest.raises(ValueError, match=message):
        sim_metrics(_noise, **arguments)


class _Correlated:
    """Pairs with a correlation of one half, and the proportion of pairs of equal signs."""

    def __init__(self):
        self.aggregates = {"correlation": metrics.correlation}

    def measure(self, batch, snr_db):
        x, z = tf.unstack(config.tf_rng.normal([2, tf.shape(batch)[0]]))
        y = 0.5 * x + np.sqrt(0.75) * z
        return {"same": tf.equal(x > 0, y > 0), "correlation": metrics.moments(x, y)}


def test_functions_of_means_have_intervals():
    result = sim_metrics(_Correlated(), _data(), [0], progress=False)
    found = result.curve.metrics["correlation"][0]
    assert found.ci_low <= 0.5 <= found.ci_high
    assert 0 < found.half_width < 0.1
    assert not found.proportion
    assert found.count == 4000
    assert result.curve.metrics["same"][0].mean == pytest.approx(2 / 3, abs=0.03)


def test_data_that_are_sent_again_are_no_new_clusters():
    """Constant samples that are repeated four times do not narrow the interval."""
    draw = np.random.default_rng(0)
    pairs = draw.normal(size=(10, 50, 2)).astype("f")
    system = _Correlated()
    system.measure = lambda batch, snr_db: {
        "correlation": metrics.moments(*tf.unstack(batch, 2, 1))
    }
    once, again = (
        sim_metrics(system, list(pairs), [0], max_mc_iter=n, progress=False) for n in (10, 40)
    )
    widths = [r.curve.metrics["correlation"][0].half_width for r in (once, again)]
    assert widths[0] == pytest.approx(widths[1])


def test_equal_decisions_of_all_seeds_give_an_interval_within_the_range():
    rows = [[{"f1": Estimate(0.9, 0.6, 1.2, 10), "gain": Estimate(0.9, -0.6, 1.2, 10)}]] * 3
    joined = join_points(rows)
    assert (joined["f1"].ci_low[0], joined["f1"].ci_high[0]) == (0.6, 1.0)
    assert (joined["gain"].ci_low[0], joined["gain"].ci_high[0]) == (-0.6, 1.2)


def test_intervals_of_probed_scores_end_at_the_range_of_their_metric():
    rows = [
        [{"label_mae_in_received": Estimate(mae, math.nan, math.nan, 10),
          "label_correlation_in_received": Estimate(mae - 1, math.nan, math.nan, 10)}]
        for mae in (0.95, 0.98, 1.02)
    ]  # fmt: skip
    joined = join_points(rows)
    mae, correlation = (joined[f"label_{name}_in_received"] for name in ("mae", "correlation"))
    assert mae.ci_high[0] > 1.02
    assert correlation.ci_low[0] < -0.05
