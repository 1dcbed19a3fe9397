# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import accuracy_score

from sionna_semcom.metrics import accuracy


def test_accuracy_equals_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    labels, logits = rng.integers(5, size=200), rng.normal(size=(200, 5))
    logits[np.arange(200), labels] += 1.0
    right = accuracy(np.eye(5)[labels], logits)
    assert right.dtype == tf.bool
    assert np.mean(right) == accuracy_score(labels, logits.argmax(1))


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"\[batch, num_classes\]. Received: \(4, 10\) and \(4,\)"):
        accuracy(tf.zeros([4, 10]), tf.zeros([4]))
