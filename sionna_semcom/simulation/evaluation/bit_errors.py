# SPDX-License-Identifier: Apache-2.0
"""Chains of bits, as for ``sim_ber``, in the Monte Carlo of any metric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from ...metrics import ber, bler
from .graphs import converted

BitChain = Callable[[Any, Any], tuple[tf.Tensor, tf.Tensor]]


class BitErrors:
    """Bit and block error rates of a chain that Sionna's :func:`~sionna.phy.utils.sim_ber` takes.

    A sample is a block, the last axis of what the chain gives.

    Parameters
    ----------
    mc_fun : callable
        Gives bits that were sent and decisions, [..., block_size] each, when it is called as
        ``mc_fun(batch_size, ebno_db)``
    batch_size : `int`
        Batch size that it is called with
    soft_estimates : `bool`, (default `False`)
        If decisions are logits

    Raises
    ------
    ValueError
        If ``batch_size`` is not positive

    Example
    -------
    >>> data = tf.data.Dataset.range(200)  # at most so many batches
    >>> sim_metrics(BitErrors(uplink, 32), data, ebno_dbs, num_target_errors={"bler": 100})
    """

    def __init__(self, mc_fun: BitChain, batch_size: int, soft_estimates: bool = False) -> None:
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be at least 1. Received: {batch_size}")
        self._mc_fun, self._batch_size = converted(mc_fun), batch_size
        self._soft_estimates = soft_estimates

    def measure(self, batch: Any, snr_db: tf.Tensor | float) -> dict[str, tf.Tensor]:
        """Error rates of each block at ``snr_db``, which the chain takes as it does.

        Input
        -----
        batch
            Number of the batch, or whatever the data hold; the chain draws its own bits
        snr_db : [], `tf.float`
            What the chain calls ``ebno_db``

        Output
        ------
        ber : [num_blocks], `tf.float`
            Share of wrong bits
        bler : [num_blocks], `tf.bool`
            Whether a bit is wrong
        """
        bits, bits_hat = self._mc_fun(self._batch_size, snr_db)
        if self._soft_estimates:
            bits_hat = tf.cast(bits_hat > 0, bits.dtype)
        blocks = [tf.reshape(one, [-1, tf.shape(one)[-1]]) for one in (bits, bits_hat)]
        return {"ber": ber(*blocks), "bler": bler(*blocks)}
