# SPDX-License-Identifier: Apache-2.0
"""Contract of all systems. Add a new system with one line in ``system_cases.py``."""

from __future__ import annotations

import functools
import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom import load_model
from sionna_semcom._seeding import reseed
from sionna_semcom.systems import SYSTEMS as REGISTRY

from .system_cases import SYSTEMS, built

TRAINED = [name for name in SYSTEMS if "alignment" not in name or name.startswith(("e", "co"))]
MEASURED = [name for name, case in SYSTEMS.items() if case.measures]


@functools.cache
def system_of(name):
    return built(name)


def measured(system, name, measure=None):
    """Metrics of the batch of a case at 10 dB with a fixed seed."""
    reseed("measured")
    batch = SYSTEMS[name].batch()
    if not SYSTEMS[name].measures:
        return {"outputs": np.asarray(system(batch))}
    return {k: np.asarray(v) for k, v in (measure or system.measure)(batch, 10.0).items()}


def same(found, expected):
    assert set(found) == set(expected)
    for key, values in expected.items():
        np.testing.assert_array_equal(found[key], values, err_msg=key)


def test_every_system_of_the_registry_is_here():
    kinds = {system_of(name).settings.kind for name in SYSTEMS} - {""}
    of_alignment = {kind for kind in REGISTRY if kind.endswith("_alignment")}
    assert set(REGISTRY) - of_alignment <= kinds | {"direct"}


@pytest.mark.parametrize("name", MEASURED)
def test_what_a_system_crosses_is_given_by_name(name):
    given = inspect.signature(type(system_of(name))).parameters
    assert [given[key].kind for key in ("link", "snr_db", "name")] == [
        inspect.Parameter.KEYWORD_ONLY
    ] * 3


@pytest.mark.parametrize("name", SYSTEMS)
def test_shapes(name):
    case, batch = SYSTEMS[name], SYSTEMS[name].batch()
    size = len(batch["label"])
    outputs = system_of(name)(batch)
    if isinstance(outputs, dict):
        assert {k: tuple(x.shape) for k, x in outputs.items()} == {
            k: (size, *shape) for k, shape in case.shape.items()
        }
    else:
        assert tuple(outputs.shape) == (size, *case.shape)
    for values in measured(system_of(name), name).values():
        assert values.shape[0] == size


@pytest.mark.parametrize("name", MEASURED)
def test_a_graph_gives_what_eager_execution_gives_and_the_same_again(name):
    system = system_of(name)
    eager = measured(system, name)
    same(measured(system, name), eager)
    graph = measured(system, name, tf.function(system.measure))
    for key, values in eager.items():
        np.testing.assert_allclose(graph[key], values, rtol=2e-3, atol=1e-4, err_msg=key)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MEASURED if SYSTEMS[name].xla])
def test_xla_compiles(name):
    system = system_of(name)
    found = measured(system, name, tf.function(system.measure, jit_compile=True))
    assert {k: v.shape for k, v in found.items()} == {
        k: v.shape for k, v in measured(system, name).items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TRAINED if SYSTEMS[name].xla])
def test_xla_compiles_a_training_step(name):
    system, batch = built(name), SYSTEMS[name].batch()
    system.compile(keras.optimizers.SGD(1e-3), jit_compile=True)
    before = [weight.copy() for weight in system.get_weights()]
    history = system.fit(tf.data.Dataset.from_tensors(batch), verbose=0)
    assert np.isfinite(history.history["loss"][0])
    moved = [np.any(a != b) for a, b in zip(before, system.get_weights(), strict=True)]
    assert any(moved) or not system.trainable_weights


@pytest.mark.filterwarnings("ignore:`no_eff` may differ")  # after one step of an estimator
@pytest.mark.parametrize("name", TRAINED)
def test_gradients_reach_every_weight(name):
    system, batch = built(name), SYSTEMS[name].batch()
    seen = []
    if system.trainable_weights:
        system.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
        apply = system.optimizer.apply

        def record(gradients, variables=None):
            seen.extend(zip(gradients, variables, strict=True))
            return apply(gradients, variables)

        system.optimizer.apply = record
        system.fit(tf.data.Dataset.from_tensors(batch), verbose=0)
        assert len(seen) == len(system.trainable_weights)
    for gradient, weight in seen:
        assert gradient is not None, weight.path
        assert np.isfinite(np.asarray(gradient)).all(), weight.path


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_saved_system_comes_back_to_the_bit(name, tmp_path):
    system, batch = built(name), SYSTEMS[name].batch()
    if system.trainable_weights:
        system.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
        system.fit(tf.data.Dataset.from_tensors(batch), verbose=0)
    system.save(tmp_path / "x.keras")
    loaded = load_model(tmp_path / "x.keras")
    assert type(loaded) is type(system)
    assert loaded.settings == system.settings
    same(measured(loaded, name), measured(system, name))
    for one, other in zip(loaded.get_weights(), system.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    if system.compiled:
        assert loaded.get_metrics_result() == system.get_metrics_result()
    if system.trainable_weights:  # the optimizer and dropout continue as well
        for model in (system, loaded):
            reseed("going on")
            model.fit(tf.data.Dataset.from_tensors(batch), verbose=0)
        for one, other in zip(loaded.get_weights(), system.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["two_stage_vib", "direct", "eigenbasis_alignment"])
def test_evaluate_gives_the_loss(name):
    system = built(name)
    system.compile(run_eagerly=True)
    found = system.evaluate(tf.data.Dataset.from_tensors(SYSTEMS[name].batch()), return_dict=True)
    assert np.isfinite(found["loss"])


@pytest.mark.parametrize("name", SYSTEMS)
def test_summary_without_data_is_that_of_keras(name, capsys):
    system_of(name).summary()
    assert "Total params" in capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name, case in SYSTEMS.items() if case.drops])
def test_a_missing_modality_needs_no_samples(name):
    system, case = system_of(name), SYSTEMS[name]
    batch = case.batch()
    own = {k: v for k, v in batch.items() if k.split("_")[0] in (*case.drops, "label")}
    reseed("present")
    found = system(own, snr_db=10.0, present=list(case.drops))
    assert all(np.isfinite(x).all() for x in tf.nest.flatten(found))
    with pytest.raises(ValueError, match="present"):
        system(batch, snr_db=10.0, present=["smell"])


@pytest.mark.parametrize("name", MEASURED)
def test_a_sample_that_is_not_a_number_is_refused_or_seen(name):
    batch = dict(SYSTEMS[name].batch())
    if name == "digital_features":
        pytest.skip("bits of a NaN are those of a very large number")
    if name == "channel_estimation":
        pytest.skip("samples are only counted")
    for key in ("image", "text", "audio", "tx", "station", "users"):
        if key in batch:
            batch[key] = tf.fill(batch[key].shape, np.float32(np.nan))
    try:
        outputs = system_of(name)(batch, snr_db=10.0)
    except (ValueError, FloatingPointError, tf.errors.InvalidArgumentError):
        return
    assert all(np.isnan(x).any() for x in tf.nest.flatten(outputs))


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("option", [{"loss": "mse"}, {"metrics": ["mae"]}])
def test_a_loss_or_metrics_of_others_are_refused(name, option):
    with pytest.raises(ValueError, match=f"`{next(iter(option))}` must be left out"):
        system_of(name).compile("adam", **option)


@pytest.mark.parametrize("kind", REGISTRY)
def test_settings_that_mean_nothing_are_refused(kind):
    with pytest.raises(ValueError, match="flavor"):
        REGISTRY.settings({"kind": kind, "flavor": 1})


def test_settings_of_others_are_refused():
    with pytest.raises(ValueError, match="transmitted_dim"):
        REGISTRY.settings({"kind": "feature_transmission", "transmitted_dim": 4})
