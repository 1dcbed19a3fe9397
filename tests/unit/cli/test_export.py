# SPDX-License-Identifier: Apache-2.0
"""The command that exports a model."""

import importlib.util
import json
import logging

import pytest
from tensorflow.python.util import deprecation

from sionna_semcom.link import AWGNLink
from sionna_semcom.systems import FeatureTransmission, TwoStageVIB, export_onnx

from .invoking import invoke

SHAPES = {"text": (5,), "audio": (4, 3)}
INSTALLED = importlib.util.find_spec("tf2onnx") is not None


@pytest.mark.skipif(not INSTALLED, reason="tf2onnx is not installed")
def test_a_file_becomes_two_graphs(tmp_path):
    system = TwoStageVIB(SHAPES, 2, link=AWGNLink(), width=8, transmitted_dim=6)
    system.save(tmp_path / "x.keras")
    ended = invoke("export", tmp_path / "x.keras", "--out", tmp_path / "graphs")
    assert ended.exit_code == 0, ended.output
    written = {path.name for path in (tmp_path / "graphs").iterdir()}
    assert written == {"transmitter.onnx", "receiver.onnx", "system.json"}
    shown = " ".join(ended.output.split())
    assert "input audio_length [batch] int32" in shown
    assert "output symbols_real [batch, 3] float32" in shown


@pytest.mark.skipif(not INSTALLED, reason="tf2onnx is not installed")
def test_nothing_is_logged(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(deprecation, "_PRINTED_WARNING", {})  # as in a new process
    monkeypatch.setattr(logging.getLogger("tensorflow"), "propagate", True)
    export_onnx(TwoStageVIB(SHAPES, 2, link=AWGNLink(), width=8, transmitted_dim=6), tmp_path)
    assert caplog.messages == []


@pytest.mark.skipif(not INSTALLED, reason="tf2onnx is not installed")
def test_graphs_of_an_earlier_export_are_removed(tmp_path):
    former = {"graphs": {"transmitter_text.onnx": {}, "receiver.onnx": {}, "../kept.onnx": {}}}
    (tmp_path / "kept.onnx").write_text("")
    folder = tmp_path / "graphs"
    folder.mkdir()
    (folder / "system.json").write_text(json.dumps(former))
    for name in ("transmitter_text.onnx", "own.onnx"):
        (folder / name).write_text("")
    export_onnx(TwoStageVIB(SHAPES, 2, link=AWGNLink(), width=8, transmitted_dim=6), folder)
    written = {path.name for path in folder.iterdir()}
    assert written == {"transmitter.onnx", "receiver.onnx", "system.json", "own.onnx"}
    assert (tmp_path / "kept.onnx").exists()


def test_what_cannot_be_exported_ends_in_one_line(tmp_path):
    system = FeatureTransmission(SHAPES, 2, link=AWGNLink(), width=8)
    system.save(tmp_path / "x.keras")
    ended = invoke("export", tmp_path / "x.keras", "--out", tmp_path / "graphs")
    assert ended.exit_code == 2
    assert "receives its features without a link" in " ".join(ended.output.split())
    assert invoke("export", "no_such_model", "--out", tmp_path).exit_code == 2


@pytest.mark.skipif(INSTALLED, reason="tf2onnx is installed")
def test_a_missing_extra_is_named(tmp_path):
    TwoStageVIB(SHAPES, 2, link=AWGNLink(), width=8).save(tmp_path / "x.keras")
    ended = invoke("export", tmp_path / "x.keras", "--out", tmp_path / "graphs")
    assert ended.exit_code == 2
    assert "pip install 'sionna-semcom[onnx]'" in " ".join(ended.output.split())
