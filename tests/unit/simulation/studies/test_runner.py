# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="misc"
"""The runner, with a system that is noise and data that are numbers: fast and exact."""

import io
import json
import re
import resource

import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console
from sionna.phy import config

from sionna_semcom.channel import FlatMIMOSettings
from sionna_semcom.datasets.digits.settings import BuiltinData
from sionna_semcom.link import from_settings
from sionna_semcom.simulation import Result, Study
from sionna_semcom.simulation.results.curves import Estimate
from sionna_semcom.simulation.results.intervals import student
from sionna_semcom.simulation.studies import runner
from sionna_semcom.simulation.training.threads import intra_op_threads
from sionna_semcom.systems.base.contract import SystemContract


class Interruption(BaseException):
    """Stands for a killed process: nothing handles it."""


class NoiseSystem(SystemContract):
    """Measures squared noise that depends on the SNR, the trained weights and what is present."""

    calls = 0
    interrupt_at = None

    def __init__(self, weight):
        self.weight = weight
        self.link = None
        self.recognizers = {}

    def get_weights(self):
        return [np.array([self.weight], np.float32)]

    def measure(self, batch, snr_db, present=None):
        NoiseSystem.calls += 1
        if NoiseSystem.calls == NoiseSystem.interrupt_at:
            raise Interruption
        symbols = tf.complex(config.tf_rng.normal([batch.shape[0], 2]), 0.0)
        received, _ = self.link(symbols, tf.pow(10.0, -snr_db / 10.0))
        error = self.weight * tf.reduce_mean(tf.abs(received - symbols) ** 2, -1)
        return {"mse": error * (len(present) if present else 3), "small": error < 0.1}

    def summary(self, batches):
        return {"tti": 2 + self.weight, "power": self.weight**2, "recall/a_to_b": np.float32(0.5)}


class Numbers:
    def __init__(self):
        self.checksums = {"numbers": "abc"}

    def test(self, batch_size):
        return tf.data.Dataset.range(40).batch(batch_size)


@pytest.fixture(autouse=True)
def noise(monkeypatch):
    weights = {("main", 0): 1.0, ("main", 1): 2.0, ("main", 2): 3.0}
    weights |= {("small", 0): 0.5, ("small", 1): 0.5, ("same", 0): 0.5, ("same", 1): 0.5}
    monkeypatch.setattr(BuiltinData, "load", lambda self, models: Numbers())
    monkeypatch.setattr(
        runner.ModelStore,
        "obtain",
        lambda self, name, settings, data, seed: NoiseSystem(weights[name, seed]),
    )
    monkeypatch.setattr(NoiseSystem, "calls", 0)
    monkeypatch.setattr(NoiseSystem, "interrupt_at", None)
    return weights


def _study(**evaluation):
    fading = {"kind": "flat_fading", "num_tx_ant": 1, "num_rx_ant": 2}
    return Study.model_validate(
        {
            "name": "noise",
            "title": "Noise",
            "models": {"main": {"system": {"kind": "centroid"}, "link": {"kind": "awgn"}}},
            "links": {"awgn": {"kind": "awgn"}, "fading": fading},
            "curves": [
                {"label": "z, AWGN", "model": "main", "link": "awgn"},
                {"label": "a, fading", "model": "main", "link": "fading", "present": ["image"]},
            ],
            "evaluation": {
                "snr_db": [0, 10],
                "batch_size": 10,
                "seeds": [0, 1],
                "graph_mode": None,
                **evaluation,
            },
        }
    )


def _run(study, out):
    text = io.StringIO()
    result = runner.run_study(study, out, console=Console(file=text, width=200))
    return result, text.getvalue()


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


def test_intervals_of_several_seeds_are_over_the_models(tmp_path):
    result, _ = _run(_study(seeds=[0, 1, 2], confidence=0.9), tmp_path)
    metric = result.curves["z, AWGN"].metrics["mse"]
    mean, low, high = student(metric.per_seed.T, 1.0, 0.9)
    np.testing.assert_allclose([metric.mean, metric.ci_low, metric.ci_high], [mean, low, high])


@pytest.mark.parametrize("probes", [True, "linear", "whitened", "perceptron"])
def test_probes_are_of_the_kind_that_the_study_names(tmp_path, monkeypatch, probes):
    def probe(system, data, batches, snr_db, present, kind):
        found = {"linear": 0.1, "whitened": 0.2, "perceptron": 0.3}[kind]
        return {"label_in_received": Estimate(found, np.nan, np.nan, 40)}

    monkeypatch.setattr(runner, "probe", probe)
    document = _study().model_dump(mode="json", exclude={"curves": {1}})
    document["models"]["main"]["system"] = {"kind": "comm"}
    document["evaluation"]["probes"] = probes
    metrics = _run(Study.model_validate(document), tmp_path)[0].curves["z, AWGN"].metrics
    expected = {"whitened": 0.2, "perceptron": 0.3}.get(probes, 0.1)
    assert metrics["label_in_received"].mean == pytest.approx([expected] * 2)


def _study_along(axis="tti", **evaluation):
    """Curves along a figure: two with other models at each point, one with other links."""
    document = _study().model_dump(mode="json")
    document["models"] |= dict.fromkeys(("small", "same"), document["models"]["main"])
    document["curves"] = [
        {"label": "models", "model": ["main", "small", "same"], "link": "awgn"},
        {"label": "links", "model": "main", "link": ["fading", "awgn"]},
        {"label": "one", "model": "small", "link": "fading"},
    ]
    document["evaluation"] |= {"axis": axis, "snr_db": [10], **evaluation}
    return Study.model_validate(document)


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
    """Models with the same weights are not the same point."""
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
    message = "axis is 'flops', but the summary of 'main' over 'awgn' has only tti, power, recall"
    with pytest.raises(ValueError, match=message):
        _run(_study_along("flops"), tmp_path)
    assert NoiseSystem.calls == 4


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


@pytest.mark.parametrize("make_study", [_study, _study_along])
@pytest.mark.parametrize("interrupt_at", [1, 4, 5, 11, 17, 30])
def test_an_interrupted_run_ends_with_the_same_file(
    tmp_path, make_study, interrupt_at, monkeypatch
):
    _run(make_study(), tmp_path / "whole")
    num_calls = NoiseSystem.calls
    monkeypatch.setattr(NoiseSystem, "calls", 0)
    monkeypatch.setattr(NoiseSystem, "interrupt_at", interrupt_at)
    with pytest.raises(Interruption):
        _run(make_study(), tmp_path / "killed")
    assert not (tmp_path / "killed/noise.h5").exists()
    monkeypatch.setattr(NoiseSystem, "interrupt_at", None)
    monkeypatch.setattr(NoiseSystem, "calls", 0)
    _, text = _run(make_study(), tmp_path / "killed")
    whole, resumed = (tmp_path / name / "noise.h5" for name in ("whole", "killed"))
    assert resumed.read_bytes() == whole.read_bytes()
    finished = (interrupt_at - 1) // 4  # points have four batches
    assert num_calls - 4 * finished == NoiseSystem.calls
    assert ("Going on after" in text) == (finished > 0)
    assert not list((tmp_path / "killed").glob("*partial*"))


def _interrupt(study, out, monkeypatch):
    monkeypatch.setattr(NoiseSystem, "interrupt_at", 9)
    with pytest.raises(Interruption):
        _run(study, out)
    monkeypatch.setattr(NoiseSystem, "interrupt_at", None)
    monkeypatch.setattr(NoiseSystem, "calls", 0)


def test_other_settings_start_anew_and_say_so(tmp_path, monkeypatch):
    _interrupt(_study(), tmp_path, monkeypatch)
    _, text = _run(_study(confidence=0.9), tmp_path)
    assert "other settings, data or versions: starting anew" in text
    assert NoiseSystem.calls == 32


def test_a_figure_has_no_say_in_the_numbers(tmp_path, monkeypatch):
    _interrupt(_study(), tmp_path, monkeypatch)
    changed = _study().model_copy(update={"title": "Other title"})
    result, _ = _run(changed, tmp_path)
    assert result.title == "Other title"
    assert NoiseSystem.calls == 24


def test_points_of_a_model_that_was_trained_again_are_not_kept(tmp_path, monkeypatch, noise):
    _interrupt(_study(), tmp_path, monkeypatch)
    noise["main", 0] = 5.0
    result, _ = _run(_study(), tmp_path)
    assert NoiseSystem.calls == 32
    assert result.curves["z, AWGN"].summary["tti"] == 5.5


def _judged():
    document = _study().model_dump(mode="json")
    document["models"]["judge"] = {"system": {"kind": "classifier"}}
    return Study.model_validate({**document, "judges": {"image": "judge"}})


def test_points_of_a_judge_that_was_trained_again_are_not_kept(tmp_path, monkeypatch, noise):
    noise["judge", 0] = 1.0
    _interrupt(_judged(), tmp_path, monkeypatch)
    noise["judge", 0] = 2.0
    result, _ = _run(_judged(), tmp_path)
    assert NoiseSystem.calls == 32
    assert result.checksums["judge, seed 0"] == result.checksums["main, seed 1"]  # both weigh 2


@pytest.mark.parametrize("content", ["{", "[]", '{"fingerprint": "x"}', ""])
def test_a_damaged_partial_file_is_named(tmp_path, content):
    (tmp_path / "noise.partial.json").write_text(content)
    with pytest.raises(ValueError, match=r"noise\.partial\.json .* damaged; delete it"):
        _run(_study(), tmp_path)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("0.0", 3),
        ("0.0", {"mse": 0.5}),
        ("0.0", {"mse": [0.5, 0.4, 0.6]}),
        ("0.0", {"mse": ["a", 0.4, 0.6, 10, False]}),
        ("0.0", {"mse": [float("nan"), 0.4, 0.6, 10, False]}),
        ("0.0", {"mse": [0.5, 0.4, 0.6, -1, False]}),
        ("0.0", {"mse": [0.5, 0.4, 0.6, 10, "no"]}),
        ("summary", {"tti": "many"}),
        ("summary", {"tti": [0.5, 0.4, 0.6, 10, False]}),
        ("summary", []),
    ],
)
def test_parts_of_other_types_are_damage(tmp_path, monkeypatch, what, value):
    _interrupt(_study(), tmp_path, monkeypatch)
    path = tmp_path / "noise.partial.json"
    document = json.loads(path.read_text())
    (key, *_) = [key for key in document["entries"] if key.endswith(f" / {what}")]
    document["entries"][key] = value
    path.write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"noise\.partial\.json .* damaged; delete it"):
        _run(_study(), tmp_path)


@pytest.mark.parametrize("most", [300, 1500, 4000])
def test_a_full_disk_loses_nothing(tmp_path, monkeypatch, most):
    """The system refuses files of more bytes: in the first point, later, in the result."""
    study, out = _study(), tmp_path / "out"
    _run(study, tmp_path / "whole")
    monkeypatch.setattr(runner, "check_folder", lambda *names: None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        with pytest.raises(OSError, match=r"noise\.(partial\.json|h5)"):
            _run(study, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    kept = [json.loads(path.read_text()) for path in out.iterdir()]
    assert len(kept) == (most > 300)
    _run(study, out)
    assert [path.name for path in out.iterdir()] == ["noise.h5"]
    assert (out / "noise.h5").read_bytes() == (tmp_path / "whole/noise.h5").read_bytes()


@pytest.mark.parametrize("place", ["out", "out/noise.h5", "out/noise.partial.json"])
def test_what_cannot_be_written_is_found_before_anything_runs(tmp_path, monkeypatch, place):
    monkeypatch.setattr(runner.ModelStore, "obtain", None)  # which nothing may call
    path = tmp_path / place
    if place == "out":
        path.write_text("a file")
    else:
        path.mkdir(parents=True)
    with pytest.raises(OSError, match=place):
        _run(_study(), tmp_path / "out")


def test_names_of_folders_are_no_markup(tmp_path, monkeypatch):
    out = tmp_path / "a[" / "b]"
    _interrupt(_study(), out, monkeypatch)
    _, text = _run(_study(), out)
    assert f"finished parts in {out}/noise.partial.json" in text


def test_a_partial_file_is_whole_after_every_point(tmp_path, monkeypatch):
    _interrupt(_study(), tmp_path, monkeypatch)
    entries = json.loads((tmp_path / "noise.partial.json").read_text())["entries"]
    kinds = [key.rpartition(" / ")[2] for key in entries]
    assert kinds == ["0.0", "10.0", "summary"]


def test_finished_points_are_kept_by_model_and_link(tmp_path, monkeypatch):
    _interrupt(_study_along(seeds=[0]), tmp_path, monkeypatch)
    entries = json.loads((tmp_path / "noise.partial.json").read_text())["entries"]
    names = [re.sub(r"\(\w+\)", "(digest)", key) for key in entries]
    assert names == [
        f"models / {model} over awgn / seed 0 (digest) / {what}"
        for model in ("main", "small")
        for what in ("10.0", "summary")
    ]


def test_a_metric_that_the_figure_names_wrongly_is_found_at_once(tmp_path):
    study = _study()
    wrong = study.model_copy(update={"figure": study.figure.model_copy(update={"metrics": ("x",)})})
    with pytest.raises(ValueError, match="names the metric 'x', but there are only mse, small"):
        _run(wrong, tmp_path)
    assert NoiseSystem.calls == 4
