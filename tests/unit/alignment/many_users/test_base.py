# SPDX-License-Identifier: Apache-2.0
"""All aligners of several users take the same channels, and refuse the same ones."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sionna_semcom.alignment import BroadcastAligner, MultiLinkAligner, UplinkAligner

SHAPE = r"`h` must be complex of shape \[\.\.\., 2, num_elements, num_rx_ant, num_tx_ant\]\."
ALIGNERS = {
    "broadcast": BroadcastAligner(iterations=2),
    "turns": MultiLinkAligner(),
    "uplink": UplinkAligner(iterations=2),
    "uplink_turns": MultiLinkAligner("uplink"),
}


def fitted(name):
    rng = np.random.default_rng(0)
    ends = [rng.normal(size=(50, 4)), [rng.normal(size=(50, size)) for size in (3, 5)]]
    return clone(ALIGNERS[name]).fit(*(ends[::-1] if "uplink" in name else ends))


@pytest.mark.parametrize("name", ALIGNERS)
def test_channels_of_other_users_or_types_are_refused(name):
    aligner = fitted(name)
    for h in (tf.zeros([3, 2, 2, 2], tf.complex64), tf.zeros([2, 2, 2, 2]), 1.0 + 0.0j):
        with pytest.raises(ValueError, match=SHAPE):
            aligner.design(h, 0.1)
    with pytest.raises(NotFittedError):
        clone(aligner).design(tf.zeros([2, 2, 2, 2], tf.complex64), 0.1)


@pytest.mark.parametrize("name", ["turns", "uplink_turns"])
def test_elements_that_users_cannot_share_equally_are_refused(name):
    with pytest.raises(ValueError, match=r"multiple of 2 resource elements.* Received: 3"):
        fitted(name).design(tf.ones([2, 3, 2, 2], tf.complex64), 0.1)


@pytest.mark.parametrize("name", ALIGNERS)
def test_channels_of_numpy_are_those_of_tensorflow(name):
    h = np.random.default_rng(1).normal(size=(2, 2, 2, 2, 2)).view(complex)[..., 0]
    one, other = (fitted(name).design(channels, 0.1) for channels in (h, tf.constant(h)))
    np.testing.assert_array_equal(one.objective, other.objective)


@pytest.mark.parametrize(
    ("name", "form", "size", "once", "downlink"),
    [
        ("turns", "widely_linear", 12, 2 * 12 * 4, 2 * 4 * 4),  # users, [12, 4] and [4, 4]
        ("turns", "complex_linear", 12, 2 * 6 * 2 * 2, 2 * 2 * 2 * 2),  # [6, 2], [2, 2] complex
        ("turns", "widely_linear", 3, 2 * 3 * 3, 2 * 4 * 3),  # three modes
        ("uplink", "widely_linear", 12, 2 * 8, 2 * 8 * 8),
        ("uplink", "complex_linear", 12, 2 * 4, 2 * 4 * 4 * 2),
        ("uplink", "widely_linear", 3, 2 * 3, 2 * 8 * 3),
    ],
)
def test_numbers_that_are_exchanged_are_those_of_the_designs(name, form, size, once, downlink):
    """Two users, two resource elements, two antennas at both ends."""
    rng = np.random.default_rng(0)
    ends = [rng.normal(size=(500, size)), [rng.normal(size=(500, size)) for _ in range(2)]]
    aligner = clone(ALIGNERS[name]).set_params(form=form)
    aligner.fit(*(ends[::-1] if name == "uplink" else ends))
    found = aligner.exchanged(2, 2, 2)
    channels = 2 * 2 * (1 if name == "turns" else 2) * 2 * 2  # of the user's own elements
    assert found == {"once": once, "uplink": channels, "downlink": downlink}
    if name == "uplink":
        design = aligner.design(tf.ones([2, 2, 2, 2], tf.complex128), 0.1)
        reals = 2 if form == "complex_linear" else 1
        assert found["downlink"] == reals * np.prod(design.precoders.shape)
