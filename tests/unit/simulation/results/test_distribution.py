# SPDX-License-Identifier: Apache-2.0
"""Outage, percentiles and CDFs against closed forms, SciPy and counting."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

from sionna_semcom.simulation import Curve, Result, cdf, cdf_figure, outage, percentile
from sionna_semcom.simulation.evaluation.recorder import Recorder
from sionna_semcom.simulation.results.distribution import distribution_curve
from sionna_semcom.simulation.results.intervals import wilson
from sionna_semcom.simulation.results.records import Records
from sionna_semcom.simulation.results.tables import result_tables


def _curve(values, drops=None, axis="tx_power_dbm"):
    """Curve with the rows of ``values`` as records of its points."""
    values = np.atleast_2d(values)
    points, size = values.shape
    drops = np.arange(size) if drops is None else drops
    records = Records(
        np.repeat(np.arange(points), size),
        np.zeros(points * size, int),
        np.tile(drops, points),
        {"snr": values.ravel().astype(np.float32)},
    )
    x = 10.0 * np.arange(points)
    return Curve(x - 5, {}, axis=axis, x=x, records=records)


def test_outage_of_exponential_gains_is_that_of_the_closed_form():
    """P(g < x) = 1 - exp(-x) is in the intervals, which are Wilson's for one sample per drop."""
    gains = np.random.default_rng(0).exponential(size=[3, 2000])
    curve = _curve(gains)
    for threshold in (0.05, 0.5, 2.0):
        found = outage(curve, "snr", below=threshold, confidence=0.999)
        assert found.proportion and found.count.tolist() == [2000] * 3
        for estimate, row in zip(found, gains, strict=True):
            assert estimate.mean == pytest.approx(np.mean(row < threshold))
            assert estimate.ci_low < 1 - math.exp(-threshold) < estimate.ci_high
    one = outage(curve, "snr", above=1.0)[0]
    expected = wilson(gains[0] > 1.0, np.ones(2000))
    assert (one.mean, one.ci_low, one.ci_high) == pytest.approx([float(e) for e in expected])


def test_intervals_of_outage_count_drops_and_not_samples():
    """Twenty equal samples per drop contain no more information than one: coverage is nominal."""
    covered, trials, p = 0, 200, 1 - math.exp(-0.3)
    rng = np.random.default_rng(1)
    for _ in range(trials):
        values = np.repeat(rng.exponential(size=100), 20)
        one = outage(_curve(values, np.repeat(np.arange(100), 20)), "snr", below=0.3)[0]
        covered += one.ci_low < p < one.ci_high
    assert covered / trials > 0.91  # 0.5 or so if samples counted


def test_percentiles_are_those_of_the_distribution_with_bootstrap_intervals():
    """Quantiles of the exponential distribution, -ln(1 - q), with intervals as wide as SciPy's."""
    values = np.random.default_rng(2).exponential(size=2000)
    curve = _curve(values)
    for percent in (5.0, 50.0, 95.0):
        one = percentile(curve, "snr", percent, confidence=0.999)[0]
        assert one.mean == pytest.approx(np.sort(values)[round(percent * 20) - 1], rel=1e-6)
        assert one.ci_low < -math.log(1 - percent / 100) < one.ci_high
    ours = percentile(curve, "snr", 50.0)[0]
    theirs = stats.bootstrap(
        (values,), np.median, n_resamples=1000, method="percentile", random_state=0
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.ci_high - ours.ci_low == pytest.approx(width, rel=0.15)


def test_percentiles_of_clusters_have_wider_intervals():
    """Ten samples per drop: the interval is that of the drops."""
    values = np.random.default_rng(3).exponential(size=200)
    single = percentile(_curve(values), "snr", 50.0)[0]
    repeated = percentile(_curve(np.repeat(values, 10), np.repeat(np.arange(200), 10)), "snr", 50.0)
    width = single.ci_high - single.ci_low
    assert repeated[0].ci_high - repeated[0].ci_low == pytest.approx(width, rel=0.15)


def test_a_single_drop_has_no_interval():
    one = percentile(_curve(np.arange(50.0), np.zeros(50, int)), "snr", 50.0)[0]
    assert one.mean == 24.0
    assert math.isnan(one.ci_low) and math.isnan(one.ci_high)


@pytest.mark.parametrize("per_drop", [False, True])
def test_a_threshold_is_what_records_hold_of_it(per_drop):
    """0.1 in single precision lies above 0.1 in double precision; none of eight is above it."""
    curve = _curve([0.1] * 6 + [0.05] * 2, np.arange(8) // 2)
    assert outage(curve, "snr", above=0.1, per_drop=per_drop)[0].mean == 0.0
    assert outage(curve, "snr", below=0.1, per_drop=per_drop)[0].mean == 0.25


def test_drops_can_be_counted_in_place_of_samples():
    """The means of drops are 1, 2 and 5: two thirds are below 3, independent of the samples."""
    curve = _curve([0.0, 2.0, 1.0, 3.0, 5.0], np.array([4, 4, 7, 7, 9]))
    assert outage(curve, "snr", below=3.0, per_drop=True)[0].mean == pytest.approx(2 / 3)
    assert outage(curve, "snr", below=3.0)[0].mean == pytest.approx(3 / 5)
    assert cdf(curve, "snr", 0.0, per_drop=True).value.tolist() == [1.0, 2.0, 5.0]


def test_a_cdf_is_the_empirical_one_and_holds_the_true_one():
    """Exact for few values; otherwise the true CDF is in at least 95 % of the intervals."""
    few = cdf(_curve([3.0, 1.0, 1.0, 2.0]), "snr", 0.0)
    np.testing.assert_allclose(few.value, [1, 2, 3])
    np.testing.assert_allclose(few.share, [0.5, 0.75, 1.0])
    many = cdf(_curve(np.random.default_rng(4).exponential(size=3000)), "snr", 0.0)
    inside = (many.ci_low < 1 - np.exp(-many.value)) & (1 - np.exp(-many.value) < many.ci_high)
    assert len(many.value) == 200 and inside.mean() > 0.9


def test_percentiles_and_outage_read_in_tables_and_figures():
    curve = _curve(np.random.default_rng(5).exponential(size=[2, 200]))
    found = distribution_curve(curve, "snr", (5, 95), above=2.0)
    assert list(found.metrics) == ["snr_percentile_5", "snr_percentile_95", "outage_snr_above_2"]
    titles = [str(table.title) for table in result_tables({"a": found})]
    assert titles[-1] == "Outage SNR [dB], above 2 against transmit power"
    figure = cdf_figure({"a": curve, "b": curve}, "snr", [0.0, 10.0], threshold=2.0)
    assert isinstance(figure, Figure) and len(figure.axes) == 2
    assert [ax.get_title() for ax in figure.axes] == ["at 0 dBm", "at 10 dBm"]
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), cdf(curve, "snr", 0.0).share)
    (scaled, _) = cdf_figure({"a": curve}, "snr", [0.0, 10.0], log_scale=True).axes
    assert scaled.get_yscale() == "log" and scaled.get_ylim() == pytest.approx((1e-3, 1.0))


def test_records_are_kept_in_result_files(tmp_path):
    curve = _curve(np.random.default_rng(6).exponential(size=[2, 50]))
    Result({"a": curve}).save(tmp_path / "a.h5")
    read = Result.load(tmp_path / "a.h5").curve
    assert (read.axis, read.x.tolist()) == ("tx_power_dbm", [0.0, 10.0])
    for name in ("point", "seed", "drop"):
        np.testing.assert_array_equal(getattr(read.records, name), getattr(curve.records, name))
    np.testing.assert_array_equal(read.records.values["snr"], curve.records.values["snr"])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda c: outage(c, "snr"), "needs either `below` or `above`.*below=None, above=None"),
        (lambda c: outage(c, "snr", below=1, above=2), "below=1, above=2"),
        (lambda c: outage(c, "mse", below=1), "no metric 'mse', only snr"),
        (lambda c: percentile(c, "snr", 100.0), "between 0 and 100.*100"),
        (lambda c: cdf(c, "snr", 7.0), r"point at 7; there are \[0.0\].*0 of them"),
        (lambda c: outage(Curve(c.snr_db, {}), "snr", below=1), "`evaluation.records`"),
        (lambda c: cdf_figure({}, "snr", [0.0]), "needs curves and points"),
        (lambda c: Records(c.x, c.x, c.x, {"a": np.ones(2)}), r"records of a.*\(2,\)"),
        (lambda c: Records(c.x, c.x, c.x, {"a": np.array([np.nan])}), "records of a must be fini"),
        (lambda c: outage(c, "snr", below=math.nan), "below=nan, above=None"),
        (lambda c: outage(c, "snr", below=1, confidence=95), "`confidence` must be.*95"),
        (lambda c: percentile(c, "snr", 5, confidence=math.nan), "`confidence` must be.*nan"),
        (lambda c: cdf(c, "snr", 0.0, confidence=1.0), "`confidence` must be.*1.0"),
    ],
)
def test_what_cannot_be_is_said(ask, message):
    with pytest.raises(ValueError, match=message):
        ask(_curve([1.0, 2.0]))


@pytest.mark.parametrize("per_drop", [False, True])
def test_new_channels_of_each_seed_are_channels_of_their_own(per_drop):
    """Their numbers start again for each seed. Drops of a pool are those of all seeds."""
    gains = np.random.default_rng(0).normal(size=(5, 400))
    recorded = [Recorder(1000) for _ in gains]
    for recorder, row in zip(recorded, gains, strict=True):
        for batch in range(4):
            new = -np.arange(1, 101)
            recorder.add(batch, {"snr": row[100 * batch : 100 * (batch + 1)]}, new)
    records = Records.joined([[one.columns] for one in recorded])
    assert len(np.unique(records.channels)) == 2000
    fresh = Curve(np.zeros(1), {}, records=records)
    for found, right in (
        (outage(fresh, "snr", below=-1.5, per_drop=per_drop).mean[0], np.mean(gains < -1.5)),
        (percentile(fresh, "snr", 5, per_drop).mean[0], np.quantile(gains, 0.05)),
    ):
        assert found == pytest.approx(right, abs=0.02)
    pool = Records(records.point, records.seed, np.tile(np.arange(400), 5), records.values)
    assert len(np.unique(pool.channels)) == 400


def test_data_that_are_repeated_for_each_seed_are_no_new_clusters():
    """Without drops, batches are clusters, and all seeds have the same samples in a batch."""
    rng, covered = np.random.default_rng(3), 0
    for _ in range(100):
        sample, recorded = rng.normal(size=(20, 50)), [Recorder(1000) for _ in range(5)]
        for recorder in recorded:
            for batch, row in enumerate(sample + 0.1 * rng.normal(size=(20, 50))):
                recorder.add(batch, {"snr": row})
        records = Records.joined([[one.columns] for one in recorded])
        (found,) = outage(Curve(np.zeros(1), {}, records=records), "snr", below=-1.0)
        covered += found.ci_low <= stats.norm.cdf(-1.0 / 1.01**0.5) <= found.ci_high
    assert covered >= 88
