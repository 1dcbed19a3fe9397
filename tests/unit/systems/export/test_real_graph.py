# SPDX-License-Identifier: Apache-2.0
"""Graphs of complex numbers as graphs of real numbers, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from sionna_semcom.systems.export.real_graph import real_graph

WEIGHTS = np.array([1.0 + 2.0j, -0.5j, 3.0], np.complex64)


def rewritten(function):
    """Function of two real arrays, computed by the graph without complex numbers."""
    graph = tf.Graph()
    with graph.as_default():
        ends = [tf.compat.v1.placeholder(tf.float32, [None, 3], name=n) for n in ("re", "im")]
        outputs = [tf.identity(one, f"out{n}") for n, one in enumerate(function(*ends))]
    names = [one.name for one in outputs]
    real = real_graph(graph.as_graph_def(), names)
    assert not [node.op for node in real.node if node.op in ("Complex", "Real", "Imag", "Erfc")]
    enums = {attribute.type for node in real.node for attribute in node.attr.values()}
    assert tf.complex64.as_datatype_enum not in enums

    def run(re, im):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            tf.import_graph_def(real, name="")
            return session.run(names, {"re:0": re, "im:0": im})

    return run


@pytest.fixture
def parts():
    draw = np.random.default_rng(1)
    return draw.normal(size=(2, 4, 3)).astype(np.float32)


def test_products_of_complex_and_of_real_factors(parts):
    def function(re, im):
        x = tf.complex(re, im)
        y = x * WEIGHTS * x + tf.cast(re, tf.complex64) * x - x
        return tf.math.real(y), tf.math.imag(y)

    x = parts[0] + 1j * parts[1]
    expected = x * WEIGHTS * x + parts[0] * x - x
    real, imag = rewritten(function)(*parts)
    np.testing.assert_allclose(real + 1j * imag, expected, rtol=1e-5, atol=1e-5)


def test_joining_splitting_and_sums(parts):
    def function(re, im):
        x = tf.complex(re, im)
        both = tf.concat([x, tf.pad(x, [[0, 0], [1, 0]])], -1)
        first, second = tf.split(both, [2, 5], -1)
        stacked = tf.stack([first, second[:, 3:]], 1)
        total = tf.reduce_sum(tf.transpose(stacked, [0, 2, 1]), 1)
        return tf.math.real(total), tf.math.imag(total)

    x = parts[0] + 1j * parts[1]
    both = np.concatenate([x, np.pad(x, [(0, 0), (1, 0)])], -1)
    expected = np.stack([both[:, :2], both[:, 5:]], 1).sum(-1)
    real, imag = rewritten(function)(*parts)
    np.testing.assert_allclose(real + 1j * imag, expected, rtol=1e-5, atol=1e-5)


def test_a_real_number_has_no_imaginary_part(parts):
    def function(re, im):
        x = tf.cast(re, tf.complex64)
        return tf.math.real(x), tf.math.imag(x), im

    real, imag, _ = rewritten(function)(*parts)
    np.testing.assert_array_equal(real, parts[0])
    np.testing.assert_array_equal(imag, np.zeros_like(parts[0]))


def test_the_complementary_error_function(parts):
    found, _ = rewritten(lambda re, im: (tf.math.erfc(re), im))(*parts)
    np.testing.assert_allclose(found, special.erfc(parts[0]), atol=1e-6)


def test_other_operations_are_refused_in_one_line(parts):
    with pytest.raises(ValueError, match="Received: the operation Exp"):
        rewritten(lambda re, im: (tf.math.real(tf.exp(tf.complex(re, im))), im))
