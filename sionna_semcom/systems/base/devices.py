# SPDX-License-Identifier: Apache-2.0
"""Systems whose modalities may be at devices that do not exchange data."""

from __future__ import annotations

from typing import Any, Literal

import tensorflow as tf

from ...link import Link
from .settings import SystemSettings

Transmitters = Literal["joint", "separate"]


class DeviceSettings(SystemSettings):
    """Settings of systems whose modalities may be at different devices."""

    transmitters: Transmitters = "joint"
    """Whether one transmitter has all modalities, or each modality is at its own device"""

    @property
    def may_part(self) -> bool:
        """Whether a system trained with one transmitter can be evaluated with several."""
        return True


def check_devices(link: Any, num_devices: int) -> None:
    """Check that a link takes the symbols of ``num_devices`` devices.

    Raises
    ------
    ValueError
        If the link takes another number of devices
    """
    if isinstance(link, Link) and 3 in link.input_shapes:
        if link.settings.num_users == num_devices:
            return
        received = f"num_users={link.settings.num_users}"
    else:
        received = type(link).__name__
    raise ValueError(
        f"`transmitters`='separate' needs a link of num_users={num_devices}, one for each "
        f"modality. Received: {received}"
    )


def adds_in_the_air(link: Link) -> bool:
    """Whether ``link`` returns the mean of the devices' symbols, not the symbols of each."""
    return 1 not in link.received_axes(3)


def uses_of_devices(link: Link, num_symbols: int, batch: int, num_devices: int) -> int:
    """Channel uses of ``batch`` samples with ``num_symbols`` per sample and device."""
    return link.channel_uses(num_symbols, batch * (1 if adds_in_the_air(link) else num_devices))


def received_rows(
    link: Link, symbols: tf.Tensor, no: tf.Tensor, dtype: tf.DType
) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs of ``link`` for ``symbols`` [batch, num_devices, n], with ``no_eff`` as ``dtype``."""
    symbols_hat, no_eff = link(symbols, no)
    return symbols_hat, tf.cast(no_eff, dtype)  # links may compute in double precision
