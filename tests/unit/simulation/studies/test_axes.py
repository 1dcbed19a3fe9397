# SPDX-License-Identifier: Apache-2.0
"""Studies along transmit power and Eb/N0, with records of channel drops."""

import numpy as np
import pytest

from sionna_semcom.link.figures import with_link_figures
from sionna_semcom.simulation import Result, Study, load_study, outage

from .noise_study import Interruption, NoiseSystem, _run, _study
from .noise_study import noise as noise
from .tiny_study import write as write

BUDGET = {
    "kind": "ofdm", "model": "UMi", "num_tx_ant": 1, "num_rx_ant": 1, "csi": "perfect",
    "fft_size": 12, "num_ofdm_symbols": 2, "pilot_ofdm_symbol_indices": [0], "pool_size": 30,
    "cyclic_prefix_length": 2, "packing": False, "link_budget": {"noise_figure_db": 7},
}  # fmt: skip


@pytest.fixture
def along_power(monkeypatch):
    monkeypatch.setattr(NoiseSystem, "snr_offset_db", lambda self, a: self.link.snr_offset_db(a))
    monkeypatch.setattr(NoiseSystem, "measure", with_link_figures(NoiseSystem.measure))
    document = _study().model_dump(mode="json")
    document["links"] = {"umi": BUDGET}
    document["curves"] = [{"label": "UMi", "model": "main", "link": "umi"}]
    document["evaluation"] |= {"snr_db": None, "tx_power_dbm": [-10, 20], "records": 25}
    del document["evaluation"]["axis"]
    return Study.model_validate(document)


def test_a_study_along_power_keeps_power_snr_and_records(along_power, tmp_path):
    """Each row is a drop. The recorded SINR is that of the drop at the transmit power."""
    result, text = _run(along_power, tmp_path)
    curve = result.curve
    assert (curve.axis, curve.x.tolist()) == ("tx_power_dbm", [-10.0, 20.0])
    assert np.ptp(curve.snr_db) == pytest.approx(30.0)
    assert "Link umi: interference left out" in text
    records = curve.records
    assert len(records) == 2 * 2 * 25 and set(records.seed) == {0, 1}
    assert set(records.values) == {"mse", "small", "sinr_db"}
    assert set(records.drop) <= set(range(30))
    lower, higher = (records.at(point) for point in (0, 1))
    by_drop = dict(zip(lower.drop, lower.values["sinr_db"], strict=True))
    pairs = zip(higher.drop, higher.values["sinr_db"], strict=True)
    differences = [high - by_drop[drop] for drop, high in pairs if drop in by_drop]
    assert len(differences) > 10
    np.testing.assert_allclose(differences, 30.0, atol=1e-3)
    saved = Result.load(tmp_path / "noise.h5")
    np.testing.assert_array_equal(saved.curve.records.drop, records.drop)
    found = outage(saved.curve, "sinr_db", below=0.0)
    assert found.mean.tolist() == [np.mean(one.values["sinr_db"] < 0) for one in (lower, higher)]


def test_an_interrupted_study_ends_with_the_same_records(along_power, tmp_path, monkeypatch):
    whole, _ = _run(along_power, tmp_path / "whole")
    monkeypatch.setattr(NoiseSystem, "calls", 0)
    monkeypatch.setattr(NoiseSystem, "interrupt_at", 10)
    with pytest.raises(Interruption):
        _run(along_power, tmp_path / "parts")
    monkeypatch.setattr(NoiseSystem, "interrupt_at", None)
    again, text = _run(along_power, tmp_path / "parts")
    assert "Resuming after" in text
    for name in ("mse", "sinr_db"):
        np.testing.assert_array_equal(
            again.curve.records.values[name], whole.curve.records.values[name]
        )
    np.testing.assert_array_equal(again.curve.metrics["mse"].mean, whole.curve.metrics["mse"].mean)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["evaluation={tx_power_dbm: [0]}"], "tx_power_dbm needs a link with `link_budget`.*awgn"),
        (["evaluation={ebno_db: [0]}"], "ebno_db needs a model that sends bits.*'main'"),
        (["evaluation={}"], "exactly one of snr_db, tx_power_dbm, ebno_db must be given.*none"),
        (["evaluation={snr_db: [0], ebno_db: [1]}"], "Received: snr_db, ebno_db"),
        (["evaluation={axis: ebno_db, snr_db: [0]}"], "axis must be snr_db.*ebno_db"),
        (["evaluation={ebno_db: [.nan]}"], "ebno_db.*nan"),
        (["evaluation={snr_db: [0], records: -1}"], "records.*greater than or equal to 0"),
    ],
)
def test_impossible_axes_are_refused_before_anything_runs(write, changes, message):
    with pytest.raises(ValueError, match=message):
        load_study(write(), changes)
