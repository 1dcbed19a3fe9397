# SPDX-License-Identifier: Apache-2.0
"""Conversion between the settings of a PUSCH link and Sionna's configuration."""

from __future__ import annotations

from typing import Any

import numpy as np
from sionna.phy.nr import CarrierConfig, PUSCHConfig, PUSCHDMRSConfig, TBConfig

SPACINGS = (15e3, 30e3, 60e3, 120e3, 240e3, 480e3, 960e3)
_DMRS = (
    "config_type", "length", "additional_position", "type_a_position",
    "num_cdm_groups_without_data", "n_id", "n_scid",
)  # fmt: skip
_BLOCK = ("mcs_index", "mcs_table", "n_id")


def pusch_config(settings: Any) -> PUSCHConfig:
    """Convert a `PUSCHSettings` to Sionna's configuration.

    Raises
    ------
    ValueError
        If Sionna rejects the configuration, or the layers do not have different ports
    """
    if settings.subcarrier_spacing not in SPACINGS:
        raise ValueError(
            "`subcarrier_spacing` must be 15, 30, 60, 120, 240, 480 or 960 kHz. "
            f"Received: {settings.subcarrier_spacing:g} Hz"
        )
    try:
        config = _configure(settings)
        config.check_config()
    except AssertionError as error:
        reason = " ".join(str(error).split()) or "no reason"
        raise ValueError(f"Sionna rejects this PUSCH configuration: {reason}") from error
    _check_ports(config)
    if len(config.dmrs_symbol_indices) % config.dmrs.length or not config.dmrs_symbol_indices:
        raise ValueError(
            "`symbol_allocation` must contain the reference signals. "
            f"Received: {list(settings.symbol_allocation)}"
        )
    return config


def _configure(settings: Any) -> PUSCHConfig:
    carrier = CarrierConfig(
        n_cell_id=settings.n_cell_id,
        cyclic_prefix=settings.cyclic_prefix,
        subcarrier_spacing=round(settings.subcarrier_spacing / 1e3),
        n_size_grid=settings.num_resource_blocks,
        slot_number=settings.slot_number,
    )
    dmrs = PUSCHDMRSConfig(**{name: getattr(settings.dmrs, name) for name in _DMRS})
    dmrs.dmrs_port_set = list(settings.dmrs.dmrs_port_set or range(settings.num_layers))
    block = settings.transport_block
    coded = {} if block is None else {name: getattr(block, name) for name in _BLOCK}
    return PUSCHConfig(
        carrier,
        dmrs,
        TBConfig(channel_type="PUSCH", **coded),
        num_layers=settings.num_layers,
        num_antenna_ports=settings.num_tx_ant,
        precoding="non-codebook" if settings.tpmi is None else "codebook",
        tpmi=settings.tpmi or 0,
        mapping_type=settings.mapping_type,
        symbol_allocation=list(settings.symbol_allocation),
        n_rnti=settings.n_rnti,
    )


def _check_ports(config: PUSCHConfig) -> None:
    ports, allowed = config.dmrs.dmrs_port_set, config.dmrs.allowed_dmrs_ports
    if len(set(ports)) < config.num_layers or not set(ports) <= set(allowed):
        raise ValueError(
            "`dmrs_port_set` must contain a different port for each layer, from the ports "
            f"{allowed} of config_type={config.dmrs.config_type}, length={config.dmrs.length}, "
            f"num_cdm_groups_without_data={config.dmrs.num_cdm_groups_without_data}. "
            f"Received: {ports}"
        )


def settings_of(config: PUSCHConfig) -> dict[str, Any]:
    """Convert Sionna's ``config`` to settings of a link, without its transport block.

    Raises
    ------
    ValueError
        If ``config`` is not a `PUSCHConfig`, or contains unsupported features
    """
    if not isinstance(config, PUSCHConfig):
        raise ValueError(
            f"`config` must be a `sionna.phy.nr.PUSCHConfig`. Received: {type(config).__name__}"
        )
    if config.transform_precoding:
        raise ValueError("`config.transform_precoding` must be False. Received: True")
    carrier, dmrs = config.carrier, config.dmrs
    return {
        "n_cell_id": carrier.n_cell_id,
        "cyclic_prefix": carrier.cyclic_prefix,
        "subcarrier_spacing": 1e3 * carrier.subcarrier_spacing,
        "slot_number": carrier.slot_number,
        "num_resource_blocks": config.num_resource_blocks,
        "num_layers": config.num_layers,
        "num_antenna_ports": config.num_antenna_ports,
        "tpmi": config.tpmi if config.precoding == "codebook" else None,
        "mapping_type": config.mapping_type,
        "symbol_allocation": tuple(config.symbol_allocation),
        "n_rnti": config.n_rnti,
        "dmrs": {
            **{name: getattr(dmrs, name) for name in _DMRS},
            "dmrs_port_set": tuple(dmrs.dmrs_port_set),
        },
    }


def data_elements(config: PUSCHConfig) -> int:
    """Number of resource elements per layer that carry data."""
    first, number = config.symbol_allocation
    pilots = np.count_nonzero(config.dmrs_mask[:, first : first + number])
    return int(config.num_subcarriers * number - pilots)


def precoding_matrix(config: PUSCHConfig) -> np.ndarray:
    """Precoding matrix [num_antenna_ports, num_layers] of unit total power.

    The matrices of TS 38.211, section 6.3.1.5, have a power of one half or one, depending on the
    index.
    """
    matrix = config.precoding_matrix
    matrix = np.eye(config.num_layers) if matrix is None else matrix
    return matrix / np.linalg.norm(matrix)
