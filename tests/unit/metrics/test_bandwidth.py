# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from sionna_semcom.metrics import bandwidth_ratio, toi, tti, tti_over_toi

SHAPES = {"image": (28, 28, 1), "audio": (128, 24, 1), "text": (10,)}


def test_counts():
    assert toi(SHAPES) == 784 + 3072 + 10
    assert tti([16]) == 16
    assert tti([3, 16, 32]) == 51
    assert bandwidth_ratio(8, SHAPES) == pytest.approx(8 / 3866)


@pytest.mark.parametrize(
    ("latent_dims", "printed"),
    [
        ([3], 0.001),
        ([3] * 3, 0.002),
        ([16], 0.004),
        ([16] * 3, 0.012),
        ([32], 0.008),
        ([32] * 3, 0.025),
    ],
)
def test_ratios_of_the_paper_follow_from_the_default_spectrogram(latent_dims, printed):
    """Table 1 of Grassucci et al. as printed."""
    assert round(tti_over_toi(latent_dims, SHAPES), 3) == printed


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tti([16, 0]), "`latent_dims` must be positive. Received: 0"),
        (lambda: toi({"image": (28, -1)}), "`image` must be positive. Received: -1"),
        (lambda: bandwidth_ratio(0, SHAPES), "`channel_uses` must be positive. Received: 0"),
    ],
)
def test_sizes_that_are_not_positive_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
