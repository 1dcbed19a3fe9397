# SPDX-License-Identifier: Apache-2.0
"""Checks of combinations of settings of slots."""

from __future__ import annotations

from typing import Any

from ..settings import SourceSettings

MAX_COEFFICIENTS = 2**26  # of a slot, 512 MiB in single precision
MAX_POOL = 2**32  # coefficients of a pool, 32 GiB
MIN_KNOWN_DROPS = 64  # a covariance of fewer drops contains information about single drops


def check_grid(settings: Any) -> None:
    """Check the size of a grid, its data elements, and that pilots are in existing OFDM symbols."""
    antennas = settings.num_rx_ant * settings.num_tx_ant
    slot = antennas * settings.drawn_ofdm_symbols * settings.fft_size
    delay = settings.drawn_ofdm_symbols - settings.num_ofdm_symbols
    if slot > MAX_COEFFICIENTS or slot * (settings.realizations or 1) > MAX_POOL:
        raise ValueError(
            f"A slot must have at most {MAX_COEFFICIENTS} channel coefficients, "
            "num_rx_ant x num_tx_ant x num_ofdm_symbols x fft_size, with the OFDM symbols of a "
            f"delay, and a pool at most {MAX_POOL}. Received: {slot} in a slot"
            + (f" with a delay of {delay} OFDM symbols" if delay else "")
            + ("" if settings.realizations is None else f", a pool of {settings.realizations}")
        )
    pilots, used = settings.pilot_ofdm_symbol_indices, settings.num_subcarriers
    if min(settings.num_guard_carriers) < 0 or used < 1:
        raise ValueError(
            "`num_guard_carriers` must be non-negative and leave a subcarrier. "
            f"Received: {settings.num_guard_carriers} of fft_size={settings.fft_size}"
        )
    if settings.cyclic_prefix_length > settings.fft_size:
        raise ValueError(
            "`cyclic_prefix_length` must not exceed `fft_size`. "
            f"Received: {settings.cyclic_prefix_length} > {settings.fft_size}"
        )
    if any(not 0 <= index < settings.num_ofdm_symbols for index in pilots):
        raise ValueError(
            f"`pilot_ofdm_symbol_indices` must lie in [0, {settings.num_ofdm_symbols}). "
            f"Received: {pilots}"
        )
    if list(pilots) != sorted(set(pilots)):
        raise ValueError(f"`pilot_ofdm_symbol_indices` must increase. Received: {pilots}")
    if len(pilots) == settings.num_ofdm_symbols:
        raise ValueError(
            f"`pilot_ofdm_symbol_indices` leaves no symbol for data. Received: {pilots}"
        )


def check_budget(settings: Any) -> None:
    """Check that a link budget has a channel with path loss, and that interferers are drawn."""
    budget = settings.link_budget
    if budget is None:
        return
    source = settings.channel if isinstance(settings.channel, SourceSettings) else None
    if source is None and settings.family != "system":
        raise ValueError(
            "`link_budget` needs a channel with path loss: UMi, UMa, RMa or a `channel` of "
            f"your own. Received: model={settings.model!r}"
        )
    if source is not None and source.normalize != "none":
        raise ValueError(
            "`link_budget` needs a `channel` in its own unit, with `normalize`='none'. "
            f"Received: normalize={source.normalize!r}"
        )
    if budget.interferers is None:
        return
    if source is not None or settings.direction != "uplink" or budget.normalize == "slot":
        raise ValueError(
            "`link_budget.interferers` are terminals of adjacent cells of UMi, UMa and RMa, "
            "in the uplink, of slots that are not normalized. Received: "
            f"{'a channel of your own' if source else settings.direction}, "
            f"normalize={budget.normalize!r}"
        )


def check_age(settings: Any) -> None:
    """Check that a delayed channel, and no other, has an age and a speed."""
    if (settings.csi == "delayed") != (settings.csi_delay is not None):
        raise ValueError(
            "`csi_delay` goes with `csi`='delayed'. "
            f"Received: csi={settings.csi!r}, csi_delay={settings.csi_delay}"
        )
    if settings.csi == "delayed" and settings.speed == 0.0 and settings.channel is None:
        raise ValueError(
            "`csi`='delayed' needs a `speed` above zero, because the channel of a terminal "
            "that stands still does not age. Received: speed=0.0"
        )


def check_estimation(settings: Any) -> None:
    """Check that least-squares estimation is possible."""
    if not settings.pilot_ofdm_symbol_indices:
        raise ValueError("`csi`='ls' needs pilots. Received: pilot_ofdm_symbol_indices=()")
    if settings.interpolation == "lmmse" and settings.statistics == "none":
        raise ValueError("`interpolation`='lmmse' needs `statistics`='known'. Received: 'none'")
    pooled = settings.realizations is not None and settings.family in ("system", "own")
    if settings.knows_statistics and pooled and (settings.realizations or 0) < MIN_KNOWN_DROPS:
        raise ValueError(
            f"A covariance that is measured in a pool of less than {MIN_KNOWN_DROPS} drops "
            "tells the receiver the drops themselves. Use a larger `pool_size` or "
            f"`statistics`='none'. Received: pool_size={settings.realizations}"
        )
