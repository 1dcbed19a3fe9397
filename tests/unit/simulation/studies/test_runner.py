# SPDX-License-Identifier: Apache-2.0
"""Results of the runner for a fast study with exact results."""

import h5py
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom._files import sha256
from sionna_semcom.channel import FlatMIMOSettings
from sionna_semcom.link import from_settings
from sionna_semcom.simulation import Result, Study
from sionna_semcom.simulation.results.curves import Estimate
from sionna_semcom.simulation.results.intervals import student
from sionna_semcom.simulation.studies import workspace
from sionna_semcom.simulation.training.threads import intra_op_threads

from .noise_study import NoiseSystem, Numbers, _run, _study, _study_along
from .noise_study import noise as noise


def test_a_result_has_all_curves_and_its_provenance(tmp_path):
    result, _ = _run(_study(), tmp_path)
    assert list(result.curves) == ["z, AWGN", "a, fading"]
    awgn = result.curves["z, AWGN"]
    assert awgn.metrics["mse"].count.tolist() == [80, 80]
    assert awgn.metrics["mse"].per_seed.shape == (2, 2)
    assert awgn.summary == {"tti": 3.5, "power": 2.5, "recall/a_to_b": 0.5}
    np.testing.assert_allclose(awgn.metrics["mse"].mean, [4.5, 0.45], rtol=0.4)
    np.testing.assert_allclose(  # one of three modalities, and less noise with two antennas
        result.curves["a, fading"].metrics["mse"].per_seed[1] < 2, [True, True]
    )
    assert set(result.checksums) == {"numbers", "main, seed 0", "main, seed 1"}
    assert result.threads == intra_op_threads()
    assert Study.model_validate(dict(result.settings)) == _study()
    assert [path.name for path in tmp_path.iterdir()] == ["noise.h5"]
    saved = Result.load(tmp_path / "noise.h5")
    assert saved.curves["z, AWGN"].summary == awgn.summary


def test_a_result_names_the_files_of_channels(tmp_path):
    path = tmp_path / "walk.h5"
    with h5py.File(path, "w") as file:
        file["a"] = np.ones([70, 1, 1, 1, 1, 1, 1]) + 0j
        file["tau"] = np.zeros([70, 1, 1, 1])
    document = _study().model_dump(mode="json", exclude={"curves": {1}})
    grid = {"fft_size": 12, "num_tx_ant": 1, "num_rx_ant": 1}
    channel = {"kind": "cir", "path": str(path)}
    document["links"]["awgn"] = {"kind": "ofdm", "csi": "perfect", "channel": channel, **grid}
    result, _ = _run(Study.model_validate(document), tmp_path / "results")
    assert result.checksums[str(path)] == sha256(path)
    assert result.settings["links"]["awgn"]["channel"]["split"] == "all"


def test_intervals_of_several_seeds_are_over_the_models(tmp_path):
    result, _ = _run(_study(seeds=[0, 1, 2], confidence=0.9), tmp_path)
    metric = result.curves["z, AWGN"].metrics["mse"]
    mean, low, high = student(metric.per_seed.T, 1.0, 0.9)
    low = np.maximum(low, 0.0)  # no squared error is negative
    np.testing.assert_allclose([metric.mean, metric.ci_low, metric.ci_high], [mean, low, high])


@pytest.mark.parametrize("probes", [True, "linear", "whitened", "perceptron"])
def test_probes_are_of_the_kind_that_the_study_names(tmp_path, monkeypatch, probes):
    class Probing:
        def __init__(self, system, data, batches, present, kind):
            self.found = {"linear": 0.1, "whitened": 0.2, "perceptron": 0.3}[kind]

        def at(self, snr_db):
            return {"label_in_received": Estimate(self.found, np.nan, np.nan, 40)}

    monkeypatch.setattr(workspace, "Probing", Probing)
    document = _study().model_dump(mode="json", exclude={"curves": {1}})
    document["models"]["main"]["system"] = {"kind": "comm"}
    document["evaluation"]["probes"] = probes
    metrics = _run(Study.model_validate(document), tmp_path)[0].curves["z, AWGN"].metrics
    expected = {"whitened": 0.2, "perceptron": 0.3}.get(probes, 0.1)
    assert metrics["label_in_received"].mean == pytest.approx([expected] * 2)


def test_metrics_of_probes_must_fit_the_label_before_any_training(tmp_path, monkeypatch):
    scores = tf.data.Dataset.from_tensors({"label": [0.5]})
    monkeypatch.setattr(Numbers, "probing", lambda self, batch_size: scores, raising=False)
    monkeypatch.setattr(Numbers, "parts", lambda self, batch: dict(batch), raising=False)
    document = _study().model_dump(mode="json", exclude={"curves": {1}})
    document["models"]["main"]["system"] = {"kind": "comm"}
    document["evaluation"]["probes"] = True
    document["figure"] = {"metrics": ["label_in_received"]}
    with pytest.raises(ValueError, match=r"label_mae_in_.*Received: 'label_in_received'"):
        _run(Study.model_validate(document), tmp_path)
    assert NoiseSystem.calls == 0


def test_points_along_another_axis_stand_where_their_summary_says(tmp_path):
    result, _ = _run(_study_along(), tmp_path)
    models = result.curves["models"]
    assert models.axis == "tti"
    assert models.x.tolist() == [2.5, 2.5, 3.5]  # main, of mean weight 1.5, was named first
    assert models.snr_db.tolist() == [10, 10, 10]
    assert models.metrics["mse"].per_seed.shape == (2, 3)
    np.testing.assert_allclose(models.metrics["mse"].mean, [0.15, 0.15, 0.45], rtol=0.4)
    assert models.summary == {"recall/a_to_b": 0.5}
    assert {name: list(values) for name, values in models.point_summaries.items()} == {
        "power": [0.25, 0.25, 2.5]
    }
    links = result.curves["links"]
    assert links.x.tolist() == [3.5, 3.5]
    assert links.metrics["mse"].mean[0] < links.metrics["mse"].mean[1]  # two antennas
    assert links.summary == {"power": 2.5, "recall/a_to_b": 0.5}
    assert result.curves["one"].x.tolist() == [2.5]
    saved = Result.load(tmp_path / "noise.h5").curves["models"]
    assert (saved.axis, saved.x.tolist()) == ("tti", [2.5, 2.5, 3.5])


def test_points_have_randomness_of_their_own(tmp_path):
    """Models with equal weights have different random draws."""
    result, _ = _run(_study_along(), tmp_path)
    small, same, _ = result.curves["models"].metrics["mse"].mean
    assert small != same


def test_curves_over_a_link_meet_the_same_channels_where_asked_to(tmp_path):
    result, _ = _run(_study_along(common_channels=True), tmp_path)
    small, same, main = result.curves["models"].metrics["mse"].per_seed.T
    np.testing.assert_array_equal(small, same)
    np.testing.assert_allclose(main, [2, 4] * small)  # weights of 1 and 2 against one half
    awgn, fading = result.curves["models"], result.curves["links"]
    assert awgn.metrics["mse"].per_seed[0, 0] != fading.metrics["mse"].per_seed[0, 0]


def test_every_training_seed_may_have_a_channel_of_its_own(tmp_path, monkeypatch):
    def gain(self, batch, snr_db, present=None):
        h = self.link.draw(batch.shape[0], 0.1).h
        return {"mse": tf.abs(h[:, 0, 0, 0])}

    monkeypatch.setattr(NoiseSystem, "measure", gain)
    own, common = (FlatMIMOSettings(realizations=1, realization_seed=s) for s in ("training", 7))
    study = _study().model_copy(update={"links": {"awgn": own, "fading": common}})
    result, _ = _run(study, tmp_path)
    found = {name: curve.metrics["mse"].per_seed for name, curve in result.curves.items()}
    for seed in (0, 1):
        expected = np.abs(from_settings(own, seed).draw(1, 0.1).h)[0, 0, 0, 0]
        np.testing.assert_allclose(found["z, AWGN"][seed], expected, rtol=1e-5)
    assert found["z, AWGN"][0, 0] != found["z, AWGN"][1, 0]
    assert found["a, fading"][0, 0] == found["a, fading"][1, 0]


def test_a_point_gives_the_same_numbers_in_any_list(tmp_path):
    whole, _ = _run(_study_along(), tmp_path)
    study = _study_along()
    curve = study.curves[0].model_copy(update={"model": ("main",)})
    alone, _ = _run(study.model_copy(update={"curves": (curve,)}), tmp_path)
    assert alone.curve.metrics["mse"][0] == whole.curves["models"].metrics["mse"][2]


def test_an_axis_that_no_summary_has_is_found_at_once(tmp_path):
    message = "axis is 'flops', but the summary of 'main' has only tti, power, recall"
    with pytest.raises(ValueError, match=message):
        _run(_study_along("flops"), tmp_path)
    assert NoiseSystem.calls == 0


def test_a_figure_that_a_point_has_not_is_not_a_number(tmp_path, monkeypatch):
    def summary(self, batches):
        return {"tti": self.weight, "power": 1.0} if self.weight == 0.5 else {"tti": self.weight}

    monkeypatch.setattr(NoiseSystem, "summary", summary)
    result, _ = _run(_study_along(), tmp_path)
    np.testing.assert_array_equal(
        result.curves["models"].point_summaries["power"], [1.0, 1.0, np.nan]
    )


def test_a_system_need_not_know_of_missing_modalities(tmp_path, monkeypatch):
    measure = NoiseSystem.measure
    monkeypatch.setattr(NoiseSystem, "measure", lambda self, batch, snr: measure(self, batch, snr))
    result, _ = _run(_study_along(), tmp_path)
    means = result.curves["models"].metrics["mse"].mean
    np.testing.assert_allclose(means, [0.15, 0.15, 0.45], rtol=0.4)


@pytest.mark.parametrize("names", [{"metrics": ("x",)}, {"log_scale": ("x",)}, {"best": "x"}])
def test_a_metric_that_the_figure_names_wrongly_is_found_at_once(tmp_path, names):
    study = _study()
    wrong = study.model_copy(update={"figure": study.figure.model_copy(update=names)})
    with pytest.raises(ValueError, match=r"names the metric 'x', but curve .* has only"):
        _run(wrong, tmp_path)
    assert NoiseSystem.calls == 0
