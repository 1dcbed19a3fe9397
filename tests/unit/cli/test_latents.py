# SPDX-License-Identifier: Apache-2.0
"""The command ``latents``, which exports the latents of a study to a file."""

from __future__ import annotations

import numpy as np
import pytest

from sionna_semcom import _shipped
from sionna_semcom.datasets import LatentPairs, LatentSplit
from sionna_semcom.simulation import Study

from .invoking import invoke

STUDY = """
name: tiny
data: {kind: latents, path: PATH}
models:
  main: {system: {kind: linear_alignment}, link: {kind: flat_mimo}}
links:
  mimo: {kind: flat_mimo}
curves:
  - {label: MIMO, model: main, link: mimo}
evaluation: {snr_db: [10]}
"""


def _split(count):
    label = np.arange(count, dtype=np.int32) % 3
    rx = np.eye(3, 4, dtype=np.float32)[label]
    return LatentSplit(np.random.default_rng(count).random((count, 6), np.float32), rx, label)


@pytest.fixture
def pairs(tmp_path):
    """Latents in tmp_path, and a head that confuses the second and the third class."""
    splits = {"train": _split(12), "validation": _split(6), "test": _split(9)}
    kernel = np.eye(4, 3, dtype=np.float32)
    kernel[2] = 0
    pairs = LatentPairs(splits, kernel, np.array([0.0, 0.5, 0.0], np.float32), {"of": "these"})
    pairs.save(tmp_path / "given.h5")
    return pairs


@pytest.fixture
def study(tmp_path, pairs, monkeypatch):
    monkeypatch.delenv("SIONNA_SEMCOM_DATA", raising=False)
    monkeypatch.delenv("SIONNA_SEMCOM_MODELS", raising=False)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "link_sims/tiny.yaml"
    path.parent.mkdir()
    path.write_text(STUDY.replace("PATH", str(tmp_path / "given.h5")))
    return path


def test_latents_are_written_in_the_exchange_format(study, pairs, tmp_path):
    out = tmp_path / "folder/latents.h5"
    ended = invoke("latents", study, "--out", out)
    assert ended.exit_code == 0, ended.output
    text = " ".join(ended.output.split())
    assert "6 real numbers at the transmitter, 4 at the receiver" in text
    assert "(train 12, validation 6, test 9)" in text
    assert "Accuracy of the receiver on its own latents: 0.667" in text
    assert f"Latents: {out}" in ended.output
    written = LatentPairs.load(out)
    assert written.checksums == pairs.checksums
    np.testing.assert_array_equal(written.kernel, pairs.kernel)
    for name, split in pairs.splits.items():
        for part in ("tx", "rx", "label"):
            np.testing.assert_array_equal(getattr(written.splits[name], part), getattr(split, part))


@pytest.mark.parametrize("out", [None, "folder/latents.h5"])
def test_networks_are_looked_for_where_runs_do(study, pairs, tmp_path, monkeypatch, out):
    folders = []
    monkeypatch.setattr(Study, "load_data", lambda self, *given: folders.append(given) or pairs)
    ended = invoke("latents", study, *(("--out", out) if out else ()))
    assert ended.exit_code == 0, ended.output
    assert (tmp_path / (out or "results/tiny_latents.h5")).exists()
    ((models,),) = folders
    assert models.folders == (tmp_path / "models", _shipped.folder("models"))
    assert models.work_dir.as_posix() == ("folder/models" if out else "results/models")


def test_networks_are_trained_first(study, tmp_path):
    """Networks are trained for two steps on scikit-learn's digits."""
    for end, network in (("transmitter", "residual"), ("receiver", "plain")):
        system = f"{{kind: image_classifier, network: {network}, latent_dim: 5, widths: [4]}}"
        short = "{epochs: 1, steps_per_epoch: 2, batch_size: 10, warmup_steps: 1}"
        study.write_text(
            study.read_text().replace(
                "data: {", f"data: {{{end}: {{system: {system}, training: {short}}}, "
            )
        )
    text = study.read_text().replace("kind: latents", "kind: digits_latents")
    study.write_text(text.replace(f", path: {tmp_path / 'given.h5'}", ""))
    ended = invoke("latents", study)
    assert ended.exit_code == 0, ended.output
    assert "(train 1297, validation 100, test 400)" in " ".join(ended.output.split())
    assert LatentPairs.load("results/tiny_latents.h5").shapes == {"tx": (5,), "rx": (5,)}
    trained = {path.name for path in (tmp_path / "results/models").iterdir()}
    assert trained == {"digits_transmitter", "digits_receiver", "digits_latents.h5"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("data.path=none.h5", "No file of latents none.h5"),
        ("data.path=link_sims/tiny.yaml", "is damaged or not a file of latents"),
        ("data={kind: cifar10_latents}", "SIONNA_SEMCOM_DATA"),
    ],
)
def test_wrong_data_end_in_one_line(study, tmp_path, change, message):
    ended = invoke("latents", study, "--set", change)
    assert ended.exit_code == 2
    (line,) = [line for line in ended.output.splitlines() if line.startswith("Error: ")]
    assert message in line
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("kind", ["builtin", "mnist_fsdd"])
def test_data_that_are_no_latents_end_in_one_line(study, tmp_path, kind):
    """The error occurs before the data are read: their folder does not exist."""
    for old, new in [("{kind: latents", f"{{kind: {kind}}} #"), ("linear_alignment", "centroid")]:
        study.write_text(study.read_text().replace(old, new))
    study.write_text(study.read_text().replace("flat_mimo", "awgn"))
    ended = invoke("latents", study)
    assert ended.exit_code == 2
    assert ended.output.splitlines()[-1].startswith("Error: The data of ")
    assert f"tiny.yaml must be latents. Received: {kind}" in ended.output
    assert not (tmp_path / "results").exists()


def test_networks_are_trained_in_as_many_threads_as_in_runs(study, monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "abc")
    ended = invoke("latents", study)
    assert ended.exit_code == 2
    assert "TF_NUM_INTRAOP_THREADS must be a non-negative integer" in ended.output
