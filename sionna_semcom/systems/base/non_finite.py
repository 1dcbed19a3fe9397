# SPDX-License-Identifier: Apache-2.0
"""Training stops at the first loss that is not finite."""

from __future__ import annotations

import math
from typing import Any

import keras


class StopOnNonFiniteLoss(keras.callbacks.Callback):
    """Raise as soon as the loss is not finite, and say where training stood.

    Parameters
    ----------
    checkpoint : `str` | `None`
        Last good checkpoint, to be named in the error

    Raises
    ------
    FloatingPointError
        With the step, the SNR and the last good checkpoint
    """

    def __init__(self, checkpoint: str | None = None) -> None:
        super().__init__()
        self.checkpoint = checkpoint

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Check the loss of the steps so far."""
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
