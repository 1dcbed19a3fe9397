# SPDX-License-Identifier: Apache-2.0
"""Sampling of an OFDM slot in the time domain, and the times at which its channel is known."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from sionna.phy.channel import time_lag_discrete_time_channel

from .settings import SlotSettings

STEPS_PER_SYMBOL = 8  # minimum number of known times per OFDM symbol
STEPS_PER_TURN = 32  # minimum number of known times per period of the maximum Doppler shift


class Waveform(NamedTuple):
    """Sizes of a slot in samples. The subcarriers are the middle ones of a larger FFT."""

    num_ofdm_symbols: int
    fft_size: int
    """Subcarriers of the larger FFT."""
    prefix: int
    """Cyclic prefix [samples]."""
    advance: int
    """Start of the receiver's window before the end of the prefix [samples]."""
    bandwidth: float
    """Samples per second [Hz]."""
    first: int
    """Subcarriers of the larger FFT below those of the slot."""
    stride: int
    """Samples between two times at which the channel is known."""

    @property
    def symbol(self) -> int:
        """Samples of an OFDM symbol with its prefix."""
        return self.fft_size + self.prefix

    @property
    def samples(self) -> int:
        """Samples of the slot."""
        return self.num_ofdm_symbols * self.symbol

    @property
    def num_steps(self) -> int:
        """Number of known times, from the start of the slot to its end or later."""
        return math.ceil(self.samples / self.stride) + 1

    @property
    def step_rate(self) -> float:
        """Number of times per second at which the channel is known [Hz]."""
        return self.bandwidth / self.stride

    def at_symbols(self) -> np.ndarray:
        """Weights [num_steps, num_ofdm_symbols] of the times at the start of each symbol."""
        return self.weights(np.arange(self.num_ofdm_symbols) * self.symbol).T

    def from_symbols(self, num_steps: int) -> np.ndarray:
        """Weights [num_steps, all times] of coefficients that are known once per OFDM symbol.

        The coefficients are interpolated linearly, and extrapolated to the end of the slot. A
        single coefficient for the slot is constant.
        """
        if num_steps == 1:
            return np.ones([1, self.num_steps])
        at = np.arange(self.num_steps) * self.stride / self.symbol
        below = np.minimum(at.astype(int), num_steps - 2)
        rows = np.zeros([num_steps, self.num_steps])
        rows[below, np.arange(self.num_steps)] = 1.0 - (at - below)
        rows[below + 1, np.arange(self.num_steps)] = at - below
        return rows

    def weights(self, samples: np.ndarray) -> np.ndarray:
        """Weights [len(samples), num_steps] of linear interpolation."""
        below = np.minimum(samples // self.stride, self.num_steps - 2)  # and on beyond the last
        share = samples - below * self.stride
        rows = np.zeros([len(samples), self.num_steps])
        rows[np.arange(len(samples)), below] = 1.0 - share / self.stride
        rows[np.arange(len(samples)), below + 1] += share / self.stride
        return rows

    def lags(self, max_delay: float) -> np.ndarray:
        """Time lags of the taps, as Sionna's `time_lag_discrete_time_channel`; at most one slot."""
        first, last = time_lag_discrete_time_channel(self.bandwidth, max_delay)
        return np.arange(int(first), min(int(last), self.samples) + 1)

    def window_weights(self, lags: np.ndarray) -> np.ndarray:
        """Weights of the effective channel of each symbol, [num_ofdm_symbols, num_steps, num_taps].

        The mean over the window of the weight of each time, without the samples that reach the
        window through a tap from other symbols.
        """
        window = self.prefix - self.advance + np.arange(self.fft_size)
        origins = window[:, np.newaxis] - lags
        own = ((origins >= 0) & (origins < self.symbol)) / self.fft_size
        starts = self.symbol * np.arange(self.num_ofdm_symbols)
        return np.stack([self.weights(start + window).T @ own for start in starts])


def waveform(settings: SlotSettings, num_ofdm_symbols: int | None = None) -> Waveform:
    """Waveform of the slots of ``settings``, or of the given number of OFDM symbols."""
    times = settings.oversampling
    fft_size, prefix = times * settings.fft_size, times * settings.cyclic_prefix_length
    per_symbol = STEPS_PER_SYMBOL
    if settings.channel is None:
        turns = settings.max_doppler * (fft_size + prefix) / fft_size * settings.symbol_duration
        per_symbol = max(per_symbol, math.ceil(STEPS_PER_TURN * turns))
    return Waveform(
        num_ofdm_symbols or settings.num_ofdm_symbols,
        fft_size,
        prefix,
        times * settings.advance,
        fft_size * settings.subcarrier_spacing,
        fft_size // 2 - settings.fft_size // 2,
        max(1, (fft_size + prefix) // per_symbol),
    )
