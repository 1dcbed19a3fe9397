# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link.estimation.slot_error import (
    Seen,
    SlotError,
    among,
    deviation,
    fit,
    learn_coefficients,
    no_coefficients,
)

SNRS_DB = np.arange(0.0, 31.0, 10.0)
VARIANCES = np.array([0.01, 0.03], np.float32).reshape(1, 1, 1, 1, 2, 1, 1)


def slots(slope=0.5, number=8000, snr_db=SNRS_DB):
    """Exponential error / ``no_eff``, whose mean increases with the first feature."""
    draw = np.random.default_rng(3)
    at = draw.choice(snr_db, number)
    signs = draw.normal(size=(number, 3))
    mean = np.exp(0.02 * at - 0.3 + slope * signs[:, 0])
    return Seen(at, signs, mean * draw.exponential(size=number), at), mean


def predicted(coefficients, seen):
    at = np.stack([np.interp(seen.snr_db, SNRS_DB, column) for column in coefficients.T], 1)
    return np.exp(at[:, 0] + np.sum(at[:, 1:4] * (seen.signs - at[:, 4:]), axis=1))


def test_the_fit_finds_the_mean_that_a_sign_shows():
    seen, mean = slots()
    coefficients = fit(seen, SNRS_DB, no_coefficients(SNRS_DB))
    np.testing.assert_allclose(coefficients[:, 1], 0.5, atol=0.08)
    np.testing.assert_allclose(coefficients[:, 2:4], 0.0, atol=0.08)
    np.testing.assert_allclose(np.log(predicted(coefficients, seen) / mean), 0.0, atol=0.4)
    for snr_db in SNRS_DB:  # maximum likelihood corrects the mean at each SNR
        here = seen.snr_db == snr_db
        ratio = seen.ratio[here] / predicted(coefficients, seen)[here]
        assert np.mean(ratio) == pytest.approx(1.0, abs=0.02)


def test_slots_between_the_snrs_count_at_both():
    seen, mean = slots(snr_db=np.arange(0.0, 30.1, 2.5))
    coefficients = fit(seen, SNRS_DB, no_coefficients(SNRS_DB))
    np.testing.assert_allclose(coefficients[:, 1], 0.5, atol=0.1)
    assert np.mean(mean / predicted(coefficients, seen)) == pytest.approx(1.0, abs=0.02)


def test_an_error_never_falls_with_a_sign_nor_grows_faster_than_its_square():
    for slope, expected in ((-0.5, 0.0), (3.0, 2.0)):
        coefficients = fit(slots(slope)[0], SNRS_DB, no_coefficients(SNRS_DB))
        np.testing.assert_allclose(coefficients[:, 1], expected, atol=0.05)


def test_snrs_without_slots_have_what_their_neighbors_have():
    seen, _ = slots(snr_db=np.array([0.0, 10.0]))
    coefficients = fit(seen, SNRS_DB, no_coefficients(SNRS_DB))
    np.testing.assert_allclose(coefficients[2:, 4:], np.tile(coefficients[1, 4:], (2, 1)))
    np.testing.assert_allclose(coefficients[2:, 0], coefficients[1, 0], atol=0.02)


def correcting(coefficients):
    """Correction whose features are the first received values of a slot."""

    def signs(y, h_hat, no):
        return tf.math.real(y[:, 0, 0, 0, :3])

    def estimate(y, no):
        return y, tf.constant(VARIANCES)

    variable = tf.Variable(coefficients, dtype=tf.float32)
    return SlotError(estimate, signs, variable, SNRS_DB)


def test_the_error_variance_is_scaled_slot_by_slot():
    coefficients = no_coefficients(SNRS_DB)
    coefficients[:, :2] = [[0.0, 0.5], [0.0, 0.5], [0.2, 1.0], [0.4, 1.0]]
    coefficients[:, 4] = 1.0
    y = np.zeros([2, 1, 1, 1, 4], np.complex64)
    y[:, 0, 0, 0, 0] = 1.0, 2.0
    _, err_var = correcting(coefficients)(tf.constant(y), tf.constant([1e-1, 10**-2.5]))
    no = np.array([1e-1, 10**-2.5])
    c = np.array([1.0, np.exp(0.3 + 1.0 * (2.0 - 1.0))])
    expected = (c * (no + 0.04) - no)[:, np.newaxis] * np.array([0.25, 0.75])
    np.testing.assert_allclose(err_var[:, 0, 0, 0, :, 0, 0], expected, rtol=1e-4)


def test_nothing_changes_before_anything_is_learned():
    y = tf.ones([2, 1, 1, 1, 4], tf.complex64)
    _, err_var = correcting(no_coefficients(SNRS_DB))(y, tf.constant(0.1))
    np.testing.assert_allclose(err_var, np.broadcast_to(VARIANCES, err_var.shape), rtol=1e-5)


def test_coefficients_are_learned_until_the_noise_is_the_error():
    """If a correction only takes partial effect, a second round is needed."""
    seen, _ = slots()
    kept = []

    def see():
        return seen._replace(ratio=seen.ratio / predicted(kept[-1], seen) ** 0.9)

    off = learn_coefficients(see, kept.append, SNRS_DB)
    assert off < 0.05
    assert np.mean(see().ratio) == pytest.approx(1.0, abs=0.03)


def test_deviations_of_different_signs_do_not_cancel():
    """Error / ``no_eff`` of 0.74 at one SNR and 1.14 at two others is 1.01 on average."""
    means, draw = {0.0: 0.74, 10.0: 1.14, 20.0: 1.14}, np.random.default_rng(1)
    snr_db = np.repeat(list(means), 4000)
    ratio = np.repeat(list(means.values()), 4000) * draw.gamma(20.0, 0.05, snr_db.size)
    assert abs(np.mean(ratio) - 1.0) < 0.02
    seen = Seen(snr_db, np.zeros([snr_db.size, 3]), ratio, snr_db)
    expected = 0.26 - 2 * 0.74 / np.sqrt(20 * 4000)  # two standard errors
    assert deviation(seen) == pytest.approx(expected, abs=0.01)
    assert np.isnan(deviation(seen._replace(ratio=np.where(snr_db == 10.0, np.nan, ratio))))


def test_few_slots_are_not_taken_for_a_deviation():
    snr_db = np.repeat(np.arange(9.0), 128)
    draw = np.random.default_rng(2)
    ratios = draw.gamma(10.0, 0.1, [200, snr_db.size])
    off = [deviation(Seen(snr_db, np.zeros([snr_db.size, 3]), one, snr_db)) for one in ratios]
    assert np.mean(np.array(off) > 0.06) < 0.01


def test_the_share_of_interference_is_a_further_feature():
    coefficients = no_coefficients(SNRS_DB, 4)
    coefficients[:, 4], coefficients[:, 8] = 0.5, 0.2
    y = tf.ones([2, 1, 1, 1, 4], tf.complex64)
    no, share = tf.constant([0.1, 0.1]), tf.constant([0.0, 0.8])
    estimate = correcting(coefficients)
    for known, shares in ((among(estimate, share), [0.0, 0.8]), (estimate, [0.0, 0.0])):
        _, err_var = known(y, no)
        c = np.exp(0.5 * (np.array(shares) - 0.2))
        expected = (c * (0.1 + 0.04) - 0.1)[:, np.newaxis] * np.array([0.25, 0.75])
        np.testing.assert_allclose(err_var[:, 0, 0, 0, :, 0, 0], expected, rtol=1e-4)
    assert estimate.signs(y, no, share).numpy()[:, 3] == pytest.approx([0.0, 0.8])
    plain = correcting(no_coefficients(SNRS_DB))
    assert plain.signs(y, no, share).shape == [2, 3]
    np.testing.assert_array_equal(among(plain, share)(y, no)[1], plain(y, no)[1])
