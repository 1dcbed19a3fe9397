# SPDX-License-Identifier: Apache-2.0
"""Systems whose modalities may be at devices that do not exchange what they have."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, get_args

import tensorflow as tf

from ...link import Link
from .settings import SystemSettings

Transmitters = Literal["joint", "separate"]


class DeviceSettings(SystemSettings):
    """Settings of systems whose modalities may be at different devices."""

    may_part: ClassVar[bool] = True
    """Whether a system that was trained with one transmitter can be evaluated with several"""

    transmitters: Transmitters = "joint"
    """Whether one transmitter has all modalities, or each is at a device of its own"""


def check_transmitters(transmitters: str) -> None:
    """Refuse unknown ``transmitters``.

    Raises
    ------
    ValueError
        If ``transmitters`` are unknown
    """
    if transmitters not in get_args(Transmitters):
        raise ValueError(
            f"`transmitters` must be one of {', '.join(get_args(Transmitters))}. "
            f"Received: {transmitters!r}"
        )


def check_devices(link: Any, num_devices: int) -> None:
    """Refuse a link that does not take the symbols of so many devices.

    Raises
    ------
    ValueError
        If it does not
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
    """Whether ``link`` gives the mean of what devices send, and not what each sends."""
    return 1 not in link.received_axes(3)


def uses_of_devices(link: Link, num_symbols: int, batch: int, num_devices: int) -> int:
    """Channel uses of ``batch`` samples of which each device sends ``num_symbols``."""
    return link.channel_uses(num_symbols, batch * (1 if adds_in_the_air(link) else num_devices))


def received_rows(
    link: Link, symbols: tf.Tensor, no: tf.Tensor, dtype: tf.DType
) -> tuple[tf.Tensor, tf.Tensor]:
    """What ``link`` gives of ``symbols`` [batch, num_devices, n], ``no_eff`` of type ``dtype``."""
    symbols_hat, no_eff = link(symbols, no)
    return symbols_hat, tf.cast(no_eff, dtype)  # links may compute in double precision
