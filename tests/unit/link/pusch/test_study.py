# SPDX-License-Identifier: Apache-2.0
"""Studies check the metrics of links before they run."""

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


def test_metrics_of_bits_end_points_and_may_be_asked_for_by_name():
    targets = "evaluation.num_target_errors={bler: 100, crc_failure: 50}"
    study = load_study(STUDY, [targets, "evaluation.metrics=[{kind: bler}, {kind: psnr}]"])
    assert study.evaluation.num_target_errors == {"bler": 100, "crc_failure": 50}
    without = "links.half_umi.transport_block=null"
    with pytest.raises(ValueError, match=r"num_target_errors names the metric 'bler', but"):
        load_study(STUDY, ["figure.metrics=null", targets, without])
    rule = r"evaluation.metrics: bler is for bits, as of pusch links with a transport_block and of"
    with pytest.raises(ValueError, match=rule):
        load_study(STUDY, ["figure.metrics=null", "evaluation.metrics=[{kind: bler}]", without])
    with pytest.raises(ValueError, match=r"num_target_errors\.bler: .*greater than 0"):
        load_study(STUDY, ["evaluation.num_target_errors={bler: 0}"])
