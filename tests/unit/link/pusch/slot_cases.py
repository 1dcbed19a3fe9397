# SPDX-License-Identifier: Apache-2.0
"""PUSCH slots with different configurations of reference signals."""

SLOTS = {
    "one symbol": {},
    "two layers, one group": {"num_layers": 2, "dmrs": {"additional_position": 1}},
    "data beside the reference signals": {
        "num_layers": 2,
        "dmrs": {"additional_position": 2, "num_cdm_groups_without_data": 1},
    },
    "four layers, double symbols": {
        "num_layers": 4,
        "dmrs": {"length": 2, "additional_position": 1},
    },
    "ports of one double group": {
        "num_layers": 4,
        "dmrs": {"length": 2, "num_cdm_groups_without_data": 1, "dmrs_port_set": (0, 1, 4, 5)},
    },
    "type 2, three groups": {
        "num_layers": 3,
        "num_antenna_ports": 4,
        "tpmi": 0,
        "dmrs": {
            "config_type": 2, "num_cdm_groups_without_data": 3, "dmrs_port_set": (0, 1, 4)
        },
    },
    "type 2, double symbols": {
        "num_layers": 2,
        "dmrs": {"config_type": 2, "length": 2, "dmrs_port_set": (2, 8)},
    },
    "mapping type B, short": {
        "num_layers": 2,
        "mapping_type": "B",
        "symbol_allocation": (3, 7),
        "dmrs": {"additional_position": 3},
    },
}  # fmt: skip
