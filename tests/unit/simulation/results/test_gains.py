# SPDX-License-Identifier: Apache-2.0
"""Gains between curves whose distance is known."""

import dataclasses

import numpy as np
import pytest

from sionna_semcom.simulation import Curve, Metric, snr_gain

SNRS = np.arange(-10.0, 21.0, 5.0)
FINE = np.arange(-10.0, 21.0, 2.0)


def error(snr_db):
    """An error that falls with the SNR."""
    return 1 / (1 + 10 ** (np.asarray(snr_db) / 10)) + 0.1


def curve(values, half_width=0.0, per_seed=None, x=SNRS):
    values = np.asarray(values, float)
    count = np.full(len(values), 100)
    metric = Metric(values, values - half_width, values + half_width, count, per_seed=per_seed)
    return Curve(x, {"mse": metric})


@pytest.mark.parametrize("sign", [1, -1])
def test_a_curve_that_is_shifted_has_its_shift_as_gain(sign):
    reference = curve(sign * error(FINE), x=FINE)
    found = snr_gain(curve(sign * error(SNRS + 3)), reference, "mse")
    np.testing.assert_allclose(found.mean[:-1], 3.0, atol=0.1)
    assert np.isnan(found.mean[-1])  # the reference ends at 20 dB
    back = snr_gain(curve(sign * error(SNRS - 3)), reference, "mse")
    np.testing.assert_allclose(back.mean[1:], -3.0, atol=0.1)
    assert np.isnan(back.mean[0])


def test_the_interval_is_that_of_the_metrics_over_the_slope():
    line = np.linspace(1.0, 0.4, len(SNRS))  # falls by 0.02 a dB
    found = snr_gain(curve(line[1:4], 0.03, x=SNRS[1:4]), curve(line, 0.04), "mse")
    np.testing.assert_allclose(found.mean, 0.0, atol=1e-9)
    np.testing.assert_allclose(found.ci_high - found.mean, 0.05 / 0.02, rtol=1e-6)


def test_gains_of_seeds_are_paired():
    seeds = np.array([0.0, 0.2, -0.1])[:, np.newaxis]
    first, second = error(FINE + 2) + seeds, error(FINE) + seeds
    found = snr_gain(
        curve(first.mean(0), 1.0, first, FINE), curve(second.mean(0), 1.0, second, FINE), "mse"
    )
    np.testing.assert_allclose(found.mean[:-1], 2.0, atol=0.1)
    np.testing.assert_allclose(found.ci_high[:-1], found.mean[:-1], atol=1e-9)
    assert found.per_seed.shape == (3, len(FINE))


def test_points_that_do_not_improve_and_noiseless_ones_are_left_out():
    x = np.append(SNRS, np.inf)
    values = np.append(error(SNRS), 0.1)
    values[3] = values[2] + 0.01
    found = snr_gain(curve(error(SNRS + 1)), curve(values, x=x), "mse")
    np.testing.assert_allclose(found.mean[[0, 4, 5]], 1.0, atol=0.3)


def test_saturated_points_have_no_gain():
    """Both decide all samples correctly from some SNR on."""
    reference = np.array([0.4, 0.7, 0.9, 1.0, 1.0, 1.0, 1.0])
    better = np.array([0.7, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0])
    seeds = np.zeros([3, 1])
    for per_seed in (lambda values: None, lambda values: values + seeds):
        one, other = (curve(y, per_seed=per_seed(y)) for y in (better, reference))
        found = snr_gain(one, other, "mse").mean
        np.testing.assert_allclose(found[:2], 5.0, atol=1e-6)
        assert np.isnan(found[2:]).all()


def test_curves_without_a_gain_are_refused():
    with pytest.raises(ValueError, match=r"metric 'psnr'\. Received: mse"):
        snr_gain(curve(error(SNRS)), curve(error(SNRS)), "psnr")
    with pytest.raises(ValueError, match="two finite points or more at which the metric"):
        snr_gain(curve(error(SNRS)), curve(np.ones(len(SNRS))), "mse")


def test_points_of_the_reference_may_have_any_order():
    down = slice(None, None, -1)
    given = curve(error(SNRS + 3), 0.01)
    sorted_one = curve(error(FINE), 0.01 * np.arange(len(FINE)), x=FINE)
    reverse = curve(error(FINE)[down], 0.01 * np.arange(len(FINE))[down], x=FINE[down])
    found, other = (snr_gain(given, one, "mse") for one in (sorted_one, reverse))
    np.testing.assert_array_equal(found.mean, other.mean)
    np.testing.assert_array_equal(found.ci_low, other.ci_low)


def test_points_without_an_snr_or_a_value_have_no_gain():
    x = np.append(SNRS, np.inf)
    found = snr_gain(curve(error(np.append(SNRS + 3, 5.0)), x=x), curve(error(FINE), x=FINE), "mse")
    assert np.isnan(found.mean[-1]) and np.isnan(found.ci_low[-1])
    missing = np.where(FINE == 0, np.nan, error(FINE))
    found = snr_gain(curve(error(SNRS + 3)), curve(missing, x=FINE), "mse")
    np.testing.assert_allclose(found.mean[:-1], 3.0, atol=0.3)
    assert np.isfinite(found.ci_low[:-1]).all()


def test_a_gain_at_the_flat_end_of_the_reference_is_kept():
    flat = curve([0.5, 0.51, 0.9], x=np.array([0.0, 5.0, 10.0]))
    found = snr_gain(curve([0.5], x=np.array([-2.0])), flat, "mse")
    assert found.mean.tolist() == [2.0]


@pytest.mark.parametrize(
    ("axes", "x", "message"),
    [
        (("snr_db", "ebno_db"), FINE, "Received: snr_db and ebno_db"),
        (("flops", "flops"), FINE, "Received: flops and flops"),
        (("snr_db", "snr_db"), np.append(FINE[:-1], FINE[0]), "each point once"),
    ],
)
def test_curves_without_a_distance_are_refused(axes, x, message):
    given, reference = curve(error(FINE), x=FINE), curve(error(FINE), x=x)
    given, reference = (
        dataclasses.replace(one, axis=axis)
        for one, axis in zip((given, reference), axes, strict=True)
    )
    with pytest.raises(ValueError, match=message):
        snr_gain(given, reference, "mse")
