"""AlignmentSystem: transmission, channel knowledge and training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import config

from sionna_semcom.alignment import (
    ComplexAligner,
    EigenbasisAligner,
    HardThresholding,
    LinearAligner,
    PilotStatistics,
)
from sionna_semcom.channel import FlatMIMOChannel
from sionna_semcom.datasets import LatentPairs, LatentSplit
from sionna_semcom.link import AWGNLink
from sionna_semcom.simulation import ModelSettings, ModelStore, sim_metrics
from sionna_semcom.simulation.training import store
from sionna_semcom.systems import AlignmentSystem

SHORT = {"epochs": 1, "steps_per_epoch": 2, "batch_size": 10, "warmup_steps": 1}


def latents(count, seed):
    """Two views of three classes. The view of the receiver has a linear head."""
    draw = np.random.default_rng(seed)
    label = draw.integers(0, 3, count)
    inputs = np.eye(3)[label] * 3 + 0.3 * draw.normal(size=(count, 3))
    shared = np.random.default_rng(9)
    tx = inputs @ shared.normal(size=(3, 8)) + shared.normal(size=8)
    rx = np.tanh(inputs) @ shared.normal(size=(3, 6))
    return LatentSplit(tx.astype("f"), rx.astype("f"), label.astype("i"))


@pytest.fixture(scope="module")
def pairs():
    sizes = {"train": 1000, "validation": 100, "test": 400}
    return LatentPairs({name: latents(size, n) for n, (name, size) in enumerate(sizes.items())})


def statistics(pairs):
    train = pairs.splits["train"]
    return PilotStatistics.of(train.tx, train.rx)


def linear(pairs, link=None, **options):
    aligner = LinearAligner().fit_statistics(statistics(pairs))
    link = link or FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2)
    return AlignmentSystem(aligner, pairs, link=link, **options)


def figures(system, pairs, snr_db):
    result = sim_metrics(system, pairs.test(50), [snr_db], max_mc_iter=24, progress=False)
    return {name: metric.mean[0] for name, metric in result.curve.metrics.items()}


def test_accuracy_rises_to_that_of_the_receiver(pairs):
    system = linear(pairs)
    found = [figures(system, pairs, snr) for snr in (-20.0, 5.0, 40.0)]
    assert found[0]["accuracy"] < found[1]["accuracy"] <= found[2]["accuracy"]
    assert found[2]["accuracy"] == pytest.approx(pairs.receiver_accuracy, abs=0.03)
    assert found[0]["mse"] > found[1]["mse"] > found[2]["mse"]
    assert found[1]["power"] == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("coherence", [1, 7, 50])
def test_latents_of_a_group_meet_the_same_channel(pairs, coherence):
    """Copies of a latent have equal errors within a group, and different errors between groups."""
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2, coherence=coherence)
    system = linear(pairs, link)
    latents = tf.repeat(pairs.splits["test"].tx[:1], 20, 0)
    received = system({"tx": latents}, snr_db=120.0).numpy()
    groups = np.arange(20) // coherence
    for group in np.unique(groups):
        members = received[groups == group]
        np.testing.assert_allclose(members, np.repeat(members[:1], len(members), 0), atol=1e-2)


def test_double_precision_channels_work(pairs, monkeypatch):
    monkeypatch.setattr(config, "precision", "double")
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2, csi="ls")
    assert link.draw(1, 0.1).h.dtype == tf.complex128
    network = EigenbasisAligner(statistics(pairs), 1, 2, (8,), (8,))
    batch = next(iter(pairs.test(20)))
    for system in (linear(pairs, link), AlignmentSystem(network, pairs, link=link)):
        assert all(np.isfinite(v.numpy()).all() for v in system.measure(batch, 20.0).values())


def test_robust_design_beats_naive_and_knowing_beats_not_knowing(pairs):
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2, csi="ls")
    robust, naive, blind = (
        figures(linear(pairs, link, **options), pairs, 0.0)["mse"]
        for options in ({}, {"robust": False}, {"channel_known": False})
    )
    assert robust < naive < blind


@pytest.mark.parametrize(
    ("csi", "options", "thinks"),
    [
        ("perfect", {}, False),
        ("ls", {}, True),
        ("ls", {"robust": False}, False),
        ("ls", {"channel_known": False}, False),
    ],
)
def test_designs_think_of_errors_where_there_may_be_some(pairs, csi, options, thinks, monkeypatch):
    system = linear(pairs, FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2, csi=csi), **options)
    errors, design = [], system.aligner.design

    def note(h, no, error_variance):
        errors.append(error_variance)
        return design(h, no, error_variance)

    monkeypatch.setattr(system.aligner, "design", note)
    tf.function(system.measure)(next(iter(pairs.test(20))), 10.0)
    assert tf.is_tensor(errors[0]) == thinks


def pilots_mean(system):
    """Mean of the transmitter's latents in an aligner, which identifies the pilots."""
    aligner = system.aligner
    if isinstance(aligner, keras.Layer):
        return aligner.mean_tx.numpy()
    known = aligner.modes_ if isinstance(aligner, LinearAligner) else aligner.statistics_
    return known.mean_tx


@pytest.mark.parametrize(
    "system",
    [
        {"kind": "linear_alignment"},
        {"kind": "feature_alignment", "selection": "first"},
        {"kind": "neural_alignment", "precoder_units": [8], "decoder_units": [8]},
    ],
    ids=lambda system: system["kind"],
)
def test_pilots_are_those_of_the_training_seed_whatever_the_method(
    pairs, tmp_path, monkeypatch, system
):
    given = []

    def note(system, data, *_):
        given.append(data)

    monkeypatch.setattr(store, "train", note)
    settings = ModelSettings.model_validate(
        {"system": {"pilots": 30, **system}, "link": {"kind": "flat_mimo"}, "training": SHORT}
    )
    models = ModelStore(work_dir=tmp_path)
    for seed in (1, 2):
        train = pairs.subset(30, seed).splits["train"]
        expected = train.tx.mean(0, np.float64)
        for _ in range(2):  # trained, and loaded
            found = pilots_mean(models.obtain("model", settings, pairs, seed))
            np.testing.assert_allclose(found, expected, rtol=1e-2, atol=1e-2)
        built = pilots_mean(settings.build(pairs, seed=seed))
        np.testing.assert_allclose(built, expected, rtol=1e-5, atol=1e-5)
        if given:  # a network is trained on what it whitens
            np.testing.assert_array_equal(given[-1].splits["train"].tx, train.tx)


def test_network_learns_for_every_channel(pairs):
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2)
    aligner = EigenbasisAligner(statistics(pairs), 1, 2, (32,), (32,))
    system = AlignmentSystem(aligner, pairs, link=link, snr_db=(5.0, 20.0))
    before = figures(system, pairs, 10.0)["accuracy"]
    system.compile(keras.optimizers.Adam(3e-3))
    history = system.fit(pairs.train(100, 400), epochs=1, verbose=0)
    assert history.history["loss"][0] > 0
    after = figures(system, pairs, 10.0)
    assert after["accuracy"] > max(before + 0.2, 0.85)
    assert after["power"] == pytest.approx(1.0, rel=1e-5)


def test_training_loss_is_measured_in_the_metric(pairs):
    metric = np.diag([4.0, 0, 0, 0, 0, 0])
    aligner = EigenbasisAligner(statistics(pairs), 1, 2, (8,), (8,))
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2, realizations=1)
    system = AlignmentSystem(aligner, pairs, link=link, metric=metric, snr_db=200.0)
    batch = next(iter(pairs.train(100)))
    received = system(batch, snr_db=200.0)
    expected = 4.0 * np.mean((received - batch["rx"])[:, 0] ** 2)
    system.compile(keras.optimizers.SGD(0.0))
    assert float(system.train_step(batch)["loss"]) == pytest.approx(expected, rel=1e-3)


def test_pruning_comes_back_for_the_layers_that_it_had(pairs, tmp_path):
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2)
    aligner = ComplexAligner(statistics(pairs), link.num_uses, 2, 2)
    pruning = HardThresholding([aligner.decoder[0]], 0.05)
    AlignmentSystem(aligner, pairs, link=link, callbacks=[pruning]).save(tmp_path / "x.keras")
    loaded = keras.saving.load_model(tmp_path / "x.keras")
    (found,) = loaded.schedules(1)
    assert found.threshold == 0.05
    assert [id(layer) for layer in found.layers] == [id(loaded.aligner.decoder[0])]


def test_pruning_of_other_layers_is_not_saved(pairs, tmp_path):
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2)
    one, other = (ComplexAligner(statistics(pairs), link.num_uses, 2, 2) for _ in range(2))
    system = AlignmentSystem(
        one, pairs, link=link, callbacks=[HardThresholding(other.precoder, 0.1)]
    )
    with pytest.raises(ValueError, match="that is pruned must be the aligner's"):
        system.get_config()


def test_summary_says_what_it_costs(pairs):
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=3, num_uses=2, csi="ls", coherence=4)
    found = linear(pairs, link).summary(pairs.test())
    assert found["num_symbols"] == 4
    assert found["compression_factor"] == 1.0
    assert found["channel_uses"] == link.channel_uses() == 2 + 2 / 4
    assert found["pilots"] == 1000
    assert found["receiver_accuracy"] == pairs.receiver_accuracy


def test_runs_in_graphs_and_under_xla(pairs, compiled):
    system = linear(pairs)
    batch = next(iter(pairs.test(20)))
    found = compiled(system.measure)(batch, 30.0)
    assert {name: value.shape for name, value in found.items()} == dict.fromkeys(found, (20,))
    assert np.mean(found["accuracy"]) > 0.6


def test_links_without_antennas_are_refused(pairs):
    system = linear(pairs)
    system.link = AWGNLink()
    batch = next(iter(pairs.test(10)))
    for use in (lambda: system.measure(batch, 10.0), lambda: system.static_metrics([batch])):
        with pytest.raises(ValueError, match=r"`link` must be a MIMO channel.*Received: AWGNLink"):
            use()
