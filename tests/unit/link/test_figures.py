# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import tensorflow as tf

from sionna_semcom.link.figures import DROP, collecting, wanted, with_link_figures


def send(*bler):
    """Record values in the current collection, as a link does."""
    collection = wanted()
    if collection is not None:
        collection.note({"bler": tf.constant(bler)})


def test_one_crossing_gives_its_own_figures_and_several_their_mean():
    with collecting() as once:
        send(True, False)
    assert once.figures()["bler"].dtype == tf.bool
    with collecting() as twice:
        send(True, False)
        send(True, True)
    np.testing.assert_array_equal(twice.figures()["bler"], [1.0, 0.5])
    assert wanted() is None


def test_the_drop_of_several_crossings_is_that_of_the_first():
    with collecting() as twice:
        for drop in ([3, 7], [4, 8]):
            twice.note({DROP: tf.constant(drop)})
    np.testing.assert_array_equal(twice.figures()[DROP], [3, 7])
    assert twice.figures()[DROP].dtype == tf.int32


def test_figures_inside_another_graph_are_not_wanted():
    with collecting() as collection:
        tf.function(lambda: send(True), autograph=False)()
    assert collection.figures() == {}


def test_a_measure_has_the_figures_of_its_link_beside_its_own():
    def measure(value):
        """Docstring."""
        send(False)
        return {"mse": value}

    measured = with_link_figures(measure)
    assert measured.__doc__ == "Docstring."
    for run in (measured, tf.function(measured)):
        figures = run(tf.constant([0.5]))
        assert {name: part.numpy().tolist() for name, part in figures.items()} == {
            "mse": [0.5], "bler": [False],
        }  # fmt: skip
