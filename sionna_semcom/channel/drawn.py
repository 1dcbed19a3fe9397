# SPDX-License-Identifier: Apache-2.0
"""Parts that draw when they are built, and are the same when they are built again."""

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
    """Notes where Sionna's generators stood before a part was built, if it drew from them."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if not tf.executing_eagerly():
            return super().__call__(*args, **kwargs)
        before = generator_states()
        part = super().__call__(*args, **kwargs)
        after = generator_states()
        part.drawn_from = {key: state for key, state in before.items() if after[key] != state}
        return part


class DrawnPart(Part, Block, metaclass=_Recording):
    """A block that may draw pools of channels or calibrate itself when it is built.

    Its configuration holds the states of the generators that it drew from, so that a part of this
    configuration has the same pools and statistics. Building it leaves the generators alone.

    Attributes
    ----------
    drawn_from : `dict`
        States before the construction of those of Sionna's generators that it drew from

    aggregates : `dict` of callables
        Figures among those that it notes that are functions of means over all samples

    source : `ChannelSource` | `None`
        Where its channels come from, if not from a model by its name

    budget : :class:`~sionna_semcom.channel.slots.link_budget.Budget` | `None`
        Powers of a part with a `LinkBudget`
    """

    drawn_from: Mapping[str, Any] = MappingProxyType({})
    budget: Budget | None = None
    source: Any = None
    aggregates: Any = MappingProxyType({})
    autograph_info__: Mapping[str, Any] = MappingProxyType({})  # its mark for what it leaves alone
    __call__ = tf.autograph.experimental.do_not_convert(Block.__call__)

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the files that its channels come from, by name."""
        return {} if self.source is None else dict(self.source.checksums)

    def snr_offset_db(self, axis: str) -> float:
        """What is added to a value along ``axis`` [dB, dBm] for the SNR [dB].

        Parameters
        ----------
        axis : "snr_db" | "tx_power_dbm" | "ebno_db"
            SNR; transmit power, with a link budget; :math:`E_b/N_0`, where bits are sent

        Raises
        ------
        ValueError
            If nothing is known along ``axis``
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
        """Arguments that build an equal part, and states of generators that it drew from.

        Raises
        ------
        ValueError
            If its channels come from a source that was given in Python and has no name
        """
        if self.source is not None:
            self.source.get_config()
        config = super().get_config()
        return {**config, "drawn_from": self.drawn_from} if self.drawn_from else config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build a part from what :meth:`get_config` gave."""
        options = dict(config)
        with generators_at(options.pop("drawn_from", {})):
            return cls(**options)
