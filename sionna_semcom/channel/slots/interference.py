# SPDX-License-Identifier: Apache-2.0
"""Interference that the model of one matrix per resource element neglects.

In this model the channel is constant within an OFDM symbol, and no path exceeds the cyclic prefix.
The power of the neglected interference at a real receiver is known in closed form.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from scipy.special import itj0y0, j1
from sionna.phy.channel.tr38901 import models

from .settings import SYSTEM_LEVEL_MODELS, SlotSettings

MARGIN_DB = 10.0  # interference at this distance below the noise increases the error by 0.4 dB


class InterferenceFloor(NamedTuple):
    """Powers of interference at a receive antenna, relative to the power of the useful signal."""

    doppler: float
    """Interference between subcarriers, because the channel changes within an OFDM symbol."""
    delay: float
    """Interference between subcarriers and OFDM symbols, due to paths beyond the cyclic prefix."""

    @property
    def db(self) -> float:
        """Sum of both powers [dB]; minus infinity if it is zero."""
        total = self.doppler + self.delay
        return 10.0 * math.log10(total) if total > 0.0 else -math.inf


NOTHING_LEFT_OUT = InterferenceFloor(0.0, 0.0)
"""Floor in the time domain, where no interference is neglected"""


def doppler_interference(doppler_time: float) -> float:
    r"""Power of the interference between subcarriers for Jakes' spectrum.

    .. math::

        P = 1 - 2\int_0^1 (1-t)\,J_0(xt)\,\mathrm{d}t
          = 1 - \frac{2}{x}\left(\int_0^x J_0(u)\,\mathrm{d}u - J_1(x)\right)
          \approx \frac{x^2}{24}, \qquad x = 2\pi f_D T

    with the maximum Doppler shift :math:`f_D` and the duration :math:`T` of an OFDM symbol without
    its prefix (Robertson and Kaiser, "The effects of Doppler spreads in OFDM(A) mobile radio
    systems", 1999).

    Input
    -----
    doppler_time : `float`
        :math:`f_D T`

    Output
    ------
    : `float`
        Share of the received power
    """
    x = 2.0 * math.pi * doppler_time
    if x < 0.1:  # where the difference below loses precision
        return x**2 / 24.0 - x**4 / 960.0
    return 1.0 - 2.0 / x * float(itj0y0(x)[0] - j1(x))


def measured_doppler_interference(h: Any, symbol_time: float) -> float:
    r"""Power of the interference between subcarriers, measured in slots with unit mean energy.

    .. math::

        P \approx \frac{(2\pi f_\mathrm{rms} T)^2}{12}, \qquad
        \mathbb{E}|h_{s+1} - h_s|^2 \approx (2\pi f_\mathrm{rms} T_s)^2\,\mathbb{E}|h_s|^2

    with the root mean square :math:`f_\mathrm{rms}` of the Doppler shifts, for slow changes; for
    Jakes' spectrum :math:`f_\mathrm{rms} = f_D/\sqrt{2}`, as in `doppler_interference`.

    Input
    -----
    h : [..., num_ofdm_symbols, fft_size], `tf.complex`
        Frequency responses

    symbol_time : `float`
        Ratio of the durations of an OFDM symbol with and without its prefix, :math:`T_s/T`

    Output
    ------
    : `float`
        Fraction of the received power, at most one
    """
    h = np.asarray(h)
    if h.shape[-2] < 2:
        return 0.0
    energy = float(np.mean(np.abs(h) ** 2, dtype=float))
    change = float(np.mean(np.abs(np.diff(h, axis=-2)) ** 2, dtype=float)) / energy
    return min(1.0, change / (12.0 * symbol_time**2))


def delay_interference(
    delays: np.ndarray, powers: np.ndarray, prefix: float, duration: float
) -> np.ndarray:
    r"""Power of the interference from paths beyond the cyclic prefix.

    .. math::

        P = \frac{\sum_p P_p\,(2x_p - x_p^2)}{\sum_p P_p}, \qquad
        x_p = \min\!\left(\max\!\left(\frac{\tau_p - T_\mathrm{CP}}{T},\,0\right),\,1\right)

    In a fraction :math:`x` of the receiver's window of duration :math:`T`, a path carries the
    preceding OFDM symbol, which causes intersymbol interference of power :math:`x`. The remaining
    energy :math:`1-x` of the symbol itself consists of the useful energy :math:`(1-x)^2` and the
    interference between subcarriers :math:`x - x^2`.

    Input
    -----
    delays : [..., num_paths], `float`
        Delays after the first path [s]

    powers : [..., num_paths], `float`
        Powers of the paths

    prefix : `float`
        Duration of the cyclic prefix [s]

    duration : `float`
        Duration of an OFDM symbol without its prefix [s]

    Output
    ------
    : [...], `float`
        Share of the received power
    """
    share = np.clip((np.asarray(delays, float) - prefix) / duration, 0.0, 1.0)
    powers = np.asarray(powers, float)
    lost = np.sum(powers * (2.0 * share - share**2), axis=-1)
    return lost / np.maximum(np.sum(powers, axis=-1), np.finfo(float).tiny)


@functools.cache
def power_delay_profile(model: str) -> tuple[np.ndarray, np.ndarray]:
    """Delays over the RMS delay spread, and powers, of a TDL or CDL profile of TR 38.901."""
    table = json.loads(files(models).joinpath(f"{model}.json").read_text())
    return np.array(table["delays"]), 10.0 ** (np.array(table["powers"]) / 10.0)


def drop_interference(settings: SlotSettings, a: Any, tau: Any) -> np.ndarray:
    """Interference of each slot from paths beyond the prefix, for Sionna's ``a`` and ``tau``.

    ``a`` is [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_paths, num_ofdm_symbols], ``tau``
    [num_slots, 1, 1, num_paths].
    """
    powers = np.mean(np.abs(np.asarray(a)) ** 2, axis=(1, 2, 3, 4, 6))
    delays = np.asarray(tau, float)[:, 0, 0]
    powers = np.where(delays < 0.0, 0.0, powers)  # Sionna marks missing paths by -1
    first = np.min(np.where(powers > 0.0, delays, np.inf), axis=-1, keepdims=True)
    excess = np.where(powers > 0.0, delays - first, 0.0)
    return delay_interference(excess, powers, settings.cyclic_prefix, settings.symbol_duration)


def interference_floor(
    settings: SlotSettings, drops: Iterable[np.ndarray] = ()
) -> InterferenceFloor:
    """Interference floor of ``settings``, given the `drop_interference` of a system-level pool."""
    doppler = doppler_interference(settings.max_doppler * settings.symbol_duration)
    if settings.model in SYSTEM_LEVEL_MODELS:
        return InterferenceFloor(doppler, float(np.mean(np.concatenate(list(drops)))))
    delays, powers = power_delay_profile(settings.model)
    grid = settings.cyclic_prefix, settings.symbol_duration
    delay = delay_interference(settings.delay_spread * delays, powers, *grid)
    return InterferenceFloor(doppler, float(delay))


def interference_notes(name: str, link: Any, snr_dbs: Iterable[float]) -> list[str]:
    """Lines of text about the interference floor of a link or MIMO channel, with a warning.

    The warning is issued if the highest SNR, including the array gain, is within 10 dB of the
    floor. Links without a resource grid have no floor and no lines.
    """
    while hasattr(link, "link"):  # the inner link of wrapped links
        link = link.link
    floor_db: float | None = getattr(link, "interference_floor_db", None)
    if floor_db is None:
        return []
    notes = [f"Link {name}: {floor_text(floor_db)}"]
    gain_db = link.settings.array_gain_db
    reached = max((snr_db for snr_db in snr_dbs), default=-math.inf) + gain_db
    if reached > -floor_db - MARGIN_DB:
        notes.append(
            f"Warning: link {name} reaches {reached:.1f} dB with an array gain of {gain_db:.1f}, "
            f"within {MARGIN_DB:.0f} dB of that interference; its errors are too small above an "
            f"SNR of {-floor_db - MARGIN_DB - gain_db:.1f} dB"
        )
    return notes


def study_notes(
    links: Mapping[tuple[str, int], Any], values: Iterable[float], axis: str = "snr_db"
) -> Iterator[str]:
    """The `interference_notes` of the links of a study, by name and seed, for one seed per link.

    ``values`` are SNRs [dB] or transmit powers [dBm]. Values of Eb/N0 are not checked, because
    their SNR depends on the system.
    """
    for name, link in {name: link for (name, _), link in links.items()}.items():
        offset_db = -math.inf if axis == "ebno_db" else link.snr_offset_db(axis)
        yield from interference_notes(name, link, [x + offset_db for x in values])


def slot_summary(settings: SlotSettings, floor_db: float | None, source: str | None = None) -> str:
    """Summary of a link or MIMO channel over slots of a ``source`` or a model, in one line."""
    terms = [
        source or settings.model,
        f"{settings.num_tx_ant} x {settings.num_rx_ant} antennas",
        f"{settings.carrier_frequency / 1e9:g} GHz",
        f"{3.6 * settings.speed:.3g} km/h",
        f"{settings.subcarrier_spacing / 1e3:g} kHz",
    ]
    if source is not None:
        del terms[2:4]
    line = ", ".join(terms)
    return line if floor_db is None else f"{line}; {floor_text(floor_db)}"


def floor_text(floor_db: float) -> str:
    """Description of the floor in words."""
    if floor_db == -math.inf:
        return "no interference is left out"
    return f"interference left out by the model at {floor_db:.1f} dB of the signal"
