# SPDX-License-Identifier: Apache-2.0
"""The page on speed, from made-up times."""

from __future__ import annotations

import make_speed


def test_additional_batches_are_compared_without_the_start():
    """One worker takes 30 s and 0.5 s a batch, two take 20 s and 0.25 s a batch."""
    times = {
        count: {"batches": count, "one_worker": 30 + 0.5 * count, "two_workers": 20 + 0.25 * count}
        for count in (100, 300)
    }
    text = make_speed._starting({**times[300], "shorter": times[100]})
    assert (
        "Less the times of 100 batches, the other 200 batches take 100 s and 50 s: 2.00 times"
        in text
    )
    assert "The rest of the time, 30 s and 20 s, is spent on starting, which is 1.50" in text
    assert "commit" not in text
    shorter = {**times[100], "base": "abc"}
    text = make_speed._starting({**times[300], "shorter": shorter})
    assert "of 100 batches, which were measured with commit `abc`, the other" in text


def test_the_number_of_tests_is_given():
    text = make_speed.suite({"base": "abc", "before": 1000, "now": 2500})
    assert "2.5 times as many: 2,500 instead of 1,000." in text
