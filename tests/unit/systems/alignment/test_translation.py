"""Settings of translations, and of the choice of their pilots."""

import numpy as np
import pytest

from sionna_semcom.channel import FlatMIMOChannel
from sionna_semcom.datasets import LatentPairs, LatentSplit
from sionna_semcom.datasets.pilots import PilotChoice
from sionna_semcom.systems import SYSTEMS


@pytest.fixture(scope="module")
def pairs():
    draw = np.random.default_rng(1)
    mixing = draw.normal(size=(5, 4))

    def split(count):
        tx = draw.normal(size=(count, 5)) + 3.0 * np.eye(5)[np.arange(count) % 3]
        label = np.arange(count) % 3
        return LatentSplit(tx.astype("f"), (tx @ mixing).astype("f"), label.astype("i"))

    return LatentPairs(
        {
            name: split(n)
            for name, n in zip(("train", "validation", "test"), (300, 60, 60), strict=True)
        }
    )


def build(pairs, **settings):
    link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2)
    return SYSTEMS.settings(settings).build(pairs, link, 20.0, seed=3)


@pytest.mark.parametrize(
    ("method", "options", "expected"),
    [
        ("procrustes", {}, {"metric": True}),
        ("cca", {"components": 2, "ridge": 0.1}, {"components": 2, "ridge": 0.1}),
        ("relative", {"anchors": 20}, {"anchors": 20}),
        ("kernel_ridge", {"gamma": 0.2, "alpha": 0.5}, {"gamma": 0.2, "alpha": 0.5}),
    ],
)
def test_settings_reach_the_aligner(pairs, method, options, expected):
    aligner = build(pairs, kind="translation_alignment", method=method, **options).aligner
    found = aligner.get_params()
    metric = found.pop("metric", None)
    if expected.pop("metric", False):
        np.testing.assert_allclose(metric, np.eye(4) * metric[0, 0])
    assert found.items() >= expected.items()


@pytest.mark.parametrize(
    ("method", "option"),
    [
        ("procrustes", {"anchors": 3}),
        ("cca", {"metric_share": 0.5}),
        ("relative", {"components": 2}),
        ("kernel_ridge", {"ridge": 0.1}),
    ],
)
def test_settings_of_other_methods_are_refused(method, option):
    with pytest.raises(ValueError, match=f"{next(iter(option))} is not for method '{method}'"):
        SYSTEMS.settings({"kind": "translation_alignment", "method": method, **option})


@pytest.mark.parametrize("kind", ["random", "herding", "kmeans"])
def test_chosen_pilots_reach_the_aligner(pairs, kind):
    found = build(pairs, kind="linear_alignment", pilots={"kind": kind, "count": 30})
    assert found.receiver.num_pilots == 30
    expected = PilotChoice(kind=kind, count=30).of(pairs, 3).splits["train"].tx
    mean = found.aligner.modes_.mean_tx
    np.testing.assert_allclose(mean, expected.mean(0, np.float64), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("pilots", "message"),
    [({"kind": "best", "count": 3}, "kind"), ({"kind": "kmeans"}, "count"), (0, "greater than 0")],
)
def test_other_choices_are_refused(pilots, message):
    with pytest.raises(ValueError, match=message):
        SYSTEMS.settings({"kind": "linear_alignment", "pilots": pilots})
