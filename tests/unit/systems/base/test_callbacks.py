# SPDX-License-Identifier: Apache-2.0
import keras
import numpy as np
import pytest

from sionna_semcom.systems.base.callbacks import LinearRamp


def _history(ramp, variable, epochs, steps, one_at_a_time=False):
    """Values at each step of a training without other effects."""
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    seen = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(float(variable))
    )
    runs = [(e, e + 1) for e in range(epochs)] if one_at_a_time else [(0, epochs)]
    for first, last in runs:
        x = np.zeros((4 * steps, 1), "f")
        callbacks = [ramp, note]
        model.fit(x, x, 4, last, verbose=0, callbacks=callbacks, initial_epoch=first)
    return np.array(seen)


@pytest.mark.parametrize("one_at_a_time", [False, True])
def test_it_waits_rises_and_stays(one_at_a_time):
    variable = keras.Variable(5.0, trainable=False)
    ramp = LinearRamp(variable, 0.4, 1, 3)
    found = _history(ramp, variable, 4, 5, one_at_a_time)
    expected = 0.4 * np.clip((np.arange(20) / 5 - 1) / 2, 0, 1)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert float(variable) == pytest.approx(0.4)


def test_at_the_end_of_training_it_has_its_value():
    variable = keras.Variable(0.0, trainable=False)
    _history(LinearRamp(variable, 0.4, 1, 2), variable, 2, 3)
    assert float(variable) == pytest.approx(0.4)


def test_a_rise_of_no_length_is_a_step():
    ramp = LinearRamp(keras.Variable(0.0), 2.0, 3, 3)
    assert [ramp.at(epoch) for epoch in (0, 2.9, 3, 4)] == [0, 0, 2, 2]


@pytest.mark.parametrize("epochs", [(-1, 2), (3, 2)])
def test_a_rise_that_ends_before_it_begins_is_refused(epochs):
    with pytest.raises(ValueError, match=r"`first_epoch` must not be negative.*Received"):
        LinearRamp(keras.Variable(0.0), 1.0, *epochs)
