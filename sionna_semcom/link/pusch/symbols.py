# SPDX-License-Identifier: Apache-2.0
"""Parts of Sionna's PUSCH transmitter and receiver between mapper and demapper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from sionna.phy import Block
from sionna.phy.channel import time_to_ofdm_channel
from sionna.phy.mimo import StreamManagement
from sionna.phy.nr import (
    PUSCHConfig,
    PUSCHLSChannelEstimator,
    PUSCHPilotPattern,
    PUSCHPrecoder,
    check_pusch_configs,
)
from sionna.phy.ofdm import (
    LMMSEEqualizer,
    OFDMDemodulator,
    OFDMModulator,
    ResourceGrid,
    ResourceGridMapper,
)

Domain = Literal["freq", "time"]


class PUSCHSymbolTransmitter(Block):
    r"""Transmitter of 5G NR PUSCH slots with your own symbols in the data elements.

    It implements the steps of :class:`~sionna.phy.nr.PUSCHTransmitter` after the symbol mapper:
    mapping of layers and reference signals to the resource grid (3GPP TS 38.211, section 6.3.1 and
    6.4.1.1), precoding, and OFDM modulation.

    Parameters
    ----------
    pusch_configs : :class:`~sionna.phy.nr.PUSCHConfig` | `list`
        Configuration of the transmitter, or of each transmitter

    output_domain : "freq" (default) | "time"
        Domain of the output

    precision : `None` (default) | "single" | "double"
        Precision of calculations and output

    Attributes
    ----------
    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    Input
    -----
    x : [num_slots, num_tx, num_layers, num_data_symbols], `tf.complex`
        Symbols of each layer

    Output
    ------
    : [num_slots, num_tx, num_antenna_ports, ...], `tf.complex`
        Transmit signal, as in Sionna's transmitter: the last axes are num_ofdm_symbols and
        num_subcarriers in the frequency domain, or num_time_samples in the time domain

    Raises
    ------
    ValueError
        If Sionna rejects the configuration; the message contains the reason
    """

    def __init__(
        self,
        pusch_configs: PUSCHConfig | Sequence[PUSCHConfig],
        output_domain: Domain = "freq",
        precision: Any = None,
    ) -> None:
        super().__init__(precision=precision)
        single = isinstance(pusch_configs, PUSCHConfig)
        self.pusch_configs: list[Any] = [pusch_configs] if single else list(pusch_configs)
        try:
            known = check_pusch_configs(self.pusch_configs)
        except (AssertionError, AttributeError, IndexError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(
                f"`pusch_configs` must be a PUSCHConfig or several compatible ones: {reason}. "
                f"Received: {', '.join(type(one).__name__ for one in self.pusch_configs) or 'none'}"
            ) from error
        if output_domain not in ("freq", "time"):
            raise ValueError(
                f"`output_domain` must be 'freq' or 'time'. Received: {output_domain!r}"
            )
        own = {"precision": self.precision}
        self.resource_grid = ResourceGrid(
            num_ofdm_symbols=known["num_ofdm_symbols"],
            fft_size=known["num_subcarriers"],
            subcarrier_spacing=known["subcarrier_spacing"],
            num_tx=known["num_tx"],
            num_streams_per_tx=known["num_layers"],
            cyclic_prefix_length=int(known["cyclic_prefix_length"]),
            pilot_pattern=PUSCHPilotPattern(self.pusch_configs, **own),
            **own,
        )
        elements = int(self.resource_grid.num_data_symbols)
        self._shape = [None, known["num_tx"], known["num_layers"], elements]
        self.precoding_matrices = known["precoding_matrices"]
        self._mapper = ResourceGridMapper(self.resource_grid, **own)
        self._precoder = self._modulator = None
        if self.precoding_matrices:
            self._precoder = PUSCHPrecoder(self.precoding_matrices, **own)
        if output_domain == "time":
            self._modulator = OFDMModulator(self.resource_grid.cyclic_prefix_length, **own)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Generate the transmit signal of the symbols ``x``."""
        if not x.shape.is_compatible_with(self._shape):
            sizes = ", ".join(map(str, self._shape[1:]))
            raise ValueError(
                f"`x` must have shape [num_slots, {sizes}], with a symbol for each data element of "
                "each layer; SlotPacker(resource_grid) packs rows of any length into slots. "
                f"Received: shape={x.shape}"
            )
        signal = self._mapper(x)
        for step in (self._precoder, self._modulator):
            signal = signal if step is None else step(signal)
        return signal


class PUSCHSymbolReceiver(Block):
    r"""Receiver of 5G NR PUSCH slots that returns equalized symbols and their noise power.

    It implements the steps of :class:`~sionna.phy.nr.PUSCHReceiver` before the demapper with
    Sionna's blocks: OFDM demodulation, least-squares estimation and LMMSE equalization. The slots
    follow 3GPP TS 38.211, section 6.3.1. The error variance of Sionna's estimator, and therefore
    ``no_eff``, does not include the interpolation error between reference signals. The ``no_eff``
    of :class:`~sionna_semcom.link.PUSCHLink` includes it.

    Parameters
    ----------
    transmitter : :class:`PUSCHSymbolTransmitter`
        Transmitter of the slots

    channel_estimator : `None` (default) | "perfect" | `BaseChannelEstimator`
        Channel estimator; by default :class:`~sionna.phy.nr.PUSCHLSChannelEstimator` with linear
        interpolation. "perfect" uses the channel ``h``

    equalizer : `None` (default) | :class:`~sionna.phy.ofdm.OFDMEqualizer`
        Equalizer; by default :class:`~sionna.phy.ofdm.LMMSEEqualizer`

    input_domain : "freq" (default) | "time"
        Domain of the input

    l_min : `None` (default) | `int`
        Smallest time lag of the channel, required in the time domain

    Input
    -----
    y, no, h
        Input of :class:`~sionna.phy.nr.PUSCHReceiver`

    Output
    ------
    x_hat : [num_slots, num_tx, num_layers, num_data_symbols], `tf.complex`
        Equalized symbols

    no_eff : as ``x_hat``, `tf.float`
        Noise power left on each symbol

    Raises
    ------
    ValueError
        If ``l_min`` is missing in the time domain, or ``h`` is missing for "perfect"
    """

    def __init__(
        self,
        transmitter: PUSCHSymbolTransmitter,
        channel_estimator: Any = None,
        equalizer: Any = None,
        input_domain: Domain = "freq",
        l_min: int | None = None,
        precision: Any = None,
    ) -> None:
        super().__init__(precision=precision)
        grid, own = transmitter.resource_grid, {"precision": self.precision}
        self._grid, self._l_min = grid, l_min
        self._demodulator = None
        if input_domain == "time":
            if l_min is None:
                raise ValueError("`l_min` is required by input_domain='time'. Received: None")
            self._demodulator = OFDMDemodulator(
                grid.fft_size, l_min, grid.cyclic_prefix_length, **own
            )
        elif input_domain != "freq":
            raise ValueError(f"`input_domain` must be 'freq' or 'time'. Received: {input_domain!r}")
        self._estimator = None
        if channel_estimator != "perfect":
            self._estimator = channel_estimator or _least_squares(transmitter, self.precision)
        self._matrices = None
        if transmitter.precoding_matrices:
            self._matrices = tf.cast(np.stack(transmitter.precoding_matrices), self.cdtype)
        streams = StreamManagement(np.ones([1, grid.num_tx], bool), grid.num_streams_per_tx)
        self._equalizer = equalizer or LMMSEEqualizer(grid, streams, **own)

    def call(
        self, y: tf.Tensor, no: tf.Tensor, h: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Equalize the received signal ``y``."""
        if self._demodulator is not None:
            y = self._demodulator(y)
        h_hat, err_var = self._channel_knowledge(y, no, h)
        x_hat, no_eff = self._equalizer(y, h_hat, err_var, no)
        return x_hat, no_eff

    def _channel_knowledge(
        self, y: tf.Tensor, no: tf.Tensor, h: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        if self._estimator is not None:
            h_hat, err_var = self._estimator(y, no)
            return h_hat, err_var
        if h is None:
            raise ValueError("`h` is required by channel_estimator='perfect'. Received: None")
        if self._demodulator is not None:
            h = time_to_ofdm_channel(h, self._grid, self._l_min)
        if self._matrices is not None:
            h = tf.einsum("...atpsf,tpl->...atlsf", h, self._matrices)
        return h, tf.zeros([], self.rdtype)


def _least_squares(transmitter: PUSCHSymbolTransmitter, precision: str) -> Any:
    dmrs = transmitter.pusch_configs[0].dmrs
    return PUSCHLSChannelEstimator(
        transmitter.resource_grid,
        dmrs.length,
        dmrs.additional_position,
        dmrs.num_cdm_groups_without_data,
        interpolation_type="lin",
        precision=precision,
    )
