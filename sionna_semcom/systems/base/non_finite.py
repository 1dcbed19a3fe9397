# SPDX-License-Identifier: Apache-2.0
"""Stop training at the first loss that is not finite."""

from __future__ import annotations

import math
from typing import Any

import keras


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
