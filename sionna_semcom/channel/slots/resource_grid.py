# SPDX-License-Identifier: Apache-2.0
"""The resource grid of a slot."""

from __future__ import annotations

import tensorflow as tf
from sionna.phy.ofdm import PilotPattern, ResourceGrid

from .settings import SlotSettings


class FixedPilots(PilotPattern):
    """Pilot pattern with the pilots of ``pattern``, which are normalized once.

    Sionna normalizes pilots each time they are read. If this is traced in a nested function,
    TensorFlow differentiates the normalization and logs a warning for a cast in it. A change of
    ``normalize`` after construction has no effect.

    Parameters
    ----------
    pattern : :class:`~sionna.phy.ofdm.PilotPattern`
        Pilot pattern
    """

    def __init__(self, pattern: PilotPattern) -> None:
        super().__init__(pattern.mask, pattern.pilots, precision=pattern.precision)

    @property
    def pilots(self) -> tf.Tensor:
        """Pilot symbols [num_tx, num_streams_per_tx, num_pilots], `tf.complex`."""
        return self._fixed

    @pilots.setter
    def pilots(self, pilots: tf.Tensor) -> None:
        PilotPattern.pilots.fset(self, pilots)
        self._fixed = tf.cast(pilots, self.cdtype)


def lengthened_grid(grid: ResourceGrid, settings: SlotSettings, delay: int) -> ResourceGrid:
    """Resource ``grid`` of one slot, extended by ``delay`` OFDM symbols if they are not zero."""
    if not delay:
        return grid
    symbols = settings.num_ofdm_symbols + delay
    return resource_grid(settings.model_copy(update={"num_ofdm_symbols": symbols}))


def resource_grid(
    settings: SlotSettings, pilot_pattern: PilotPattern | None = None
) -> ResourceGrid:
    """Sionna's resource grid of one slot, with pilots of the settings or of a pattern."""
    pilots = list(settings.pilot_ofdm_symbol_indices)
    grid = ResourceGrid(
        num_ofdm_symbols=settings.num_ofdm_symbols,
        fft_size=settings.fft_size,
        subcarrier_spacing=settings.subcarrier_spacing,
        num_streams_per_tx=settings.streams,
        cyclic_prefix_length=settings.cyclic_prefix_length,
        num_guard_carriers=settings.num_guard_carriers,
        dc_null=settings.dc_null,
        pilot_pattern=pilot_pattern or ("kronecker" if pilots else "empty"),
        pilot_ofdm_symbol_indices=pilots,
        precision=settings.precision,
    )
    if pilot_pattern is None:
        grid.pilot_pattern = FixedPilots(grid.pilot_pattern)
    return grid
