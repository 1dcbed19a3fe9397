# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from sionna.phy.nr import CarrierConfig, PUSCHConfig, PUSCHDMRSConfig, TBConfig

from sionna_semcom._parts import validated
from sionna_semcom.link import PUSCHLink, PUSCHSettings, from_settings
from sionna_semcom.link.pusch.configuration import data_elements, precoding_matrix, settings_of

from .slot_cases import SLOTS


@pytest.mark.parametrize("name", SLOTS)
def test_settings_and_sionnas_configuration_are_the_same(name):
    settings = PUSCHSettings(n_cell_id=7, num_resource_blocks=3, slot_number=4, **SLOTS[name])
    again = PUSCHSettings(**settings_of(settings.config))
    np.testing.assert_array_equal(again.config.dmrs_grid, settings.config.dmrs_grid)
    assert again.streams == settings.config.num_layers
    assert again.num_tx_ant == settings.config.num_antenna_ports
    assert again.slots == settings.slots


def test_a_configuration_of_sionna_is_taken_over_whole():
    carrier = CarrierConfig(
        subcarrier_spacing=60, cyclic_prefix="extended", n_size_grid=9, n_cell_id=41, slot_number=3
    )
    dmrs = PUSCHDMRSConfig(
        config_type=2, length=2, additional_position=1, num_cdm_groups_without_data=3,
        n_id=[3, 4], n_scid=1, dmrs_port_set=[1, 6],
    )  # fmt: skip
    config = PUSCHConfig(
        carrier, dmrs, TBConfig(mcs_index=10, mcs_table=2, n_id=5), num_layers=2,
        num_antenna_ports=4, precoding="codebook", tpmi=15, n_rnti=99, n_size_bwp=6,
        symbol_allocation=[0, 11],
    )  # fmt: skip
    link = PUSCHLink(config, csi="perfect", transport_block={"share": 1.0})
    found = link.settings.config
    np.testing.assert_array_equal(found.dmrs_grid, config.dmrs_grid)
    np.testing.assert_array_equal(found.precoding_matrix, config.precoding_matrix)
    assert (found.tb_size, found.num_coded_bits) == (config.tb_size, config.num_coded_bits)
    assert (found.n_rnti, found.tb.n_id) == (99, 5)
    assert link.transport_block.size == config.tb_size
    assert link.resource_grid.num_data_symbols * 2 == link._capacity
    assert from_settings(link.settings.model_dump(mode="json")).settings == link.settings


@pytest.mark.parametrize("name", SLOTS)
def test_data_elements_are_those_that_the_standard_counts(name):
    config = PUSCHSettings(num_resource_blocks=5, **SLOTS[name]).config
    assert data_elements(config) == 5 * config.num_res_per_prb


@pytest.mark.parametrize(
    ("layers", "ports", "indices"), [(1, 2, 6), (1, 4, 28), (2, 2, 3), (2, 4, 22), (4, 4, 5)]
)
def test_every_precoding_matrix_has_unit_power(layers, ports, indices):
    for tpmi in range(indices):
        settings = PUSCHSettings(num_layers=layers, num_antenna_ports=ports, tpmi=tpmi)
        matrix = precoding_matrix(settings.config)
        assert np.linalg.norm(matrix) == pytest.approx(1.0)
        scale = np.linalg.norm(settings.config.precoding_matrix)
        np.testing.assert_allclose(scale * matrix, settings.config.precoding_matrix)
    with pytest.raises(ValueError, match="tpmi"):
        PUSCHSettings(num_layers=layers, num_antenna_ports=ports, tpmi=indices)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_layers": 3}, "Sionna rejects this PUSCH configuration: num_antenna_ports"),
        ({"num_layers": 2, "num_rx_ant": 1}, "`num_layers` must not exceed the number"),
        ({"num_antenna_ports": 2}, "without `tpmi`, `num_antenna_ports` must equal"),
        ({"tpmi": 0}, "precoding requires two or more antenna ports"),
        ({"symbol_allocation": (0, 2)}, "rejects this PUSCH configuration: .*too short"),
        (
            {"symbol_allocation": (2, 1), "mapping_type": "B"},
            "the reference signals leave no resource element for data. Received: symbol_alloc",
        ),
        ({"symbol_allocation": (4, 12), "mapping_type": "B"}, "symbol_allocation"),
        ({"dmrs": {"length": 2, "additional_position": 2}}, "additional_position must be in"),
        ({"dmrs": {"num_cdm_groups_without_data": 3}}, "num_cdm_groups_without_data must be in"),
        ({"dmrs": {"dmrs_port_set": (9,)}}, "Unallowed DMRS port 9"),
        (
            {"num_layers": 4, "dmrs": {"num_cdm_groups_without_data": 1}},
            "Unallowed DMRS port 2",
        ),
        ({"num_layers": 2, "dmrs": {"dmrs_port_set": (1, 1)}}, "a different port for each layer"),
        ({"subcarrier_spacing": 20e3}, "`subcarrier_spacing` must be 15, 30, .* Received: 20000"),
        ({"cyclic_prefix": "extended"}, "Extended cyclic prefix only valid for 60kHz"),
        ({"slot_number": 20}, "slot_number cannot exceed"),
        ({"delay_spread": 1e-5}, "`delay_spread` must not exceed the cyclic prefix"),
        ({"model": "UMi", "pool_size": 8}, "pool of less than 64 drops"),
        ({"interpolation": "lmmse", "statistics": "none"}, "needs `statistics`='known'"),
        ({"num_resource_blocks": 275}, "`interpolation`='lmmse' needs a matrix .*; use 'lin'"),
        (
            {"transport_block": {"share": 0.5, "num_layers": 1}},
            "transport_block: `share` and `num_layers` must not both be given",
        ),
        (
            {"transport_block": {"num_layers": 2}},
            "`transport_block.num_layers` must not exceed `num_layers`. Received: 2 of 1",
        ),
        ({"transport_block": {"share": 0.0}}, "transport_block.share"),
        ({"dmrs": {"lenght": 2}}, "unknown key dmrs.lenght"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(settings, message):
    with pytest.raises(ValueError, match=message) as caught:
        validated(PUSCHSettings, settings)
    assert "\n" not in str(caught.value)


def test_a_configuration_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"`config` must be a `sionna.phy.nr.PUSCHConfig`. Rec"):
        PUSCHLink({"num_layers": 2})
    config = PUSCHConfig(transform_precoding=True)
    with pytest.raises(ValueError, match="transform_precoding` must be False"):
        PUSCHLink(config)


@pytest.mark.parametrize(
    ("settings", "samples"),
    [
        ({"num_resource_blocks": 32, "subcarrier_spacing": 60e3}, 27),  # 144/2048 of 384
        (
            {
                "num_resource_blocks": 32,
                "subcarrier_spacing": 60e3,
                "cyclic_prefix": "extended",
                "symbol_allocation": (0, 12),
            },
            96,
        ),
        ({"num_resource_blocks": 2, "slot_number": 0}, 2),  # 1.7 is rounded up
        ({"num_resource_blocks": 2, "slot_number": 1}, 2),
    ],
)
def test_prefixes_are_the_shorter_ones_of_the_standard(settings, samples):
    assert PUSCHSettings(**settings).slots.cyclic_prefix_length == samples
