# SPDX-License-Identifier: Apache-2.0
"""Callbacks of trainings: calibration of links, schedules of loss weights, and error handling."""

from __future__ import annotations

import math
from typing import Any

import keras


class CalibrateLink(keras.callbacks.Callback):
    """Let the link of a system measure what its reported noise depends on, after training.

    Parameters
    ----------
    num_epochs : `None` | `int`
        Epochs after which training ends that is made of several calls of ``fit``; by default it is
        the end of one
    """

    def __init__(self, num_epochs: int | None = None) -> None:
        super().__init__()
        self._num_epochs = num_epochs
        self._epoch = -1

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Calibrate, if this is the end."""
        if self._num_epochs in (None, self._epoch + 1):
            self.model.calibrate_link()


class LinearRamp(keras.callbacks.Callback):
    r"""Increase a variable linearly from zero to its final value.

    .. math:: v(e) = v_1 \min\!\left(1, \max\!\left(0, \frac{e - e_0}{e_1 - e_0}\right)\right)

    with the time :math:`e` in epochs. Fractions of epochs are used if the number of steps per epoch
    is known.

    Parameters
    ----------
    variable : `keras.Variable`
        Variable that is set before each step
    value : `float`
        Final value :math:`v_1`
    first_epoch, last_epoch : `float`
        Start and end of the increase, :math:`e_0 \le e_1`

    Raises
    ------
    ValueError
        If ``last_epoch`` is smaller than ``first_epoch``
    """

    def __init__(
        self, variable: keras.Variable, value: float, first_epoch: float, last_epoch: float
    ) -> None:
        super().__init__()
        if not 0 <= first_epoch <= last_epoch:
            raise ValueError(
                "`first_epoch` must not be negative, nor come after `last_epoch`. "
                f"Received: {first_epoch} and {last_epoch}"
            )
        self._variable = variable
        self._value = value
        self._first, self._length = first_epoch, last_epoch - first_epoch
        self._epoch = 0

    def at(self, epoch: float) -> float:
        """Value at the given time in epochs."""
        if epoch >= self._first + self._length:
            return self._value
        if epoch <= self._first:
            return 0.0
        return self._value * (epoch - self._first) / self._length

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Store the epoch."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the variable for this step."""
        steps = (self.params or {}).get("steps")
        self._variable.assign(self.at(self._epoch + (batch / steps if steps else 0.0)))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Set the variable to the value at the end of the epoch."""
        self._variable.assign(self.at(self._epoch + 1))


class StopOnNonFiniteLoss(keras.callbacks.Callback):
    """Raises an error if the loss is not finite.

    Parameters
    ----------
    checkpoint : `str` | `None`
        Last valid checkpoint for the error message

    Raises
    ------
    FloatingPointError
        With the step, the SNR and the last valid checkpoint
    """

    def __init__(self, checkpoint: str | None = None) -> None:
        super().__init__()
        self.checkpoint = checkpoint

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Check the running loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        step = int(self.model.optimizer.iterations)
        snr = getattr(self.model, "last_snr_db", None)
        at_snr = "" if snr is None else f" at an SNR of {float(snr):.2f} dB"
        raise FloatingPointError(
            f"The loss is {loss} in step {step}{at_snr}. "
            f"Last good checkpoint: {self.checkpoint or 'none'}"
        )
