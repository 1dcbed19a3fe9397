# SPDX-License-Identifier: Apache-2.0
"""A study file with few settings, and changes for models that start from other models."""

import copy

import pytest
import yaml

DOCUMENT = yaml.safe_load("""
name: tiny
models:
  main:
    system: {kind: centroid, latent_dim: 4}
    link: {kind: awgn}
    training: {epochs: 1, steps_per_epoch: 2, warmup_steps: 1}
  judge:
    system: {kind: classifier, modality: image}
    link: {kind: awgn}
links:
  awgn: {kind: awgn}
  tdl: {kind: ofdm, model: TDL-A}
curves:
  - {label: AWGN, model: main, link: awgn}
  - {label: TDL, model: main, link: tdl, present: [image, text]}
judges: {image: judge}
evaluation: {snr_db: [0, .inf], target_half_width: {image_mse: 0.01}}
figure: {metrics: [image_mse], log_scale: [image_mse]}
""")


@pytest.fixture
def write(tmp_path):
    """Write a document with changes as a study file."""

    def write_(document=DOCUMENT, **changes):
        path = tmp_path / "studies/tiny.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({**copy.deepcopy(document), **changes}, sort_keys=False))
        return path

    return write_


ALONG_TTI = ["evaluation.axis=tti", "evaluation.snr_db=[10]"]

COMM = {"kind": "comm", "objective": "comm"}
PRETRAINED = {
    "models": {
        "comm": {"system": COMM},
        "few": {
            "system": {"kind": "compressed_comm", "sender": COMM, "num_symbols": 2},
            "pretrained": "comm",
        },
        "tuned": {
            "system": {**COMM, "objective": "supervised", "targets": ["label"]},
            "pretrained": "comm",
        },
    },
    "data": {"kind": "trifeature"},
    "curves": [{"label": "few", "model": "few", "link": "awgn"}],
    "judges": {},
    "figure": {},
    "evaluation": {"snr_db": [0], "probes": True},
}
