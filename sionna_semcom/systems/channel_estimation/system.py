# SPDX-License-Identifier: Apache-2.0
"""The estimator of a link is trained on the channel itself, and measured."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import numpy as np
import tensorflow as tf
from sionna.phy import config

from ... import metrics
from ...channel.slots.settings import SlotSettings
from ...datasets import Data
from ...link import LINKS, Link, MultiUserSettings, OFDMLink
from ...link.estimation.observation import Observation
from ..base.contract import Batch
from ..base.linked_model import LinkedModel
from ..base.settings import SYSTEMS, SystemSettings

METRICS = ("nmse", "symbol_mse", "error_over_no_eff", "error_over_no_eff_p50")
RATIO_EDGES_DB = np.arange(-15.0, 30.1, 0.05)  # of the histogram behind the median


_MEDIAN = metrics.Percentile(50, RATIO_EDGES_DB)


class ChannelEstimationSettings(SystemSettings):
    """A :class:`ChannelEstimation`; all further settings are settings of its link."""

    crosses = "link"

    kind: Literal["channel_estimation"] = "channel_estimation"

    def check_link(self, link: Any) -> None:
        """Check that the link estimates the channel of one user, and measures nothing else.

        Raises
        ------
        ValueError
            If it has no estimate, several users, the time domain or metrics of its own
        """
        if not issubclass(LINKS.of(link), OFDMLink) or isinstance(link, MultiUserSettings):
            raise ValueError(
                f"needs a link that estimates a channel: ofdm or pusch. Received: {link.kind!r}"
            )
        if isinstance(link, SlotSettings) and link.domain == "time":
            raise ValueError("needs a link with domain 'frequency'. Received: domain='time'")
        if link.metric_names:
            raise ValueError(
                "needs a link without link_budget and transport_block. "
                f"Received: {link.kind} with the metrics {', '.join(link.metric_names)}"
            )

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of the metrics."""
        return list(METRICS)


@SYSTEMS.register(ChannelEstimationSettings)
class ChannelEstimation(LinkedModel):
    r"""Training of the channel estimator of a link on true channels, and its evaluation.

    .. math:: \mathcal{L} = \mathbb{E}\left[\log\frac{\sigma^2}{P} +
              \frac{|h - \hat{h}|^2}{\sigma^2}\right]

    is the negative log-likelihood of the channel :math:`h` of each stream, antenna and resource
    element given its estimate :math:`\hat{h}` and the error variance :math:`\sigma^2` that the
    estimator reports, up to a constant. :math:`P` is the energy of :math:`h` in its slot. The loss
    is minimized by the conditional mean and variance of a complex Gaussian channel. After the
    training, the link measures the effective noise power of equalized symbols.

    All weights belong to a :class:`~sionna_semcom.link.LearnedEstimator` of the link. Over a link
    without such an estimator, the system has no weights and evaluates the unrefined estimate.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.OFDMLink`
        Link with the estimator; may be replaced at any time
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of training, or the range from which each slot draws it uniformly

    Input
    -----
    inputs : `dict`
        Any samples ``[batch, ...]``, a slot each: only their number counts
    snr_db : `None` (drawn as in training) | [], `float`
        SNR [dB]

    Output
    ------
    : [batch, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, num_subcarriers], `tf.complex`
        Estimates of the channel of a slot for each sample

    Raises
    ------
    ValueError
        If ``snr_db`` is neither an SNR nor a range of SNRs, or the link does not estimate a channel
    """

    settings_class = ChannelEstimationSettings
    aggregates: ClassVar[Any] = {
        "nmse": lambda means: float(means[0] / means[1]),
        "error_over_no_eff_p50": lambda means: float(10.0 ** (_MEDIAN(means) / 10.0)),
    }

    def __init__(
        self,
        *,
        link: Link,
        snr_db: float | tuple[float, float] = (-5.0, 35.0),
        name: str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(link=link, snr_db=snr_db, name=name, **settings)
        self.built = True

    @classmethod
    def from_data(cls, settings: Any, data: Data, **crossed: Any) -> Any:
        """Build the system; ``data`` only give their number of samples."""
        return cls(**crossed)

    def call(self, inputs: Batch, snr_db: tf.Tensor | float | None = None) -> tf.Tensor:
        """Estimate the channel of a slot for each sample."""
        return self.observe(inputs, snr_db).h_hat

    def observe(self, inputs: Batch, snr_db: tf.Tensor | float | None = None) -> Observation:
        """Transmit one slot per sample, and return the channel and its estimate.

        Input as that of the system.
        """
        if not isinstance(self.link, OFDMLink):
            raise ValueError(
                "`link` must estimate a channel, as OFDMLink and PUSCHLink do. "
                f"Received: {type(self.link).__name__}"
            )
        num_slots = tf.shape(next(iter(inputs.values())))[0]
        no = self._noise_powers(num_slots) if snr_db is None else self.noise_power(snr_db)
        return self.link.observe(self.link.channel(num_slots), no)

    def _noise_powers(self, num_slots: tf.Tensor) -> tf.Tensor:
        """Noise power of each slot in training."""
        low, high = self._snr_range
        if low == high:
            return self.noise_power(low)
        snr_db = config.tf_rng.uniform([num_slots], low, high)
        self.last_snr_db.assign(tf.reduce_mean(snr_db))
        return tf.pow(10.0, -snr_db / 10.0)

    def batch_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Negative log-likelihood of the channel."""
        seen = self.observe(inputs)
        energy = tf.reduce_mean(_squared(seen.h), [1, 2, 3, 4, 5, 6], keepdims=True)
        variance = tf.maximum(seen.err_var / energy, 1e-9)
        error = _squared(seen.h - seen.h_hat) / energy
        return tf.reduce_mean(tf.math.log(variance) + error / variance)

    def measure(
        self, batch: Batch, snr_db: tf.Tensor | float, encodings: Any = None
    ) -> dict[str, tf.Tensor]:
        """Errors of ``batch`` slots at ``snr_db``.

        Output
        ------
        : `dict`
            ``nmse``: error of the estimate and energy of the channel, [batch, 2], the means of
            which have the normalized error as their ratio; ``symbol_mse`` of equalized symbols;
            ``error_over_no_eff``, the mean ratio of their squared error and reported noise in a
            slot, [batch]; and ``error_over_no_eff_p50`` [batch, 901], a histogram whose mean gives
            the median over slots within 1 %
        """
        seen = self.observe(batch, snr_db)
        axes = list(range(1, 7))
        error = tf.reduce_mean(_squared(seen.h - seen.h_hat), axes)
        energy = tf.reduce_mean(_squared(seen.h), axes)
        ratio = seen.error_over_no_eff
        ratio_db = 10.0 / math.log(10.0) * tf.math.log(tf.maximum(ratio, 1e-6))
        return {
            "nmse": tf.stack([error, energy], -1),
            "symbol_mse": tf.reduce_mean(_squared(seen.symbols - seen.symbols_hat), -1),
            "error_over_no_eff": ratio,
            "error_over_no_eff_p50": _MEDIAN.components(ratio_db),
        }

    def static_metrics(self, data: Iterable[Any]) -> dict[str, float]:
        """Number of weights of the estimator: ``parameters``."""
        return {"parameters": self.count_params()}


def _squared(x: tf.Tensor) -> tf.Tensor:
    return tf.math.real(x) ** 2 + tf.math.imag(x) ** 2
