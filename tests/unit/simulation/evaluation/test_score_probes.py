# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="abstract"
"""Probes of scores in frozen representations."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import pearsonr
from sklearn.metrics import f1_score

from sionna_semcom.datasets import Data
from sionna_semcom.metrics import linear_score_probe
from sionna_semcom.simulation import probe
from sionna_semcom.simulation.evaluation.probes import check_probed


class _Scores(Data):
    """Scores in [-3, 3], and two features with a part of them."""

    def __init__(self, classes=False):
        self.num_classes = 2 if classes else 0
        draw = np.random.default_rng(0)
        scores = np.float32(np.clip(np.round(draw.normal(size=300) * 3) / 2, -3, 3))
        noise = draw.normal(size=(300, 2))
        self.rows = np.float32(scores[:, None] * [1.0, 0.5] + noise)
        self.label = np.int32(scores >= 0) if classes else scores

    def _batches(self, rows, size):
        arrays = {"label": self.label[rows], "rows": self.rows[rows]}
        return tf.data.Dataset.from_tensor_slices(arrays).batch(size)

    def probing(self, size=100):
        return self._batches(slice(200), size)

    def test(self, size=100):
        return self._batches(slice(200, None), size)


class _Shows:
    name = "shows"

    def representations(self, batch, snr_db, present=None):
        return {"received": batch["rows"]}


@pytest.mark.parametrize("kind", ["linear", "whitened", "perceptron"])
def test_scores_have_the_metrics_of_a_regression(kind):
    data = _Scores()
    found = {k: v.mean for k, v in probe(_Shows(), data, data.test(30), 0.0, kind=kind).items()}
    names = ("acc2", "acc5", "acc7", "mae", "f1", "correlation", "acc2_nonzero")
    assert list(found) == [f"label_{name}_in_received" for name in names]
    assert found["label_correlation_in_received"] > 0.7
    assert found["label_mae_in_received"] < 0.9


def test_they_are_those_of_scipy_and_scikit_learn():
    data = _Scores()
    train, test = ((data.rows[rows], data.label[rows]) for rows in (slice(200), slice(200, None)))
    scores, y = np.clip(linear_score_probe(train, test), -3, 3), test[1]
    expected = {
        "mae": np.mean(np.abs(scores - y)),
        "correlation": pearsonr(scores, y).statistic,
        "acc2": np.mean((scores >= 0) == (y >= 0)),
        "acc2_nonzero": np.mean((scores > 0)[y != 0] == (y > 0)[y != 0]),
        "acc7": np.mean(np.round(scores) == np.round(y)),
        "f1": f1_score(y >= 0, scores >= 0, average="weighted"),
    }
    found = probe(_Shows(), data, data.test(30), 0.0)
    for name, value in expected.items():
        assert found[f"label_{name}_in_received"].mean == pytest.approx(value, abs=1e-5), name


def test_names_must_fit_the_label():
    check_probed(_Scores(), ["label_mae_in_received", "mse"])
    check_probed(_Scores(classes=True), ["label_in_received"])
    with pytest.raises(ValueError, match=r"label_mae_in_received.*Received: 'label_in_received'"):
        check_probed(_Scores(), ["label_in_received"])
    with pytest.raises(
        ValueError, match=r"of the data: label_in_text\. Received: 'label_mae_in_text'"
    ):
        check_probed(_Scores(classes=True), ["label_mae_in_text"])
