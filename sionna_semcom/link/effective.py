# SPDX-License-Identifier: Apache-2.0
"""What a system would achieve if a link were no more than the noise it reports."""

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
    """The link whose ``no_eff`` is the noise power."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """What is measured of the other link."""
        return self.link.metric_names

    @model_validator(mode="after")
    def _check_link(self) -> EffectiveAWGNSettings:
        if "transmissions" in self.link.metric_names:
            raise ValueError(
                "`link` must be one transmission; put the effective link inside the "
                f"retransmissions. Received: {self.link.kind!r} with retransmissions"
            )
        return self


@LINKS.register(EffectiveAWGNSettings)
class EffectiveAWGNLink(WrappingLink):
    r"""Gaussian noise of the power that another link reports as ``no_eff``.

    .. math:: \hat{x}_{b,n} = x_{b,n} + w_{b,n}, \qquad w_{b,n} \sim \mathcal{CN}(0, N_{b,n})

    with :math:`N_{b,n}` of a run of ``link``. A system that does as well over the link as over
    this one loses nothing that ``no_eff`` does not explain.

    See :class:`~sionna_semcom.link.Link` for input and output.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link` | `LinkSettings` | `dict`
        Link that reports the noise, or its settings

    Raises
    ------
    ValueError
        If ``link`` is a MIMO channel, takes symbols of several transmitters alone, or sends rows
        several times
    """

    def __init__(self, link: Link | LinkSettings | dict[str, Any], **settings: Any) -> None:
        super().__init__(link, **settings)
        self._awgn = AWGN(precision=self.precision)

    @property
    def aggregates(self) -> Mapping[str, Callable[..., float]]:
        """Those of ``link``."""
        return dict(self.link.aggregates)

    def get_config(self) -> dict[str, Any]:
        """The link, with what it drew when it was built."""
        link = keras.saving.serialize_keras_object(self.link)
        return {"link": link, "precision": self.settings.precision}

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Add the noise that ``link`` reports for checked ``symbols`` at noise power ``no``."""
        no_eff = tf.cast(self.link(symbols, no)[1], self.rdtype)
        return self._awgn(symbols, no_eff), no_eff

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """What the other link uses."""
        return self.link.channel_uses(num_symbols, num_latents)
