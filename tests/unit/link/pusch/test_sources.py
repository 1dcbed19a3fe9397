# SPDX-License-Identifier: Apache-2.0
"""Your own channels in PUSCH links, given as settings and in studies."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import cir_to_ofdm_channel, subcarrier_frequencies

from sionna_semcom._files import sha256
from sionna_semcom.link import EffectiveAWGNSettings, PUSCHLink, PUSCHSettings
from sionna_semcom.simulation import Study

from ...channel.sources.channel_files import cir, gaussian, write
from .test_channel import ratio

SLOT = {"num_rx_ant": 2, "num_resource_blocks": 1}


def responses(path, num_rows=80, times=None):
    """Frequency responses of two paths on every second subcarrier around a resource block."""
    rng = np.random.default_rng(0)
    frequencies = np.arange(-8, 9, 2) * 30e3
    a, tau = gaussian(rng, num_rows, 2, 1, 2), np.array([0.0, 2e-7])
    h = a @ np.exp(-2j * np.pi * tau[:, np.newaxis] * frequencies)
    return write(path, h=h, frequency=frequencies, time=times)


def test_a_name_is_a_model():
    assert PUSCHSettings(channel="UMi") == PUSCHSettings(model="UMi")
    assert PUSCHLink(channel="flat", **SLOT).settings.model == "flat"
    with pytest.raises(ValueError, match="`channel` and `model` must not name different models"):
        PUSCHSettings(channel="UMi", model="UMa")


@pytest.mark.parametrize("split", ["train", "test"])
def test_slots_are_the_impulse_responses_of_the_split(tmp_path, split):
    content = cir(antennas=(2, 1))
    path = write(tmp_path / "x.h5", position=np.arange(240.0).reshape(80, 3), **content)
    channel = {"kind": "cir", "path": path, "split": split, "share": 0.25}
    link = PUSCHLink(channel=channel, csi="perfect", **SLOT)
    frequencies = subcarrier_frequencies(12, 30e3)
    tau = content["tau"] - content["tau"].min(-1, keepdims=True)  # synchronized to the first path
    a, tau = tf.constant(content["a"]), tf.constant(tau, tf.float32)
    h = cir_to_ofdm_channel(frequencies, a, tau, normalize=True).numpy()[:, 0, :, 0, 0, 0]
    drawn = link.channel(300).numpy()[:, 0, :, 0, 0, 0]
    nearest = np.argmin(np.abs(drawn[:, np.newaxis] - h[np.newaxis]).max((2, 3)), axis=1)
    np.testing.assert_allclose(drawn, h[nearest], atol=1e-4)
    expected = range(60, 80) if split == "test" else range(60)
    assert set(nearest) <= set(expected)
    assert len(set(nearest)) > 15


@pytest.mark.parametrize("no", [1.0, 1e-3])
@pytest.mark.parametrize("csi", ["perfect", "ls"])
@pytest.mark.parametrize("kind", ["cir", "frequency_response"])
@pytest.mark.parametrize("normalize", ["slot", "average"])
def test_the_reported_noise_is_the_error(tmp_path, kind, csi, no, normalize):
    path = tmp_path / "x.h5"
    if kind == "cir":
        write(path, **cir(num_rows=200, antennas=(2, 1)))
    else:
        responses(path, num_rows=200)
    channel = {"kind": kind, "path": path, "normalize": normalize}
    link = PUSCHLink(channel=channel, csi=csi, **SLOT)
    assert ratio(link, no) == pytest.approx(1.0, abs=0.1 if no == 1e-3 else 0.05)


def test_a_link_is_rebuilt_and_known_by_its_file(tmp_path):
    path = responses(tmp_path / "x.h5", times=np.arange(80) * 0.01)
    channel = {"kind": "frequency_response", "path": str(path), "between": "linear"}
    link = PUSCHLink(channel=channel, csi="perfect", **SLOT)
    config = keras.saving.serialize_keras_object(link)
    again = keras.saving.deserialize_keras_object(config)
    assert again.settings == link.settings
    assert again.checksums == link.checksums == {str(path): sha256(path)}
    inner = {"kind": "pusch", "channel": channel, "num_rx_ant": 2}
    assert EffectiveAWGNSettings(link=inner).checksums == link.checksums


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_rx_ant": 4}, r"has num_rx_ant=2 and num_tx_ant=1. Received: num_rx_ant=4"),
        ({"speed": 10.0}, r"`speed` is for the models of TR 38.901.*Received: speed=10.0"),
        ({"delay_spread": 1e-6}, "`delay_spread` is for the models of TR 38.901"),
        ({"pool_size": 64}, "`pool_size` is for channels that are drawn"),
        ({"num_resource_blocks": 4}, "was measured from -240000 to 240000 Hz around the carrier"),
        ({"channel": {"kind": "cir", "path": "none.h5"}}, "No file of channels none.h5"),
        ({"channel": {"kind": "cir"}}, "`channel`: path"),
        ({"channel": {"kind": "radar"}}, "kind must be one of .*cir"),
        ({"channel": "UMx"}, r"`channel` must be settings or one of .*flat\. Received: 'UMx'"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(tmp_path, changes, message):
    channel = {"kind": "frequency_response", "path": responses(tmp_path / "x.h5")}
    with pytest.raises((ValueError, FileNotFoundError), match=message) as caught:
        PUSCHLink(**{"channel": channel, **SLOT, **changes})
    assert "\n" not in str(caught.value)


def test_studies_name_channels_of_pusch(tmp_path):
    channel = {"kind": "cir", "path": str(tmp_path / "x.h5"), "split": "test", "normalize": "none"}
    document = {
        "name": "one",
        "models": {"main": {"system": {"kind": "centroid"}}},
        "links": {"own": {"kind": "pusch", "channel": channel}},
        "curves": [{"label": "own", "model": "main", "link": "own"}],
        "evaluation": {"snr_db": [0], "batch_size": 10},
    }
    study = Study.model_validate(document)
    link: Any = study.links["own"]
    chosen = link.slots.channel
    assert (chosen.kind, chosen.split, chosen.normalize) == ("cir", "test", "none")
    assert Study.model_validate(study.model_dump(mode="json")) == study
