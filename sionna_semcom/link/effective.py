# SPDX-License-Identifier: Apache-2.0
"""AWGN with the noise power that another link reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import keras
import tensorflow as tf
from pydantic import model_validator
from sionna.phy.channel import AWGN

from .base import LINKS, Link, LinkSettings
from .wrapping import WrappingLink, WrappingSettings


class EffectiveAWGNSettings(WrappingSettings):
    """Settings of `EffectiveAWGNLink`."""

    kind: Literal["effective_awgn"] = "effective_awgn"
    """Selects this link in a study."""
    link: Annotated[LinkSettings, LINKS]
    """Link whose ``no_eff`` is the noise power."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Metrics of the other link."""
        return self.link.metric_names

    @model_validator(mode="after")
    def _check_link(self) -> EffectiveAWGNSettings:
        if "transmissions" in self.link.metric_names:
            raise ValueError(
                "`link` must have one transmission; use the effective link as the `link` of the "
                f"retransmissions. Received: {self.link.kind!r} with retransmissions"
            )
        return self


@LINKS.register(EffectiveAWGNSettings)
class EffectiveAWGNLink(WrappingLink):
    r"""AWGN with the noise power that another link reports as ``no_eff``.

    .. math:: \hat{x}_{b,n} = x_{b,n} + w_{b,n}, \qquad w_{b,n} \sim \mathcal{CN}(0, N_{b,n})

    where :math:`N_{b,n}` is the ``no_eff`` of a transmission over ``link``. If a system has the
    same performance over both links, ``no_eff`` describes the impairments of ``link`` completely.

    See :class:`~sionna_semcom.link.Link` for input and output.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link` | `LinkSettings` | `dict`
        Link that reports the noise power, or its settings

    Raises
    ------
    ValueError
        If ``link`` is a MIMO channel, accepts only symbols of several transmitters, or has
        retransmissions
    """

    def __init__(self, link: Link | LinkSettings | dict[str, Any], **settings: Any) -> None:
        super().__init__(link, **settings)
        self._awgn = AWGN(precision=self.precision)

    @property
    def aggregates(self) -> Mapping[str, Callable[..., float]]:
        """Aggregates of ``link``."""
        return dict(self.link.aggregates)

    def get_config(self) -> dict[str, Any]:
        """Configuration of the link, with its random draws."""
        link = keras.saving.serialize_keras_object(self.link)
        return {"link": link, "precision": self.settings.precision}

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Add noise of the power that ``link`` reports for checked ``symbols`` at ``no``."""
        no_eff = tf.cast(self.link(symbols, no)[1], self.rdtype)
        return self._awgn(symbols, no_eff), no_eff

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Channel uses of the other link."""
        return self.link.channel_uses(num_symbols, num_latents)
