# SPDX-License-Identifier: Apache-2.0
"""Interface of links of several users."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import tensorflow as tf
from sionna.phy.utils import complex_normal

from ..base import Link
from ..checked_input import INPUT_SHAPES

USER_SHAPES: Mapping[int, str] = MappingProxyType(
    {3: "[batch, num_users, num_symbols]", **INPUT_SHAPES}
)
"""Shapes of the symbols of several users, by rank."""


class MultiUserLink(Link):
    r"""A chain from the symbols of each user to the equalized symbols of each user.

    .. math:: \hat{x}_{b,k,s} = x_{b,k,s} + w_{b,k,s}, \qquad \mathbb{E}|w_{b,k,s}|^2 = N_{b,k,s}

    for user :math:`k`, where :math:`N_{b,k,s}` is reported as ``no_eff`` and includes the
    interference of other users. The SNR is the ratio of the total transmit power of all users per
    resource element to the noise power per receive antenna.

    Systems with a single transmitter can use the link with ``symbols`` of shape [batch,
    num_symbols]. Row ``b`` is then sent by user ``b % num_users``, and all users send ``num_users``
    rows at the same time. If ``settings.user`` is given, this user sends all rows, and the other
    users send Gaussian symbols. If each row has its own noise power, the other users also send
    Gaussian symbols.

    Parameters
    ----------
    settings :
        Fields of `settings_class`, with ``num_users`` and ``user``

    Input
    -----
    symbols : [batch, num_users, num_symbols] or [batch, num_symbols], `tf.complex`
        Symbols of unit average power
    no : [] or [batch], `tf.float`
        Noise power per receive antenna

    Output
    ------
    symbols_hat : as ``symbols``
        Equalized symbols, scaled without bias
    no_eff : as ``symbols``, `tf.float`
        Noise power left on each symbol after equalization

    Raises
    ------
    ValueError
        If ``symbols`` or ``no`` are invalid as in :class:`~sionna_semcom.link.Link`, or
        ``symbols`` have another number of users. If this number is unknown when your own
        `tf.function` is traced, its graph raises `tf.errors.InvalidArgumentError`
    """

    input_shapes: ClassVar[Mapping[int, str]] = USER_SHAPES

    def call(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Check the input and send ``symbols`` at noise power ``no``."""
        symbols = tf.convert_to_tensor(symbols)
        self.check_users(symbols.shape)
        if symbols.shape.rank == 3:  # in graphs, the number of users can be unknown until they run
            symbols = tf.ensure_shape(symbols, [None, self.settings.num_users, None])
        symbols_hat, no_eff = super().call(symbols, no)
        return symbols_hat, no_eff

    def check_users(self, shape: tf.TensorShape) -> None:
        """Raise `ValueError` if symbols of this ``shape`` have another number of users."""
        users = self.settings.num_users
        if shape.rank == 3 and shape[1] not in (None, users):
            raise ValueError(
                f"`symbols` must have a row for each of num_users={users} users. "
                f"Received: shape={shape}"
            )

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` at noise power ``no``."""
        if symbols.shape.rank == 3:
            return self.transmit_users(symbols, no)
        if no.shape.rank == 1 or self.settings.user is not None:
            return self._beside_others(symbols, no)
        return self._in_turns(symbols, no)

    @abstractmethod
    def transmit_users(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` of all users [batch, num_users, num_symbols]."""

    def num_rounds(self, num_rows: int) -> int:
        """Number of transmissions of all users in which ``num_rows`` rows are sent."""
        return (
            num_rows if self.settings.user is not None else -(-num_rows // self.settings.num_users)
        )

    def _in_turns(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Assign rows to users cyclically; without further rows, users send Gaussian symbols."""
        users = self.settings.num_users
        batch, num_symbols = tf.unstack(tf.shape(symbols))
        rest = self._gaussian([-batch % users, num_symbols], symbols.dtype)
        rows = tf.concat([symbols, rest], 0)
        outputs = self.transmit_users(tf.reshape(rows, [-1, users, num_symbols]), no)
        symbols_hat, no_eff = (tf.reshape(x, [-1, num_symbols])[:batch] for x in outputs)
        return symbols_hat, no_eff

    def _beside_others(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send each row separately, while the other users send Gaussian symbols."""
        users, user = self.settings.num_users, self.settings.user
        batch, num_symbols = tf.unstack(tf.shape(symbols))
        whose = tf.range(batch) % users if user is None else tf.fill([batch], user)
        own = tf.one_hot(whose, users, True, False)[..., tf.newaxis]
        others = self._gaussian([batch, users, num_symbols], symbols.dtype)
        outputs = self.transmit_users(tf.where(own, symbols[:, tf.newaxis], others), no)
        symbols_hat, no_eff = (tf.gather(x, whose, axis=1, batch_dims=1) for x in outputs)
        return symbols_hat, no_eff

    def _gaussian(self, shape: list[Any], dtype: tf.DType) -> tf.Tensor:
        return tf.cast(complex_normal(shape, precision=self.precision), dtype)
