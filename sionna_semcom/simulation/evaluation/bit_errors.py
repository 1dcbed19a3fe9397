# SPDX-License-Identifier: Apache-2.0
"""Bit error simulations, as for Sionna's ``sim_ber``, in the Monte Carlo of any metric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from ...metrics import ber, bler, note_outputs
from .graphs import converted

BitChain = Callable[[Any, Any], tuple[tf.Tensor, tf.Tensor]]


class BitErrors:
    """Bit and block error rates of a chain as for Sionna's :func:`~sionna.phy.utils.sim_ber`.

    A sample is a block, i.e., the last axis of the output of the chain.

    Parameters
    ----------
    mc_fun : callable
        Called as ``mc_fun(batch_size, ebno_db)``. Returns transmitted bits and decisions, each of
        shape [..., block_size].
    batch_size : `int`
        Batch size of each call
    soft_estimates : `bool`, (default `False`)
        If `True`, decisions are logits

    Raises
    ------
    ValueError
        If ``batch_size`` is not positive

    Example
    -------
    >>> data = tf.data.Dataset.range(200)  # at most 200 batches
    >>> sim_metrics(BitErrors(uplink, 32), data, ebno_dbs, num_target_errors={"bler": 100})
    """

    def __init__(self, mc_fun: BitChain, batch_size: int, soft_estimates: bool = False) -> None:
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be at least 1. Received: {batch_size}")
        self._mc_fun, self._batch_size = converted(mc_fun), batch_size
        self._soft_estimates = soft_estimates

    def measure(self, batch: Any, snr_db: tf.Tensor | float) -> dict[str, tf.Tensor]:
        """Error rates of each block.

        Input
        -----
        batch
            Ignored, because the chain draws its own bits
        snr_db : [], `tf.float`
            Passed to the chain as ``ebno_db`` [dB]

        Output
        ------
        ber : [num_blocks], `tf.float`
            Bit error rate
        bler : [num_blocks], `tf.bool`
            Whether the block has a bit error

        :func:`sim_metrics` raises FloatingPointError if the chain gives NaN.
        """
        bits, bits_hat = self._mc_fun(self._batch_size, snr_db)
        if self._soft_estimates:
            note_outputs(tf.where(tf.math.is_nan(bits_hat), bits_hat, tf.zeros_like(bits_hat)))
            bits_hat = tf.cast(bits_hat > 0, bits.dtype)
        blocks = [tf.reshape(one, [-1, tf.shape(one)[-1]]) for one in (bits, bits_hat)]
        return {"ber": ber(*blocks), "bler": bler(*blocks)}
