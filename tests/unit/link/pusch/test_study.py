# SPDX-License-Identifier: Apache-2.0
"""Studies know what links measure before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from sionna_semcom.link import EffectiveAWGNSettings, LinkSettings, PUSCHSettings
from sionna_semcom.simulation import load_study

STUDY = Path(__file__).parents[4] / "link_sims" / "pusch_bits_and_latents.yaml"


def test_figures_may_show_what_a_link_measures():
    study = load_study(STUDY)
    assert {link.metric_names for link in study.links.values()} == {("bler", "ber", "crc_failure")}
    assert "bler" in (study.figure.metrics or ())
    with pytest.raises(ValueError, match=r"figure\.metrics names the metric 'bler', but curve"):
        load_study(STUDY, ["links.half_umi.transport_block=null"])


def test_what_goes_through_another_link_is_measured_too():
    inner = PUSCHSettings(transport_block={})
    assert EffectiveAWGNSettings(link=inner).metric_names == ("bler", "ber", "crc_failure")
    assert PUSCHSettings().metric_names == LinkSettings().metric_names == ()
