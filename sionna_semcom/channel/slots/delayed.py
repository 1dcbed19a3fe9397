# SPDX-License-Identifier: Apache-2.0
"""Length of slots with delayed CSI."""

from __future__ import annotations

from typing import Protocol


class _Delayed(Protocol):
    """Settings with a delay of the CSI [OFDM symbols]."""

    @property
    def num_ofdm_symbols(self) -> int: ...

    @property
    def csi_delay(self) -> int | None: ...


class DelayedCSI:
    """Settings of slots with the field ``csi_delay``, in front of `SlotSettings` in the bases."""

    @property
    def drawn_ofdm_symbols(self: _Delayed) -> int:
        """OFDM symbols of a slot, and of the time before it to which delayed CSI belongs."""
        return self.num_ofdm_symbols + (self.csi_delay or 0)
