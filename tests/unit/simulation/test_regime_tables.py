# SPDX-License-Identifier: Apache-2.0
"""Tables of gains: pairing by seeds, intervals, and Holm's correction."""

from __future__ import annotations

import json

import numpy as np
import pytest
import regime_tables
from scipy import stats

CELLS = [{"copies": copies, "noise": 0.5, "num_train": 64, "num_symbols": 1} for copies in (1, 3)]
GAIN = 0.02  # of the second stage, where bits are in three modalities


@pytest.fixture
def found():
    """Runs of five seeds whose differences from seed to seed are large and common."""
    draw = np.random.default_rng(0)
    every = regime_tables.ALONE | regime_tables.AMONG
    variants = {name for pair in every.values() for name in pair}
    runs = {}
    for cell in CELLS:
        common = draw.uniform(0.3, 0.6, size=(5, 2, 2))  # seeds, metrics, SNRs
        runs[str(cell)] = {name: common + draw.normal(0, 1e-4, common.shape) for name in variants}
    runs[str(CELLS[1])]["only second stage"][:, 0] += GAIN
    return {
        "metrics": ["accuracy", "cross_entropy"],
        "snrs_db": [0.0, 10.0],
        "variants": dict.fromkeys(variants),
        "cells": {str(cell): cell for cell in CELLS},
        "best": {str(cell): {"accuracy": 0.5 + 0.1 * cell["copies"]} for cell in CELLS},
        "runs": {k: {n: a.tolist() for n, a in cell.items()} for k, cell in runs.items()},
    }


def test_gains_are_paired_by_seed(found):
    gain = regime_tables.gains(found, ("only second stage", "none"))
    assert gain.values.shape == (2, 2, 5)
    mean, width = gain.intervals
    np.testing.assert_allclose(mean, [[0, 0], [GAIN, GAIN]], atol=3e-4)
    assert width.max() < 5e-4  # the accuracies themselves differ by 0.3
    one, other = (
        np.array(found["runs"][str(CELLS[1])][name])[:, 0, 1]
        for name in ("only second stage", "none")
    )
    assert gain.p_values[1, 1] == pytest.approx(stats.ttest_rel(one, other).pvalue)
    loss = regime_tables.gains(found, ("only second stage", "none"), "cross_entropy")
    assert loss.values[0, 0, 0] == pytest.approx(
        found["runs"][str(CELLS[0])]["none"][0][1][0]
        - found["runs"][str(CELLS[0])]["only second stage"][0][1][0]
    )


def test_only_complete_pairs_are_compared(found):
    assert regime_tables.pairs(found) == regime_tables.ALONE | regime_tables.AMONG
    del found["runs"][str(CELLS[0])]["dropout"]
    assert set(regime_tables.ALONE) - set(regime_tables.pairs(found)) == {"dropout"}


def test_equal_runs_are_not_significant(found):
    assert (regime_tables.gains(found, ("none", "none")).p_values == 1).all()


def test_holm():
    # Holm (1979): the smallest is compared with 0.05/4, the next with 0.05/3, ...
    p_values = np.array([[0.01, 0.04], [0.03, 0.005]])
    np.testing.assert_array_equal(regime_tables.holm(p_values), [[True, False], [False, True]])
    np.testing.assert_array_equal(regime_tables.holm(np.array([0.02, 0.03])), [True, True])
    np.testing.assert_array_equal(regime_tables.holm(np.array([0.026, 0.001])), [True, True])
    np.testing.assert_array_equal(regime_tables.holm(np.array([0.06, 0.03, 0.001])), [0, 0, 1])


def test_tables(found, monkeypatch):
    monkeypatch.setattr(regime_tables, "document", lambda file: json.loads(json.dumps(found)))
    text = regime_tables.regimes("x.json averages by=copies")
    row = next(line for line in text.splitlines() if line.startswith("| second stage |"))
    assert row.split("|")[3].split("±")[0].strip(" *") in ("1.99", "2.00", "2.01")
    assert "in 3 of 3" in text.splitlines()[0]
    counts = regime_tables.regimes("x.json significance").splitlines()
    assert counts[4].startswith("| second stage | 5 | 4 | 0.1 | 2 |")
    table = regime_tables.regimes("x.json predictions").splitlines()
    assert "| 3 of 3 | 0.5 | 0.800 |" in table[3] and "| -20.0 to 0 |" in table[3]
