# SPDX-License-Identifier: Apache-2.0
"""Exported graphs of devices and of their receiver agree with centroid systems."""

from __future__ import annotations

import numpy as np
import pytest

from sionna_semcom._seeding import set_seed
from sionna_semcom.link import AWGNLink, OverTheAirLink, UplinkLink
from sionna_semcom.systems import CentroidSystem, export_onnx

from .onnx_graphs import run
from .system_cases import DIGITS, built, digits

pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")

CELL = {"model": "flat", "csi": "perfect", "num_users": 3, "num_rx_ant": 4, "fft_size": 12}
NAMES = list(DIGITS)


class Recording:
    """Link that stores the input and the output of its last call."""

    def call(self, symbols, no):
        outputs = super().call(symbols, no)  # type: ignore[misc]
        self.crossed = tuple(one.numpy() for one in (symbols, *outputs))
        return outputs


class RecordingAir(Recording, OverTheAirLink):
    """Over-the-air link that stores its last call."""


class RecordingUplink(Recording, UplinkLink):
    """Uplink that stores its last call."""


RECORDING = {OverTheAirLink: RecordingAir, UplinkLink: RecordingUplink}


def trained(link, **options):
    """Centroid system of three devices with the correlation that training would have found."""
    set_seed("devices")
    system = CentroidSystem(
        DIGITS, link=link(**CELL), transmitters="separate", **{"latent_dim": 5, **options}
    )
    system.agreement.mean_power.assign(0.4)
    return system


def assert_same(system, link, folder, present=None):
    """The graphs give the symbols and the reconstructions of ``system`` at 10 dB."""
    batch = digits()
    system.link = recorder = RECORDING[link](**CELL)
    outputs = system(batch, snr_db=10.0, present=present)
    symbols, symbols_hat, no_eff = recorder.crossed
    devices = NAMES if present is None else present
    for number, name in enumerate(NAMES):
        if name in devices:
            sent = run(folder, f"transmitter_{name}.onnx", batch)
            found = sent["symbols_real"] + 1j * sent["symbols_imag"]
            np.testing.assert_allclose(found, symbols[:, number], rtol=0, atol=1e-4)
        else:
            assert not symbols[:, number].any()
    sends = np.tile(np.array([name in devices for name in NAMES], np.float32), (len(symbols), 1))
    given = {"symbols_hat_real": symbols_hat.real, "symbols_hat_imag": symbols_hat.imag}
    received = run(folder, "receiver.onnx", {**given, "no_eff": no_eff, "present": sends})
    assert set(received) == set(outputs)
    for name, values in outputs.items():
        np.testing.assert_allclose(received[name], values, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("link", [OverTheAirLink, UplinkLink])
def test_centroids_of_devices(link, tmp_path):
    system = trained(link)
    described = export_onnx(system, tmp_path)
    graphs = {f"transmitter_{name}.onnx" for name in NAMES} | {"receiver.onnx"}
    assert set(described["graphs"]) == graphs
    assert graphs | {"system.json"} == {path.name for path in tmp_path.iterdir()}
    for present in (None, ["audio"], ["image", "text"]):
        assert_same(system, link, tmp_path, present)


def test_embeddings_of_devices_have_their_own_sizes(tmp_path):
    sizes = {"image": 6, "audio": 5, "text": 4}
    system = trained(UplinkLink, mode="conventional", contrastive_weight=0.0, latent_dim=sizes)
    described = export_onnx(system, tmp_path)
    assert "present" not in described["graphs"]["receiver.onnx"]["inputs"]
    assert_same(system, UplinkLink, tmp_path)


def test_the_receiver_must_know_the_correlation(tmp_path):
    joint = CentroidSystem(DIGITS, link=AWGNLink(), latent_dim=4)
    joint.transmitters, joint.link = "separate", OverTheAirLink(**CELL)
    for system in (built("centroid_over_the_air"), joint):
        with pytest.raises(ValueError, match=r"must have been trained .* correlation") as error:
            export_onnx(system, tmp_path / "new")
        assert "\n" not in str(error.value)
        assert not (tmp_path / "new").exists()


def test_the_link_must_have_the_devices(tmp_path):
    system = trained(OverTheAirLink)
    system.link = AWGNLink()
    with pytest.raises(ValueError, match=r"needs a link of num_users=3.*Received: AWGNLink"):
        export_onnx(system, tmp_path)


def test_other_systems_of_devices_name_the_reason(tmp_path):
    with pytest.raises(ValueError, match="'separate', which only centroid systems can export"):
        export_onnx(built("distributed_vib"), tmp_path)
