# SPDX-License-Identifier: Apache-2.0
"""Exported graphs agree with systems, and other systems raise an error."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sionna_semcom._seeding import set_seed
from sionna_semcom.link import AWGNLink, RetransmissionLink
from sionna_semcom.systems import CentroidSystem, CoMM, TwoStageVIB, export_onnx

from .onnx_graphs import run
from .system_cases import COMM, DIGITS, FEATURES, SYSTEMS, built, digits, features

pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")

EXPORTED = (
    *("centroid", "learned_fusion", "two_stage_vib", "t_deepsc"),
    *("comm", "compressed_comm", "direct", "deep_jscc"),
)
SMALL = {"width": 8, "unimodal_dim": 4, "received_dim": 4, "transmitted_dim": 8, "dropout": 0.0}


class Recorder(AWGNLink):
    """AWGN that keeps what crosses it."""

    def call(self, symbols, no):
        self.crossed = symbols, *super().call(symbols, no)
        return self.crossed[1:]


def assert_same(system, batch, folder):
    """The graphs give the symbols and the outputs of ``system`` at 5 dB."""
    system.link = recorder = Recorder()
    outputs = system({key: x for key, x in batch.items() if key != "label"}, snr_db=5.0)
    symbols, symbols_hat, no_eff = (one.numpy() for one in recorder.crossed)
    sent = run(folder, "transmitter.onnx", batch)
    found = sent["symbols_real"] + 1j * sent["symbols_imag"]
    np.testing.assert_allclose(found, symbols, rtol=0, atol=1e-4)
    np.testing.assert_allclose(np.mean(np.abs(found) ** 2, -1), 1.0, atol=1e-4)
    given = {"symbols_hat_real": symbols_hat.real, "symbols_hat_imag": symbols_hat.imag}
    received = run(folder, "receiver.onnx", given | {"no_eff": no_eff})
    expected = outputs if isinstance(outputs, dict) else {"output": outputs}
    assert set(received) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(received[name], values, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("name", EXPORTED)
def test_graphs_give_what_the_system_gives_and_leave_it_as_it_was(name, tmp_path):
    system, batch = built(name), SYSTEMS[name].batch()
    link, before, snr_db = system.link, system.get_weights(), float(system.last_snr_db)
    export_onnx(system, tmp_path)
    assert system.link is link
    assert float(system.last_snr_db) == snr_db
    for old, new in zip(before, system.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert_same(system, batch, tmp_path)


@pytest.mark.parametrize("mode", ["paper", "conventional"])
def test_each_mode_of_a_centroid_system(mode, tmp_path):
    system = CentroidSystem(DIGITS, link=AWGNLink(), latent_dim=5, mode=mode)
    export_onnx(system, tmp_path)
    assert_same(system, digits(), tmp_path)


@pytest.mark.parametrize("options", [{"objective": "clip"}, {"objective": "supervised"}])
def test_each_objective_of_comm(options, tmp_path):
    targets = {"label": 2} if options["objective"] == "supervised" else {}
    system = CoMM(FEATURES, link=AWGNLink(), targets=targets, **COMM, **options)
    export_onnx(system, tmp_path)
    assert_same(system, features(), tmp_path)


def test_a_receiver_that_does_not_know_the_noise(tmp_path):
    system = TwoStageVIB(FEATURES, 3, link=AWGNLink(), receiver_knows_noise=False, **SMALL)
    described = export_onnx(system, tmp_path)
    assert set(described["graphs"]["receiver.onnx"]["inputs"]) == {
        "symbols_hat_real",
        "symbols_hat_imag",
    }
    assert_same(system, features(), tmp_path)


@pytest.mark.parametrize("knows", [True, False])
def test_a_calibrated_score(knows, tmp_path):
    system = TwoStageVIB(FEATURES, 0, link=AWGNLink(), receiver_knows_noise=knows, **SMALL)
    batch = features()
    batch |= {"label": 0.5 + 2.0 * batch["text"][:, 0]}
    before = system(batch, snr_db=np.inf)
    system.calibrate_score([batch])
    assert np.abs(system(batch, snr_db=np.inf) - before).max() > 1e-3
    export_onnx(system, tmp_path)
    assert_same(system, batch, tmp_path)


def test_parts_of_a_sample_have_unit_power_each(tmp_path):
    set_seed("parts")
    link = RetransmissionLink(AWGNLink(), num_transmissions=2, sends="parts")
    system = TwoStageVIB(FEATURES, 2, link=link, **SMALL)
    assert export_onnx(system, tmp_path)["num_parts"] == 2
    sent = run(tmp_path, "transmitter.onnx", features())
    power = sent["symbols_real"] ** 2 + sent["symbols_imag"] ** 2
    np.testing.assert_allclose(power.reshape(-1, 2, 2).mean(-1), 1.0, atol=1e-5)


def test_the_description_names_what_the_graphs_take(tmp_path):
    import onnx

    system = built("two_stage_vib")
    described = export_onnx(system, tmp_path)
    assert json.loads((tmp_path / "system.json").read_text()) == described
    inputs = described["graphs"]["transmitter.onnx"]["inputs"]
    assert inputs["audio"] == {"shape": ["batch", 4, 3], "dtype": "float32"}
    assert inputs["audio_length"] == {"shape": ["batch"], "dtype": "int32"}
    for name in described["graphs"]:
        graph = onnx.load(tmp_path / name)
        onnx.checker.check_model(graph)
        assert json.loads(graph.metadata_props[0].value) == described


@pytest.mark.parametrize("name", sorted(set(SYSTEMS) - {*EXPORTED, "centroid_over_the_air"}))
def test_other_systems_are_refused_in_one_line(name, tmp_path):
    with pytest.raises(ValueError, match="must send latents over a link, and decode") as error:
        export_onnx(built(name), tmp_path / "new")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["linear_alignment", "broadcast_alignment"])
def test_alignment_systems_are_refused_because_of_their_precoder(name, tmp_path):
    with pytest.raises(ValueError, match=r"System, which computes its precoder for each channel$"):
        export_onnx(built(name), tmp_path)


@pytest.mark.parametrize("change", [{"mode": "decision"}, {"confidence": 0.9}])
def test_receivers_that_do_more_than_decode_once_are_refused(change, tmp_path):
    system = TwoStageVIB(FEATURES, 2, link=AWGNLink(), **SMALL)
    for name, value in change.items():
        setattr(system, name, value)
    with pytest.raises(ValueError, match=next(iter(change))):
        export_onnx(system, tmp_path)
