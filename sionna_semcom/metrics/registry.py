# SPDX-License-Identifier: Apache-2.0
"""Metrics of reconstructions, by their names in studies and systems."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import tensorflow as tf
from pydantic import Field

from .._parts import Settings
from .._parts.metric_ranges import METRICS, UNLIMITED
from .accuracy import accuracy
from .bits import ber, bler
from .fidelity import mae, mse, psnr, ssim


class MetricSettings(Settings):
    """Metric of reconstructions. Maps originals and reconstructions to one value per sample.

    Studies can list subclasses with a literal ``kind`` and the decorator ``@METRICS.declare`` in
    ``evaluation.metrics``. The name in results is ``<modality>_<kind>``.

    Input
    -----
    x : [batch, ...], `float`
        Originals
    x_hat : [batch, ...], `float`
        Reconstructions

    Output
    ------
    : [batch], `float` | `bool`
        One value per sample; the mean of `bool` values is a proportion
    """

    modalities: ClassVar[tuple[str, ...]] = ()
    """Modalities that the metric applies to, such as ``"image"``"""
    usual: ClassVar[bool] = False
    """Whether systems measure it by default"""
    limits: ClassVar[tuple[float, float]] = UNLIMITED
    """Smallest and largest possible value, where intervals end"""

    kind: str

    @classmethod
    def subject(cls) -> str:
        """Description of the data that the metric applies to."""
        return f"reconstructions of {', '.join(cls.modalities)}"

    def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
        """Compare originals with reconstructions."""
        raise NotImplementedError(f"{type(self).__name__} must have `__call__`")


AnyMetric = Annotated[MetricSettings, METRICS]
"""Settings of any metric of reconstructions, selected by ``kind``."""


def default_metrics(modality: str) -> dict[str, MetricSettings]:
    """Default metrics for reconstructions of ``modality``, by ``kind``.

    Parameters
    ----------
    modality : `str`
        Name of the modality

    Output
    ------
    : `dict` of :class:`MetricSettings`
        Metrics by ``kind``
    """
    return {
        kind: metric()
        for kind, metric in METRICS.items()
        if metric.usual and modality in metric.modalities
    }


@METRICS.declare
class MSE(MetricSettings):
    """Mean squared error, see :func:`mse`."""

    modalities = ("image",)
    usual = True
    limits = (0.0, math.inf)

    kind: Literal["mse"] = "mse"

    def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
        """Mean squared error [batch]."""
        return mse(x, x_hat)


@METRICS.declare
class PSNR(MetricSettings):
    """Peak signal-to-noise ratio [dB], see :func:`psnr`."""

    modalities = ("image",)
    usual = True

    kind: Literal["psnr"] = "psnr"
    max_val: float = Field(1.0, gt=0)
    """Largest possible value"""

    def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
        """PSNR [batch] in dB."""
        return psnr(x, x_hat, self.max_val)


@METRICS.declare
class SSIM(MetricSettings):
    """Structural similarity, see :func:`ssim`."""

    modalities = ("image",)
    usual = True
    limits = (-1.0, 1.0)

    kind: Literal["ssim"] = "ssim"
    max_val: float = Field(1.0, gt=0)
    """Largest possible value"""

    def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
        """SSIM [batch]."""
        return ssim(x, x_hat, self.max_val)


@METRICS.declare
class MAE(MetricSettings):
    """Mean absolute error, see :func:`mae`."""

    modalities = ("audio",)
    usual = True
    limits = (0.0, math.inf)

    kind: Literal["mae"] = "mae"

    def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
        """Mean absolute error [batch]."""
        return mae(x, x_hat)


@METRICS.declare
class Accuracy(MetricSettings):
    """Whether the word with the highest probability is correct, see :func:`accuracy`."""

    modalities = ("text",)
    usual = True
    limits = (0.0, 1.0)

    kind: Literal["accuracy"] = "accuracy"

    def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
        """Whether the decision is correct [batch], `bool`."""
        return accuracy(x, x_hat)


class _BitMetricSettings(MetricSettings):
    """Settings of a metric of decided bits, which is measured automatically for all bits."""

    modalities = ("bits",)
    limits = (0.0, 1.0)

    @classmethod
    def subject(cls) -> str:
        """Description of the data that the metric applies to."""
        return "bits, as of pusch links with a transport_block and of digital_features"


@METRICS.declare
class BER(_BitMetricSettings):
    """Bit error rate, see :func:`ber`."""

    kind: Literal["ber"] = "ber"

    def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
        """Share of wrong bits [batch]."""
        return ber(x, x_hat)


@METRICS.declare
class BLER(_BitMetricSettings):
    """Block error rate, see :func:`bler`."""

    kind: Literal["bler"] = "bler"

    def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
        """Whether a bit is wrong [batch], `bool`."""
        return bler(x, x_hat)
