# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sionna_semcom.semantics import TransformCoder

RNG = np.random.default_rng(0)
DEVIATIONS = np.geomspace(10, 0.1, 12)
BASIS = np.linalg.qr(RNG.standard_normal([12, 12]))[0]


def draw(count, rng=RNG):
    return (DEVIATIONS * rng.standard_normal([count, 12])) @ BASIS + 3.0


@pytest.fixture(scope="module")
def train():
    return draw(2000)


@settings(max_examples=20, deadline=None)
@given(st.integers(12, 150), st.integers(0, 2**31))
def test_what_is_sent_is_what_is_received(num_bits, seed):
    coder = TransformCoder(num_bits).fit(draw(200, np.random.default_rng(seed)))
    coded = coder.encode(5 * draw(20, np.random.default_rng(seed + 1)))
    assert coded.bits.shape == (20, num_bits)
    np.testing.assert_array_equal(coder.decode(coded.bits), coded.symbols)


def test_all_but_the_share_fit_uncut(train):
    for num_bits in (16, 48, 96):
        coder = TransformCoder(num_bits, share=0.95).fit(train)
        cut = coder.encode(draw(1000)).cut
        assert 0 < np.mean(cut) < 0.08


def test_what_does_not_fit_loses_its_last_components(train):
    coder = TransformCoder(30, num_components=12).fit(train)
    features = 4 * draw(50)
    whole, coded = coder.quantize(features), coder.encode(features)
    assert coded.cut.any() and not np.array_equal(whole, coded.symbols)
    for before, after, cut in zip(whole, coded.symbols, coded.cut, strict=True):
        kept = np.max(np.flatnonzero(after), initial=-1) + 1
        np.testing.assert_array_equal(after[:kept], before[:kept])
        assert cut == (not np.array_equal(before, after))
        if cut:  # one more component would not have fitted
            longer = np.flatnonzero(before != after)[0]
            one_more = after.copy()
            one_more[longer] = before[longer]
            assert coder.code_.encode(one_more, 30) is None


def test_distortion_is_that_of_uniform_quantization_at_high_rate(train):
    coder = TransformCoder(140, num_components=12, share=0.5).fit(train)
    error = train - coder.reconstruct(coder.quantize(train))
    np.testing.assert_allclose(np.mean(error**2), coder.step_**2 / 12, rtol=0.05)
    np.testing.assert_allclose(
        np.sum(error**2), coder.distortion_ * np.sum((train - train.mean(0)) ** 2), rtol=1e-6
    )


def test_rate_is_as_far_from_the_rate_distortion_bound_as_theory_says(train):
    """At high rate a uniform quantizer loses log2(2 pi e / 12) / 2 bits a component.

    A Laplace model of Gaussian components additionally costs their divergence.
    """
    coder = TransformCoder(140, num_components=12, share=0.5).fit(train)
    mse = coder.distortion_ * np.sum(DEVIATIONS**2) / 12
    variances = np.linalg.eigvalsh(np.cov(train.T))
    bound = np.sum(0.5 * np.log2(variances / mse))
    rate = coder.code_.information(coder.quantize(train)).mean()
    quantizer = 0.5 * np.log2(2 * np.pi * math.e / 12)
    cross_entropy = np.log2(np.sqrt(2)) + 2 / np.sqrt(np.pi) * np.log2(math.e)
    model = cross_entropy - 0.5 * np.log2(2 * np.pi * math.e)
    np.testing.assert_allclose(rate - bound, 12 * (quantizer + model), rtol=0.03)


def test_more_bits_leave_less_error_and_allow_more_components(train):
    coders = [TransformCoder(num_bits).fit(train) for num_bits in (12, 24, 48, 96)]
    assert np.all(np.diff([coder.distortion_ for coder in coders]) < 0)
    assert np.all(np.diff([len(coder.code_.scales) for coder in coders]) >= 0)


def test_components_are_as_many_as_leave_the_least_error(train):
    best = TransformCoder(24).fit(train)
    for count in (1, 2, 4, 8):
        assert best.distortion_ <= TransformCoder(24, count).fit(train).distortion_


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_bits": 0}, "`num_bits` and `num_components` must be positive. Received: 0 and None"),
        ({"num_bits": 9, "num_components": 0}, "must be positive. Received: 9 and 0"),
        ({"num_bits": 9, "share": 0.0}, r"`share` must lie in \(0, 1\]. Received: 0.0"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        TransformCoder(**options)


@pytest.mark.parametrize("features", [np.ones([5, 3]), np.ones([1, 3]), np.arange(4.0)])
def test_features_without_variance_are_refused(features):
    with pytest.raises(ValueError, match="`features` must be at least two vectors"):
        TransformCoder(20).fit(features)


def test_more_components_than_dimensions_are_refused(train):
    with pytest.raises(ValueError, match=r"`num_components` must not exceed 12.*Received: 13"):
        TransformCoder(20, 13).fit(train)
