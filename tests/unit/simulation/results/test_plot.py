# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from sionna_semcom.simulation import Curve, Metric, PlotMetrics, Result
from sionna_semcom.simulation.results.curves import Estimate
from sionna_semcom.simulation.results.labels import (
    format_estimate,
    format_snr,
    in_words,
    metric_label,
)


def _result(labels=("a", "b"), snr_db=(0.0, 10.0, 20.0), metrics=("image_mse", "image_psnr")):
    snrs = np.array(snr_db)
    mean = np.linspace(0.5, 0.01, snrs.size)
    metric = Metric(mean, mean - 0.005, mean + 0.01, np.full(snrs.size, 10))
    return Result({label: Curve(snrs, dict.fromkeys(metrics, metric)) for label in labels})


def _legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_one_panel_a_metric_with_every_curve_and_its_band():
    figure = PlotMetrics("Title").add(_result()).figure()
    assert [ax.get_ylabel() for ax in figure.axes] == ["Image MSE", "Image PSNR [dB]"]
    assert _legend(figure) == ["a", "b"]
    assert figure.get_suptitle() == "Title"
    for ax in figure.axes:
        assert ax.get_xlabel() == "SNR [dB]"
        line = next(line for line in ax.lines if line.get_label() == "a")
        np.testing.assert_allclose(line.get_xydata()[-1], [20, 0.01])
        band = ax.collections[0].get_paths()[0].vertices
        assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((0.005, 0.51))


def test_a_long_title_stays_inside_the_figure():
    figure = PlotMetrics("Title of a study " * 12).add(_result()).figure()
    figure.draw_without_rendering()
    box = figure.texts[0].get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert box.y0 > max(axis.get_window_extent().y1 for axis in figure.axes)


def test_the_band_of_a_bounded_metric_ends_at_its_range():
    """Stored intervals of older versions may exceed it."""
    metric = Metric(np.full(2, 0.9), np.full(2, -0.3), np.full(2, 1.2), np.full(2, 10))
    curve = Curve(np.array([0.0, 10.0]), {"f1": metric, "gain": metric})
    axes = PlotMetrics().add(Result({"a": curve})).figure(["f1", "gain"]).axes
    bands = [ax.collections[0].get_paths()[0].vertices[:, 1] for ax in axes]
    assert [(band.min(), band.max()) for band in bands] == [(0.0, 1.0), (-0.3, 1.2)]


def test_curves_differ_in_color_and_marker_for_every_reader():
    labels = [f"curve {index}" for index in range(14)]
    ax = PlotMetrics().add(_result(labels)).figure(["image_mse"]).axes[0]
    lines = [line for line in ax.lines if line.get_label() in labels]
    looks = {(line.get_color(), line.get_marker(), line.get_linestyle()) for line in lines}
    assert len(looks) == 14


def test_the_noiseless_link_stands_apart_and_is_not_joined():
    ax = PlotMetrics().add(_result(snr_db=(0.0, 20.0, math.inf))).figure(["image_mse"]).axes[0]
    labels = [text.get_text() for text in ax.get_xticklabels()]
    assert labels[-1] == "∞"
    line = next(line for line in ax.lines if line.get_label() == "a")
    assert line.get_xdata().max() == 20
    assert ax.get_xticks()[-1] > 20


def test_only_the_noiseless_link():
    ax = PlotMetrics().add(_result(snr_db=(math.inf,))).figure(["image_mse"]).axes[0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["noiseless link"]


def test_logarithmic_axes_have_plain_numbers():
    figure = PlotMetrics().add(_result()).figure(log_scale=["image_mse"])
    figure.canvas.draw()
    assert [ax.get_yscale() for ax in figure.axes] == ["log", "linear"]
    assert "0.1" in [text.get_text() for text in figure.axes[0].get_yticklabels()]


def _along(x, axis="compression_factor", snr_db=10.0):
    x = np.array(x)
    mean = np.linspace(0.1, 0.9, x.size)
    metric = Metric(mean, mean - 0.01, mean + 0.01, np.full(x.size, 10))
    return Result({axis: Curve(np.full(x.size, snr_db), {"accuracy": metric}, {}, axis, x)})


@pytest.mark.parametrize("snr_db", [10.0, math.inf])
def test_curves_are_drawn_along_their_axis(snr_db):
    ax = PlotMetrics().add(_along([0.05, 0.1, 0.4], snr_db=snr_db)).figure().axes[0]
    assert ax.get_xlabel() == "Compression factor"
    assert ax.get_xscale() == "linear"
    line = next(line for line in ax.lines if line.get_label() == "compression_factor")
    np.testing.assert_array_equal(line.get_xdata(), [0.05, 0.1, 0.4])


@pytest.mark.parametrize(
    ("x", "ticks"),
    [
        ([0.05, 0.1, 0.4], ["0.05", "0.1", "0.2"]),
        ([1e3, 1e5, 3e7], [f"$\\mathdefault{{10^{{{k}}}}}$" for k in range(3, 8)]),
    ],
)
def test_a_logarithmic_axis_has_few_ticks(x, ticks):
    figure = PlotMetrics().add(_along(x)).figure(log_x=True)
    figure.canvas.draw()
    (ax,) = figure.axes
    assert ax.get_xscale() == "log"
    low, high = ax.get_xlim()
    shown = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
    assert [text.get_text() for tick, text in shown if low <= tick <= high] == ticks


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([_result()], "must be False if the axis is the SNR"),
        ([_along([0.0, 1.0])], r"needs positive compression_factor\. Received: 0"),
        ([_along([1.0]), _result()], "same axis. Received: compression_factor, snr_db"),
        ([_along([1.0]), _along([1.0], "flops")], "Received: compression_factor, flops"),
    ],
)
def test_impossible_axes_are_refused(results, message):
    plot = PlotMetrics()
    for result in results:
        plot.add(result)
    with pytest.raises(ValueError, match=message):
        plot.figure(log_x=True)


def test_results_are_told_apart_by_their_labels():
    plot = PlotMetrics().add(_result(["x"]), "mine").add(_result(), "theirs")
    assert _legend(plot.figure()) == ["mine", "theirs: a", "theirs: b"]


def test_every_label_is_in_the_legend_and_every_text_is_drawn(tmp_path):
    labels = ["_private", "$x_1$", r"$\frac{$", "5 $"]
    plot = PlotMetrics("broken $x^$").add(_result(labels, metrics=["a $_$ b"]))
    figure = plot.figure()
    assert _legend(figure) == ["_private", "$x_1$", r"\$\frac{\$", "5 $"]
    plot.save(tmp_path / "a.png")  # which fails for a formula that does not parse
    handles = figure.legends[0].legend_handles
    lines = [line for line in figure.axes[0].lines if line.get_label() in labels]
    assert [h.get_color() for h in handles] == [line.get_color() for line in lines]


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_a_figure_is_saved_in_the_format_of_its_suffix(tmp_path, suffix):
    path = tmp_path / f"new/figure.{suffix}"
    PlotMetrics().add(_result()).save(path)
    magic = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[suffix]
    assert path.read_bytes().startswith(magic)
    assert len(list(path.parent.iterdir())) == 1


def test_what_cannot_be_drawn_is_said(tmp_path):
    with pytest.raises(ValueError, match="add a result first"):
        PlotMetrics().figure()
    plot = PlotMetrics().add(_result())
    with pytest.raises(ValueError, match="no metric 'mse', only image_mse, image_psnr"):
        plot.figure(["mse"])
    with pytest.raises(ValueError, match=r"suffix must be one of .*png.* Received: .*figure\.xyz"):
        plot.save(tmp_path / "figure.xyz")


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.031234, 0.03, 0.0324, 1), "0.0312 ± 0.0012"),
        (Estimate(0.98, 0.95, 0.99, 1), "0.980 ± 0.030"),
        (Estimate(1234.5, 1200.0, 1250.0, 1), "1234 ± 34"),
        (Estimate(1.0, 1.0, 1.0, 1), "1 ± 0"),
        (Estimate(0.75, 0.75 - 2e-16, 0.75 + 2e-16, 1), "0.75 ± 0"),
        (Estimate(0.974779503, 0.974779493, 0.974779513, 1), "0.9748 ± 0"),
        (Estimate(0.5, math.nan, math.nan, 1), "0.5"),
    ],
)
def test_estimates_are_rounded_to_what_is_known(estimate, text):
    assert format_estimate(estimate) == text


def test_names_read_well():
    assert metric_label("image_psnr") == "Image PSNR [dB]"
    assert metric_label("channel_uses") == "Channel uses"
    assert metric_label("mse") == "MSE"
    assert metric_label("flops") == "FLOPs"
    assert metric_label("effective_snr_p5") == "Effective SNR [dB], 5th percentile"
    assert metric_label("num_symbols") == "Symbols"
    assert metric_label("tti_over_toi") == "TTI / TOI"
    for name in ("compression_factor", "receiver_accuracy", "sparsity", "pilots", "parameters"):
        assert metric_label(name) == name.replace("_", " ").capitalize()
    assert in_words("num_symbols") == "symbols"
    assert format_snr(math.inf) == "noiseless"
    assert format_snr(-2.5) == "-2.5 dB"


def test_zeros_on_a_logarithmic_axis_are_arrows_from_their_upper_limits():
    mean, high = np.array([0.5, 0.01, 0.0, 0.0]), np.array([0.6, 0.02, 3e-3, 1e-3])
    metric = Metric(mean, np.zeros(4), high, np.full(4, 10), proportion=True)
    result = Result({"a": Curve(np.arange(4.0), {"bler": metric})})
    (log,) = PlotMetrics().add(result).figure(log_scale=["bler"]).axes
    line = next(line for line in log.lines if line.get_label() == "a")
    np.testing.assert_array_equal(line.get_xydata(), [[0, 0.5], [1, 0.01]])
    (limits,) = (one for one in log.lines if one.get_markerfacecolor() == "white")
    np.testing.assert_allclose(limits.get_xydata(), [[2, 3e-3], [3, 1e-3]])
    (linear,) = PlotMetrics().add(result).figure().axes
    line = next(line for line in linear.lines if line.get_label() == "a")
    np.testing.assert_array_equal(line.get_ydata(), mean)


def test_a_curve_of_zeros_alone_is_in_the_legend_and_drawn(tmp_path):
    zeros = np.zeros(3)
    metric = Metric(zeros, zeros, zeros + 1e-3, np.full(3, 10), proportion=True)
    plot = PlotMetrics().add(Result({"none": Curve(np.arange(3.0), {"bler": metric})}))
    assert _legend(plot.figure(log_scale=["bler"])) == ["none"]
    plot.save(tmp_path / "zeros.png", log_scale=["bler"])
