# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import laplace

from sionna_semcom.semantics import RangeCode


@st.composite
def rows(draw):
    """Scales, symbols, and a number of zeros that follow the code."""
    count = draw(st.integers(1, 40))
    scales = draw(st.lists(st.floats(0.0, 200.0), min_size=count, max_size=count))
    symbols = draw(st.lists(st.integers(-127, 127), min_size=count, max_size=count))
    return scales, symbols, draw(st.integers(0, 70))


@settings(max_examples=200, deadline=None)
@given(rows())
def test_symbols_come_back_from_the_shortest_row_and_any_longer_one(row):
    scales, symbols, zeros = row
    code = RangeCode(scales)
    length = code.length(symbols)
    for num_bits in (length, length + zeros):
        bits = code.encode(symbols, num_bits)
        assert bits.shape == (num_bits,)
        np.testing.assert_array_equal(code.decode(bits), symbols)
        padded = np.pad(bits, (0, 5))
        np.testing.assert_array_equal(code.decode(padded), symbols)
    if length:
        assert code.encode(symbols, length - 1) is None


def test_rows_are_no_longer_than_their_information():
    """An interval of width 2^-I contains a number of ceil(I) bits, and sometimes a shorter one."""
    rng = np.random.default_rng(0)
    scales = np.geomspace(20, 0.2, 30)
    code = RangeCode(scales)
    symbols = np.round(rng.laplace(scale=scales, size=[500, 30])).clip(-127, 127).astype(int)
    lengths = np.array([code.length(row) for row in symbols])
    excess = lengths - code.information(symbols)
    assert np.max(excess) < 1.05
    # Of m bits, a number lies in the interval with probability 2^(m - I): E = u - 2^u, u uniform
    np.testing.assert_allclose(np.mean(excess), 0.5 - 1 / np.log(2), atol=0.2)


def test_mean_information_is_the_entropy_of_the_quantized_distribution():
    scales = np.array([0.3, 4.0, 15.0])
    q = np.arange(-127, 128)
    entropy = 0.0
    for scale in scales:
        p = np.diff(laplace(scale=scale).cdf(np.append(q - 0.5, 127.5)))
        entropy -= np.sum(p * np.log2(np.maximum(p, 1e-300)))
    samples = np.random.default_rng(1).laplace(scale=scales, size=[200_000, 3])
    symbols = np.round(samples).clip(-127, 127)
    np.testing.assert_allclose(RangeCode(scales).information(symbols).mean(), entropy, rtol=0.005)


def test_bits_of_no_symbols_are_refused_or_read_as_others():
    code = RangeCode([1.0, 2.0, 0.5])
    refused = 0
    for number in range(2**12):
        bits = np.array(list(np.binary_repr(number, 12)), np.uint8)
        try:
            assert np.max(np.abs(code.decode(bits))) <= 127
        except ValueError as error:
            assert "must be those of an encoder" in str(error)
            refused += 1
    assert refused < 2**11


@pytest.mark.parametrize(
    ("scales", "limit", "message"),
    [
        ([], 3, "`scales` must be a list of finite numbers"),
        ([1.0, -1.0], 3, "none negative. Received: .1.0, -1.0"),
        ([np.nan], 3, "`scales` must be a list of finite numbers"),
        ([1.0], 0, "`limit` must be positive. Received: 0"),
    ],
)
def test_impossible_models_are_refused(scales, limit, message):
    with pytest.raises(ValueError, match=message):
        RangeCode(scales, limit)


@pytest.mark.parametrize("symbols", [[1], [1, 2, 3], [4, 0]])
def test_symbols_that_the_model_lacks_are_refused(symbols):
    with pytest.raises(ValueError, match="`symbols` must be 2 whole numbers of magnitudes up to 3"):
        RangeCode([1.0, 1.0], 3).encode(symbols, 100)
