# SPDX-License-Identifier: Apache-2.0
"""Parts whose random draws at construction are reproduced from their configuration."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import tensorflow as tf
from sionna.phy import Block

from .._parts import Part
from .._seeding import generator_states, generators_at
from .slots.link_budget import POWER_AXIS, Budget


class _Recording(ABCMeta):
    """Records the states of Sionna's generators before a part is built, if it uses them."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if not tf.executing_eagerly():
            return super().__call__(*args, **kwargs)
        before = generator_states()
        part = super().__call__(*args, **kwargs)
        after = generator_states()
        part.drawn_from = {key: state for key, state in before.items() if after[key] != state}
        return part


class DrawnPart(Part, Block, metaclass=_Recording):
    """Block that may draw pools of channels or calibrate itself at construction.

    Its configuration contains the states of the generators that it used. A part that is built from
    this configuration therefore has the same pools and statistics, and does not change the
    generators.

    Attributes
    ----------
    drawn_from : `dict`
        States of the Sionna generators that it used, before the construction

    aggregates : `dict` of callables
        Functions of means over all samples, by recorded metric

    source : `ChannelSource` | `None`
        Source of its channels, if not a named model

    budget : :class:`~sionna_semcom.channel.slots.link_budget.Budget` | `None`
        Powers of a part with a `LinkBudget`
    """

    drawn_from: Mapping[str, Any] = MappingProxyType({})
    budget: Budget | None = None
    source: Any = None
    _files: Mapping[str, str] = MappingProxyType({})  # SHA-256 of files of its trained parts
    aggregates: Any = MappingProxyType({})
    autograph_info__: Mapping[str, Any] = MappingProxyType({})  # not for AutoGraph
    __call__ = tf.autograph.experimental.do_not_convert(Block.__call__)

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of its channel files and of files of trained weights, by name."""
        source = {} if self.source is None else self.source.checksums
        return {**source, **self._files}

    def snr_offset_db(self, axis: str) -> float:
        """Offset [dB] from a value of ``axis`` [dB or dBm] to the SNR [dB].

        Parameters
        ----------
        axis : "snr_db" | "tx_power_dbm" | "ebno_db"
            SNR; transmit power, with a link budget; :math:`E_b/N_0`, if bits are transmitted

        Raises
        ------
        ValueError
            If ``axis`` is not available
        """
        if axis == "snr_db":
            return 0.0
        if axis == POWER_AXIS and self.budget is not None:
            return self.budget.snr_offset_db
        needed = {POWER_AXIS: "a `link_budget`", "ebno_db": "a system or link that sends bits"}
        raise ValueError(
            f"the axis {axis!r} needs {needed.get(axis, 'to be known')}. Received: "
            f"{type(self).__name__} without"
        )

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and the states of the generators that it used.

        Raises
        ------
        ValueError
            If its channels come from an unnamed source that was given in Python
        """
        if self.source is not None:
            self.source.get_config()
        config = super().get_config()
        return {**config, "drawn_from": self.drawn_from} if self.drawn_from else config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build a part from the output of :meth:`get_config`."""
        options = dict(config)
        with generators_at(options.pop("drawn_from", {})):
            return cls(**options)
