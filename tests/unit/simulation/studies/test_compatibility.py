# SPDX-License-Identifier: Apache-2.0
"""Incompatible parts of a study raise an error before data are loaded or models are trained."""

import copy

import numpy as np
import pytest
import yaml

from sionna_semcom.channel import FlatMIMOChannel
from sionna_semcom.datasets import SPLITS, Digits, LatentPairs, LatentSplit
from sionna_semcom.datasets.digits.settings import BuiltinData
from sionna_semcom.link import AWGNLink
from sionna_semcom.simulation import Study
from sionna_semcom.systems import CentroidSettings, LinearAlignmentSettings

CENTROIDS = yaml.safe_load("""
name: centroids
models:
  main: {system: {kind: centroid, contrastive_weight: 0}}
  apart: {system: {kind: centroid, mode: conventional, contrastive_weight: 0,
                   latent_dim: {image: 4, audio: 4, text: 2}}}
  judge: {system: {kind: classifier, modality: image}}
links:
  awgn: {kind: awgn}
  noise: {kind: effective_awgn, link: {kind: awgn}}
  mimo: {kind: flat_mimo}
judges: {image: judge}
curves:
  - {label: a, model: main, link: awgn, present: [image], mode: paper}
  - {label: b, model: apart, link: noise, present: [text, audio, image]}
evaluation: {snr_db: [0], target_half_width: {image_recognized: 0.01, text_accuracy: 0.1}}
figure: {metrics: [image_mse, image_psnr, image_ssim], log_scale: [audio_mae]}
""")
LATENTS = yaml.safe_load("""
name: latents
data: {kind: digits_latents}
models:
  linear: {system: {kind: linear_alignment}}
  svd: {system: {kind: feature_alignment, selection: top}}
  neural: {system: {kind: neural_alignment}, link: {kind: flat_mimo}}
links: {flat: {kind: flat_mimo}, cdl: {kind: ofdm_mimo}, awgn: {kind: awgn}}
curves:
  - {label: a, model: linear, link: flat}
  - {label: b, model: svd, link: cdl}
  - {label: c, model: neural, link: cdl}
evaluation: {snr_db: [0], target_half_width: {accuracy: 0.1}}
figure: {metrics: [accuracy, mse, logit_mse, power]}
""")
FEATURES = yaml.safe_load("""
name: features
data: {kind: generated_features}
models:
  ours: {system: {kind: two_stage_vib}}
  deep: {system: {kind: t_deepsc}}
  digital: {system: {kind: digital_features}}
  whole: {system: {kind: feature_transmission}}
links: {awgn: {kind: awgn}, flat: {kind: flat_mimo}}
curves:
  - {label: a, model: ours, link: awgn, present: [text], mode: decision}
  - {label: b, model: deep, link: awgn}
  - {label: c, model: digital, link: awgn}
  - {label: d, model: whole, link: awgn, mode: latent}
evaluation: {snr_db: [0], target_half_width: {acc2: 0.1}}
figure: {metrics: [f1]}
""")


@pytest.mark.parametrize(
    "document", [CENTROIDS, LATENTS, FEATURES], ids=lambda document: document["name"]
)
def test_what_goes_together_is_a_study(document):
    study = Study.model_validate(document)
    assert [curve.label for curve in study.curves] == [one["label"] for one in document["curves"]]


@pytest.mark.parametrize(
    ("document", "path", "value", "message"),
    [
        (FEATURES, "curves.0.present", ["image"], "'a': present must name some of text, audio, v"),
        (
            FEATURES,
            "curves.0.mode",
            "paper",
            "'a', model 'ours' .*: mode must be one of latent, decision",
        ),
        (
            FEATURES,
            "curves.1.link",
            "flat",
            "'b': model 'deep' .* needs a link.*MIMO channel 'flat'",
        ),
        (
            FEATURES,
            "data",
            {"kind": "builtin"},
            "needs data with features of several modalities: f",
        ),
        (LATENTS, "curves.0.mode", "latent", "'a', model 'linear' .*: mode must be one of none"),
        (CENTROIDS, "curves.0.present", ["video"], "'a': present must name some of image, audio, "),
        (
            CENTROIDS,
            "curves.1.present",
            ["image"],
            "'b', model 'apart' .*: a modality that is missing .*'conv",
        ),
        (
            CENTROIDS,
            "curves.0.mode",
            "conventional",
            "'a', model 'main' .*: a modality that is missing",
        ),
        (
            CENTROIDS,
            "curves.1.mode",
            "end_to_end",
            r"'b', model 'apart' .*: Latent dim.*\[4, 4, 2\].*'end_to_end'",
        ),
        (CENTROIDS, "curves.1.confidence", 0.9, "'b', model 'apart' .* is for systems that decide"),
        (
            FEATURES,
            "curves.1.confidence",
            0.9,
            r"'b': confidence needs a link with retransmissions. Received: .*'awgn' \(awgn\)",
        ),
        (FEATURES, "curves.0.confidence", 0.9, "'a' must not have a confidence if the trans"),
        (FEATURES, "curves.1.confidence", 2.0, r"'b', .* confidence must lie in \(0, 1\].*: 2.0"),
        (FEATURES, "curves.2.confidence", 0.9, "'c', .* receivers that decide on latents"),
        (FEATURES, "curves.3.confidence", 0.9, "'d', .* receivers that decide on latents"),
        (CENTROIDS, "curves.0.link", "mimo", r"'main' \(centroid\) needs a link.*MIMO channel 'mi"),
        (
            CENTROIDS,
            "data",
            {"kind": "latents", "path": "x"},
            r"needs data with image: .*builtin, m",
        ),
        (CENTROIDS, "data", {"kind": "cifar10"}, "needs data with image, audio, text: builtin, mn"),
        (CENTROIDS, "judges", {}, "target_half_width names .* 'image_recognized', .* only image_m"),
        (CENTROIDS, "figure.metrics", ["mse"], "figure.metrics names the metric 'mse', but curve"),
        (CENTROIDS, "figure.metrics", ["image_mze"], r"accuracy.*\. Did you mean image_mse\? "),
        (CENTROIDS, "figure.log_scale", ["x"], "figure.log_scale names the metric 'x'"),
        (CENTROIDS, "figure.best", "x", "figure.best names the metric 'x', but curve"),
        (
            LATENTS,
            "curves.0.link",
            "awgn",
            r"'linear' \(linear_al.* needs a MIMO channel.*link 'aw",
        ),
        (LATENTS, "curves.1.link", "awgn", r"'svd' \(feature_alignment\) needs a MIMO channel"),
        (LATENTS, "curves.2.link", "awgn", r"'neural' \(neural_alignment\) needs a MIMO channel"),
        (
            LATENTS,
            "curves.0.present",
            ["tx"],
            "'linear' .*: present is for systems of several modalities",
        ),
        (LATENTS, "curves.0.mode", "paper", "'linear' .*: mode must be one of none"),
        (LATENTS, "models.neural.link", {"kind": "awgn"}, "'neural' .* link of its training.*awgn"),
        (
            LATENTS,
            "links.cdl",
            {"kind": "ofdm_mimo", "num_tx_ant": 4, "num_rx_ant": 4},
            "'c': model 'neural' is trained for 1 num_uses, 2 eigenmodes. Received: .*'cdl' with 1 "
            "num_uses, 4 eigenmodes",
        ),
        (LATENTS, "links.cdl", {"kind": "ofdm_mimo", "num_uses": 2}, "'cdl' with 2 num_uses, 2 ei"),
        (
            LATENTS,
            "models.neural",
            {
                "system": {"kind": "neural_alignment", "network": "complex"},
                "link": {"kind": "flat_mimo", "num_rx_ant": 3},
            },
            "for 1 num_uses, 2 num_tx_ant, 3 num_rx_ant. Received: .* 2 num_tx_ant, 4 num_rx_ant",
        ),
        (LATENTS, "data", {"kind": "builtin"}, "with tx, rx: latents, cifar10_latents, digits_l"),
        (
            LATENTS,
            "evaluation.target_half_width",
            {"acc": 1},
            "'acc', .* only accuracy, mse, logit_mse, powe",
        ),
    ],
)
def test_what_does_not_is_refused_in_one_line(document, path, value, message):
    changed = copy.deepcopy(document)
    *parents, last = path.split(".")
    node = changed
    for key in parents:
        node = node[int(key) if isinstance(node, list) else key]
    node[last] = value
    with pytest.raises(ValueError, match=message):
        Study.model_validate(changed)


@pytest.mark.parametrize(
    ("model", "known", "unknown"),
    [("digital", "link/bler", "link/transmissions"), ("deep", "bler", "link/bler")],
)
def test_block_errors_of_a_link_below_other_bits_have_a_name_of_their_own(model, known, unknown):
    document = copy.deepcopy(FEATURES)
    again = {"kind": "retransmission", "link": {"kind": "awgn"}}
    document["links"]["bits"] = {"kind": "bits_and_latents", "link": again}
    document["curves"] = [{"label": "bits", "model": model, "link": "bits"}]
    document["figure"]["metrics"] = [known, "transmissions"]
    Study.model_validate(document)
    document["figure"]["metrics"] = [unknown]
    with pytest.raises(ValueError, match=f"figure.metrics names the metric '{unknown}'"):
        Study.model_validate(document)


@pytest.fixture(scope="module")
def digits():
    return Digits()


def test_modalities_are_those_of_the_data(digits):
    assert tuple(digits.shapes) == BuiltinData().modalities


class Judge:
    def recognizes(self, samples, labels):
        return labels == labels


def test_centroids_measure_what_their_settings_say(digits):
    settings = CentroidSettings(kind="centroid", latent_dim=4)
    system = settings.build(digits, AWGNLink(), 10.0)
    system.recognizers = {"audio": Judge()}
    measured = system.measure(next(iter(digits.test(10))), 10.0)
    assert list(measured) == settings.metric_names(BuiltinData().modalities, ["audio"])


def test_alignment_measures_what_its_settings_say():
    rng = np.random.default_rng(1)

    def split():
        tx, rx = (rng.normal(size=[60, dim]).astype(np.float32) for dim in (4, 6))
        return LatentSplit(tx, rx, np.arange(60, dtype=np.int32) % 3)

    pairs = LatentPairs({name: split() for name in SPLITS})
    settings = LinearAlignmentSettings(kind="linear_alignment")
    system = settings.build(pairs, FlatMIMOChannel(), 10.0)
    measured = system.measure(next(iter(pairs.test(10))), 10.0)
    assert list(measured) == settings.metric_names(pairs.shapes)
    assert tuple(pairs.shapes) == settings.needs


def test_limits_of_scores_need_noise_only_and_batches_with_a_variance():
    document = copy.deepcopy(FEATURES)
    document["curves"] = [{"label": "b", "model": "deep", "link": "awgn", "mode": "limit"}]
    document["evaluation"]["batch_size"] = 1
    with pytest.raises(ValueError, match=r"'b': mode 'limit' needs .*Received: awgn, batch_size=1"):
        Study.model_validate(document)
    document["evaluation"]["batch_size"] = 2
    document["links"]["awgn"] = {"kind": "flat_fading"}
    with pytest.raises(ValueError, match=r"Received: flat_fading, batch_size=2"):
        Study.model_validate(document)
