# SPDX-License-Identifier: Apache-2.0
"""Systems of one configuration share an instance and have their own weights."""

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.datasets import Digits
from sionna_semcom.link import AWGNLink
from sionna_semcom.simulation import ModelSettings, Study
from sionna_semcom.simulation.studies.parts import Part
from sionna_semcom.simulation.studies.shared_systems import SharedSystems
from sionna_semcom.simulation.studies.workspace import Workspace

SYSTEM = {"kind": "centroid", "latent_dim": 4}


@pytest.fixture(scope="module")
def digits():
    return Digits()


def _system(digits, seed, **changes):
    tf.keras.utils.set_random_seed(seed)
    settings = ModelSettings.model_validate({"system": SYSTEM | changes})
    return settings.build(digits, AWGNLink(), seed)


def test_weights_follow_the_key(digits):
    systems = SharedSystems()
    expected = {}
    for seed in (0, 1):
        system = _system(digits, seed)
        expected[seed] = system.get_weights()
        systems.add(seed, system)
    assert 1 in systems
    assert 2 not in systems
    for seed in (0, 1, 1, 0):
        found = systems.use(seed)
        assert found is systems.use(seed)
        for ours, theirs in zip(found.get_weights(), expected[seed], strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert systems.use(0) is systems.use(1)


def test_other_configurations_share_nothing(digits):
    systems = SharedSystems()
    systems.add("a", _system(digits, 0))
    systems.add("b", _system(digits, 0, contrastive_weight=0.5))
    assert systems.use("a") is not systems.use("b")


class Untracked:
    """Class that is not a Keras model."""

    weights = ()


def test_what_is_no_keras_model_shares_nothing():
    systems = SharedSystems()
    one, other = Untracked(), Untracked()
    systems.add("a", one)
    systems.add("b", other)
    assert (systems.use("a"), systems.use("b")) == (one, other)


class FreshModels:
    """Untrained models, each built from its seed."""

    def __init__(self, digits):
        self.digits = digits

    def obtain(self, name, settings, data, seed):
        tf.keras.utils.set_random_seed(seed)
        return settings.build(self.digits, AWGNLink(), seed)


def _study(**changes):
    return Study.model_validate(
        {
            "name": "seeds",
            "models": {
                "main": {"system": SYSTEM},
                "judge": {"system": {"kind": "classifier", "modality": "image"}},
            },
            "links": {"awgn": {"kind": "awgn"}},
            "curves": [{"label": "a", "model": "main", "link": "awgn"}],
            "evaluation": {
                "snr_db": [0, 10], "batch_size": 20, "max_mc_iter": 2, "seeds": [0, 1, 2]
            },
            **changes,
        }
    )  # fmt: skip


def test_models_of_several_seeds_are_traced_once(digits, monkeypatch):
    """Their outputs equal those of separate instances."""
    study = _study()
    traces = []
    measure = type(_system(digits, 0)).measure

    def counted(self, *arguments, **options):
        traces.append(1)
        return measure(self, *arguments, **options)

    monkeypatch.setattr(type(_system(digits, 0)), "measure", counted)
    here = Workspace(study, digits, FreshModels(digits))
    parts = [Part(study.curves[0], "main", "awgn", seed) for seed in (0, 1, 2)]
    found = {(p.seed, snr): here.point(p, snr, report=print) for p in parts for snr in (0.0, 10.0)}
    assert len(traces) == 1
    for part in parts[1:]:
        alone = Workspace(study, digits, FreshModels(digits))
        assert alone.point(part, 10.0, report=print) == found[part.seed, 10.0]


def test_digests_do_not_count_judges(digits):
    study = _study(judges={"image": "judge"})
    here, fresh = (Workspace(study, digits, FreshModels(digits)) for _ in range(2))
    here.point(Part(study.curves[0], "main", "awgn", 0), 0.0, report=print)
    for seed in (1, 0):
        expected = fresh.model("main", seed, False, report=print).digest
        assert here.model("main", seed, False, report=print).digest == expected
