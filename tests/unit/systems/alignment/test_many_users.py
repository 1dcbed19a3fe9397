# SPDX-License-Identifier: Apache-2.0
"""Alignment of several users: against single links, baselines, and counting."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom._seeding import reseed
from sionna_semcom.channel import FlatMIMOChannel, FlatMIMOSettings
from sionna_semcom.datasets import UserLatents, UserLatentSplit
from sionna_semcom.simulation import sim_metrics
from sionna_semcom.systems import SYSTEMS

WIDTHS = (10, 6, 8, 7)


def latents(count, seed):
    """Views of four classes: that of the station, and those of four users."""
    draw, views = np.random.default_rng(seed), np.random.default_rng(9)
    label = draw.integers(0, 4, count)
    inputs = 3 * np.eye(4)[label] + 0.5 * draw.normal(size=(count, 4))
    station = np.tanh(inputs) @ views.normal(size=(4, 9)) + views.normal(size=9)
    users = [np.tanh(inputs) @ views.normal(size=(4, size)) for size in WIDTHS]
    return UserLatentSplit(
        station.astype("f"), tuple(one.astype("f") for one in users), label.astype("i")
    )


@pytest.fixture(scope="module")
def data():
    sizes = {"train": 1000, "validation": 100, "test": 400}
    return UserLatents({name: latents(size, n) for n, (name, size) in enumerate(sizes.items())})


def built(data, kind="broadcast_alignment", link=None, **settings):
    link = link or FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2, num_uses=2, coherence=10)
    return SYSTEMS.settings({"kind": kind, "iterations": 10, **settings}).build(
        data, link, (0.0, 15.0)
    )


def figures(system, data, snr_db):
    reseed(3)
    result = sim_metrics(system, data.test(50), [snr_db], max_mc_iter=16, progress=False)
    return {name: metric.mean[0] for name, metric in result.curve.metrics.items()}


CASES = [
    ("broadcast_alignment", {}),
    ("broadcast_alignment", {"form": "complex_linear"}),
    ("broadcast_alignment", {"method": "federated_admm"}),
    ("broadcast_alignment", {"method": "multi_link"}),
    ("broadcast_alignment", {"metric_share": 1.0, "num_coefficients": 5, "trial": 2}),
    ("broadcast_alignment", {"method": "neural", "units": [8]}),
    ("uplink_alignment", {}),
    ("uplink_alignment", {"access": "orthogonal"}),
]


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_accuracy_rises_to_that_of_the_receivers(data, kind, settings):
    system = built(data, kind, **settings)
    low, high = (figures(system, data, snr_db) for snr_db in (-20.0, 50.0))
    assert low["accuracy"] < 0.6
    assert high["accuracy"] == pytest.approx(1.0, abs=0.12)
    assert high["worst_accuracy"] <= high["accuracy"] + 1e-6
    assert low["power"] <= 1.1
    if kind == "broadcast_alignment" and "metric_share" not in settings:
        assert low["power"] == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_it_comes_back_from_its_file(data, kind, settings, tmp_path):
    system = built(data, kind, **settings)
    system.save(tmp_path / "x.keras")
    loaded = keras.saving.load_model(tmp_path / "x.keras")
    batch, found = next(iter(data.test(20))), []
    for one in (system, loaded):
        reseed(5)
        found.append(one.measure(batch, 10.0))
    for name, values in found[0].items():
        np.testing.assert_array_equal(values, found[1][name], err_msg=name)


@pytest.mark.parametrize("direction", ["downlink", "uplink"])
def test_one_user_is_a_single_link(data, direction):
    """The closed form of one link over the same channels, for both directions."""
    kind = "broadcast_alignment" if direction == "downlink" else "uplink_alignment"
    many = built(data, kind, num_users=1)
    pairs = data.pairs(0, direction)
    single = SYSTEMS.settings({"kind": "linear_alignment"}).build(pairs, many.link, 10.0)
    found, expected = figures(many, data, 5.0), figures(single, pairs, 5.0)
    assert found["accuracy"] == pytest.approx(expected["accuracy"], abs=0.03)
    targets = pairs.splits["test"].rx
    spread = np.mean(np.var(targets, 0))
    assert found["mse"] == pytest.approx(expected["mse"] / spread, rel=0.15)


@pytest.mark.parametrize("count", [1, 20])
def test_errors_are_over_the_variance_of_the_test_latents_for_any_batch(data, count):
    system = built(data, num_users=4)
    batch = next(iter(data.test(count)))
    reseed(11)
    received = system(batch, snr_db=5.0)
    reseed(11)
    found = system.measure(batch, 5.0)["mse"]
    wanted = np.split(batch["users"].numpy(), np.cumsum(WIDTHS)[:-1], axis=1)
    expected = [
        np.mean((target - received[f"user_{user}"]) ** 2, -1) / np.mean(np.var(own, 0))
        for user, (target, own) in enumerate(zip(wanted, data.splits["test"].users, strict=True))
    ]
    np.testing.assert_allclose(found, np.mean(expected, 0), rtol=1e-4)


def test_users_in_the_uplink_send_different_samples(data):
    """At a high SNR each link returns the station's latent of the sample that its user sent."""
    link = FlatMIMOChannel(num_tx_ant=4, num_rx_ant=8, num_uses=2, coherence=10)
    system = built(data, "uplink_alignment", link)
    batch = next(iter(data.test(20)))
    received = system(batch, snr_db=60.0)
    for user, own in enumerate(received.values()):
        wanted = np.roll(batch["station"].numpy(), user, 0)
        error = np.mean((own - wanted) ** 2)
        assert error < 0.1 * np.mean((own - np.roll(wanted, 1, 0)) ** 2)


def test_robust_design_beats_naive_and_sharing_beats_turns(data):
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2, num_uses=4, csi="ls", coherence=10)
    options = {"link": link, "num_users": 4}
    robust = figures(built(data, **options), data, 0.0)["mse"]
    naive = figures(built(data, robust=False, **options), data, 0.0)["mse"]
    turns = figures(built(data, method="multi_link", **options), data, 0.0)["mse"]
    assert robust < naive
    assert robust < turns


def test_what_it_costs_is_counted(data):
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=3, num_uses=4, csi="ls", coherence=8)
    down = built(data, link=link, num_coefficients=3).summary(data.test())
    assert (down["users"], down["num_symbols"], down["pilots"]) == (2, 8, 1000)
    assert down["channel_uses"] == 4 + 2 / 8
    assert down["receiver_accuracy"] == pytest.approx(np.mean(data.accuracies()[1:3]))
    assert down["exchanged_once"] == 2 * 3 * 4 / 2  # symmetric matrices of two users
    assert down["exchanged_uplink"] == 2 * 2 * 4 * 3 * 2  # users, complex, elements, antennas
    assert down["exchanged_downlink"] == 2 * 4 * 2 * 3  # precoded pilots of each coefficient
    up = built(data, "uplink_alignment", link).summary(data.test())
    assert up["channel_uses"] == 4 + 2 * 2 / 8


def test_networks_start_at_the_linear_decoders_and_improve_them(data):
    """On channels, antennas and SNRs that they were not trained for."""
    options = {"method": "neural", "units": [32], "num_users": 4, "metric_share": 0.8}
    system = built(data, **options)
    linear = built(data, num_users=4, metric_share=0.8)
    other = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=1, num_uses=2, coherence=10)
    for one in (system, linear):
        one.link = other
    batch = next(iter(data.test(40)))
    found = []
    for one in (system, linear):
        reseed(2)
        found.append(one.measure(batch, 3.0)["mse"])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)
    system.link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2, num_uses=2, coherence=10)
    system.compile(keras.optimizers.Adam(3e-3))
    system.fit(data.train(100, 150), verbose=0)
    system.link = other
    trained, start = figures(system, data, 3.0), figures(linear, data, 3.0)
    assert trained["logit_mse"] < start["logit_mse"]
    assert trained["accuracy"] > start["accuracy"]


def test_runs_in_graphs_and_under_xla(data, compiled):
    batch = next(iter(data.test(20)))
    for kind in ("broadcast_alignment", "uplink_alignment"):
        found = compiled(built(data, kind).measure)(batch, 30.0)
        assert {key: value.shape[0] for key, value in found.items()} == dict.fromkeys(found, 20)
        assert np.all(np.isfinite(tf.cast(found["mse"], tf.float32)))


def test_wrong_combinations_are_refused(data):
    settings = SYSTEMS.settings
    with pytest.raises(ValueError, match="metric_share needs form 'widely_linear'"):
        settings({"kind": "broadcast_alignment", "form": "complex_linear", "metric_share": 1})
    turns = settings({"kind": "broadcast_alignment", "method": "multi_link", "num_users": 3})
    with pytest.raises(ValueError, match="multiple of num_users=3"):
        turns.check_link(FlatMIMOSettings(num_uses=4))
    turns.check_link(FlatMIMOSettings(num_uses=6))
    with pytest.raises(ValueError, match="num_users must be at most 4"):
        built(data, num_users=5)
    with pytest.raises(ValueError, match="needs their latents as data"):
        built(data.pairs(0, "downlink"))
