# SPDX-License-Identifier: Apache-2.0
"""The page on speed, from made-up times."""

from __future__ import annotations

import make_speed


def test_the_speedup_of_two_workers_is_given():
    times = {"batches": 300, "one_worker": 180.0, "two_workers": 100.0, "speedup": 1.8}
    row = {"workers": 1, "points": 3, "seconds": 31.2, "efficiency": 0.96, "points_per_second": 0.1}
    found = {"ms_per_point": 4.0, "points": 1000, "growth": [row], "points_each": 3, "sleep": 10.0}
    text = make_speed.scheduling({**found, "speedup": {**times, "same_file": True}})
    assert "300 batches a point takes 180 s on one worker of one thread and 100 s on two" in text
    assert "1.80 times as fast, with the same file (target: at least 1.8, met).\n" in text
    assert "| 1 | 3 | 31.2 | 0.96 | 0.1 |" in text


def test_the_number_of_tests_is_given():
    text = make_speed.suite({"base": "abc", "before": 1000, "now": 2500})
    assert "There are 2,500 tests instead of 1,000 of commit `abc`, 2.5 times as many." in text
