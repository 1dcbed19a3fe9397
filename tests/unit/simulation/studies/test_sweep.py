# SPDX-License-Identifier: Apache-2.0
"""Comma-separated values of settings create one study with a curve per combination."""

import numpy as np
import pytest

from sionna_semcom.simulation import Curve, load_study
from sionna_semcom.simulation.results.curves import Metric
from sionna_semcom.simulation.studies.sweep import Sweep, ranking

from .tiny_study import write as write


def _rates(study):
    return {curve.label: study.models[curve.model].training.learning_rate for curve in study.curves}


def test_a_list_of_values_is_a_curve_for_each(write):
    study = load_study(write(), ["training.learning_rate=1e-3,3e-4"])
    assert _rates(study) == {
        "AWGN, learning_rate 1e-3": 1e-3,
        "TDL, learning_rate 1e-3": 1e-3,
        "AWGN, learning_rate 3e-4": 3e-4,
        "TDL, learning_rate 3e-4": 3e-4,
    }
    assert study.name == "tiny_sweep_learning_rate"
    assert study.evaluation.split == "validation"
    assert study.judges == {"image": "judge"}
    assert study.models["judge"].training.learning_rate == 1e-3  # the default
    assert study.curves[1].present == ("image", "text")


def test_models_that_do_not_change_are_shared(write):
    """The first value is that of the file: its model keeps its name and its weights."""
    study = load_study(write(), ["models.main.training.epochs=1,2"])
    assert [curve.model for curve in study.curves] == ["main", "main"] + ["main-epochs_2"] * 2


def test_all_combinations_are_there(write):
    changes = ["training.epochs=1,2", "links.tdl.model=TDL-A,TDL-C", "training.batch_size=7"]
    study = load_study(write(), changes)
    assert len(study.curves) == 8
    found = [(study.models[c.model].training.epochs, study.links[c.link]) for c in study.curves]
    tdl = [(epochs, vars(link)["model"]) for epochs, link in found if link.kind == "ofdm"]
    assert sorted(tdl) == [(1, "TDL-A"), (1, "TDL-C"), (2, "TDL-A"), (2, "TDL-C")]
    assert {study.models[c.model].training.batch_size for c in study.curves} == {7}


def test_models_start_from_those_of_their_combination(write):
    from .tiny_study import PRETRAINED

    study = load_study(write(**PRETRAINED), ["models.comm.training.epochs=3,4"])
    assert len(study.curves) == 2
    for curve, epochs in zip(study.curves, (3, 4), strict=True):
        model = study.models[curve.model]
        assert model.pretrained.model.training.epochs == epochs


@pytest.mark.parametrize(
    "change", ["title=Hello, world", "evaluation.snr_db=[0,10]", "models.main.snr_db=[0, 5]"]
)
def test_other_commas_are_no_sweep(write, change):
    assert len(load_study(write(), [change]).curves) == 2


def test_commas_in_quotes_and_brackets_part_nothing():
    sweep, _ = Sweep.of(["models.a.snr_db=[0, 5],[5, 10]", 'links.b.name="x, y",z'])
    assert sweep.keys == ("models.a.snr_db", "links.b.name")
    assert len(sweep.combinations) == 4
    assert sweep.combinations[0] == ("[0, 5]", '"x, y"')


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.learning_rate=1e-3,-1", "learning_rate: .*greater than 0"),
        ("training.rate=1,2", "rate"),
        ("models.judge.training.epochs=3,9", "must not change judges.*changes of judge"),
        ("links.none.kind=awgn,ofdm", "links has no none, only awgn, tdl"),
        ("training.epochs=" + ",".join(map(str, range(1, 1200))), "at most 1000 combinations"),
    ],
)
def test_wrong_values_are_named(write, change, message):
    with pytest.raises(ValueError, match=message):
        load_study(write(), [change])


def test_ranking_knows_errors_from_what_is_better_greater():
    def curve(mse, accuracy):
        ones, count = np.ones(2), np.array([9, 9])
        metrics = {
            name: Metric(value * ones, (value - 0.1) * ones, (value + 0.1) * ones, count, False)
            for name, value in (
                ("image_mse", mse),
                ("text_accuracy", accuracy),
                ("own/mae", mse),
                ("spent_channel_uses", mse),
            )
        }
        return Curve(np.array([0.0, 10.0]), metrics)

    curves = {"a": curve(0.3, 0.5), "b": curve(0.2, 0.4), "c": curve(0.25, 0.9)}
    assert [label for label, _, _ in ranking(curves, "image_mse")] == ["b", "c", "a"]
    assert [label for label, _, _ in ranking(curves, "own/mae")] == ["b", "c", "a"]
    assert ranking(curves, "spent_channel_uses")[0][0] == "b"
    assert ranking(curves, "text_accuracy")[0] == ("c", 0.9, pytest.approx(0.1))
    with pytest.raises(ValueError, match="no metric 'x', only image_mse, text_accuracy, own/mae, "):
        ranking(curves, "x")


@pytest.mark.parametrize(
    ("metric", "values", "best"),
    [
        ("label_mae_in_received", (0.9, 0.1), "b"),
        ("label_in_received", (0.9, 0.1), "a"),
        ("error_over_no_eff", (0.4, 1.1), "b"),
        ("error_over_no_eff_p50", (3.0, 0.9), "b"),
        ("gain_over_linear", (0.9, 3.0), "b"),
        ("nmse_p5", (0.9, 0.1), "b"),
        ("snr_p5", (0.9, 0.1), "a"),
        ("image_mse_percentile_95", (0.9, 0.1), "b"),
    ],
)
def test_ranking_reads_the_kind_of_a_metric_within_its_name(metric, values, best):
    curves = {}
    for label, value in zip("ab", values, strict=True):
        value = np.array([value])
        curves[label] = Curve(np.zeros(1), {metric: Metric(value, value, value, np.array([9]))})
    assert ranking(curves, metric)[0][0] == best


def test_values_that_differ_in_signs_alone_have_models_of_their_own(write):
    study = load_study(write(), ["models.main.snr_db=-5,5,+5.0"])
    found = [study.models[curve.model].snr_db for curve in study.curves[::2]]
    assert found == [-5, 5, 5]
    assert len({curve.model for curve in study.curves}) == 3
