# SPDX-License-Identifier: Apache-2.0
"""Transform coding of real vectors with a bit budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA

from .range_coding import RangeCode

MOST = 1023  # largest magnitude of a symbol


class SourceCoded(NamedTuple):
    """Vectors as bits."""

    bits: NDArray[np.uint8]
    """[num_samples, num_bits], bits of each vector, padded with zeros"""
    symbols: NDArray[np.int32]
    """[num_samples, num_components], coded symbols"""
    cut: NDArray[np.bool_]
    """[num_samples], whether symbols were set to zero to meet the budget"""


@keras.saving.register_keras_serializable("sionna_semcom")
class TransformCoder:
    r"""Karhunen-Loève transform, uniform quantizer and range coder with a bit budget per vector.

    ::

        features ─ KLT ─ first components / Δ ─ round ─ range coder ─ bits

    .. math:: q_k = \operatorname{round}\left(\mathbf{u}_k^\mathsf{T} (\mathbf{x} -
        \bar{\mathbf{x}}) / \Delta\right), \qquad k = 1, \dots, K

    All components use the same step :math:`\Delta`, which minimizes the squared error. It is the
    smallest step with which the given fraction of the training vectors meets the budget. By
    default, the number of components minimizes the squared error on the training vectors. If a
    vector exceeds the budget, symbols are set to zero, starting at the last component. These
    symbols are the least important, a zero requires few bits, and no side information is needed.

    Source of transform coding: V. K. Goyal, "Theoretical Foundations of Transform Coding", 2001.

    Parameters
    ----------
    num_bits : `int`
        Bit budget per vector
    num_components : `None` (best of 1, 2, 4, ..., 64, or all) | `int`
        Number of components :math:`K`
    share : `float`
        Fraction of the training vectors that meet the budget with all symbols

    Attributes
    ----------
    step_ : `float`
        Step :math:`\Delta`
    code_ : :class:`~sionna_semcom.semantics.RangeCode`
        Range coder with the scales of the training vectors
    distortion_ : `float`
        Squared error of the training vectors relative to their variance, without zeroed symbols

    Raises
    ------
    ValueError
        If a parameter is out of range
    """

    def __init__(
        self, num_bits: int, num_components: int | None = None, share: float = 0.95
    ) -> None:
        if num_bits < 1 or not (num_components is None or num_components > 0):
            raise ValueError(
                "`num_bits` and `num_components` must be positive. "
                f"Received: {num_bits} and {num_components}"
            )
        if not 0 < share <= 1:
            raise ValueError(f"`share` must lie in (0, 1]. Received: {share}")
        self.num_bits = num_bits
        self.num_components = num_components
        self.share = share

    def fit(self, features: ArrayLike) -> TransformCoder:
        """Fit transform, number of components, step and scales to ``features`` [n, dim].

        Raises
        ------
        ValueError
            If all vectors are equal, or there are fewer dimensions than components
        """
        features = np.asarray(features, np.float64)
        if features.ndim != 2 or len(features) < 2 or not np.ptp(features, axis=0).any():
            raise ValueError(
                "`features` must be at least two vectors [n, dim] that differ. "
                f"Received: shape={features.shape}"
            )
        most = min(features.shape)
        counts = [self.num_components or 0]
        if self.num_components is None:
            counts = sorted({min(2**power, most) for power in range(7)})
        elif self.num_components > most:
            raise ValueError(
                f"`num_components` must not exceed {most}, of vectors {features.shape}. "
                f"Received: {self.num_components}"
            )
        self._transform = PCA(max(counts), svd_solver="full").fit(features)
        coefficients = self._transform.transform(features)
        variance = np.square(features - self._transform.mean_).sum(-1).mean()
        trials = [self._fit_step(coefficients[:, :count]) for count in counts]
        errors = [
            variance - 2 * np.sum(kept * coded, -1).mean() + np.square(coded).sum(-1).mean()
            for kept, coded in (
                (coefficients[:, : len(code.scales)], step * _quantize(coefficients, step, code))
                for step, code in trials
            )
        ]
        best = int(np.argmin(errors))
        self.step_, self.code_ = trials[best]
        self.distortion_ = float(errors[best] / variance)
        return self

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and the sizes of the fitted :attr:`arrays`."""
        sizes = {name: list(array.shape) for name, array in self.arrays.items()}
        options = {key: getattr(self, key) for key in ("num_bits", "num_components", "share")}
        return {**options, "sizes": sizes}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TransformCoder:
        """Build a coder from the output of :meth:`get_config`, with ``arrays`` of ones."""
        options = dict(config)
        sizes = options.pop("sizes")
        coder = cls(**options)
        coder.arrays = {name: np.ones(shape) for name, shape in sizes.items()}
        return coder

    @property
    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """All fitted arrays."""
        pca = self._transform
        return {
            "components": pca.components_,
            "variances": pca.explained_variance_,
            "mean": pca.mean_,
            "scales": self.code_.scales,
            "others": np.array([self.step_, self.distortion_]),
        }

    @arrays.setter
    def arrays(self, arrays: Mapping[str, NDArray[np.float64]]) -> None:
        pca = self._transform = PCA(len(arrays["components"]), svd_solver="full")
        pca.components_, pca.mean_ = arrays["components"], arrays["mean"]
        pca.explained_variance_ = arrays["variances"]
        pca.n_components_, pca.n_features_in_ = pca.components_.shape
        self.code_ = RangeCode(arrays["scales"], MOST)
        self.step_, self.distortion_ = map(float, arrays["others"])

    def _fit_step(self, coefficients: NDArray[np.float64]) -> tuple[float, RangeCode]:
        """Smallest step that meets the budget for ``share``, by bisection, and its coder."""
        scales = coefficients.std(0) / np.sqrt(2.0)
        largest = np.max(np.abs(coefficients))
        low, high = largest / MOST, largest * 2.0**10  # all values have a symbol
        for _ in range(40):
            step = np.sqrt(low * high)
            code = RangeCode(scales / step, MOST)
            information = code.information(_quantize(coefficients, step, code))
            # A row has as many bits as its information, rounded up; the library rounds its models
            fits = np.quantile(information, self.share) + 0.1 <= self.num_bits
            low, high = (low, step) if fits else (step, high)
        return float(high), RangeCode(scales / high, MOST)

    def quantize(self, features: ArrayLike) -> NDArray[np.int32]:
        """Symbols [n, num_components] of ``features`` [n, dim], without the budget."""
        coefficients = self._transform.transform(np.asarray(features, np.float64))
        return _quantize(coefficients, self.step_, self.code_)

    def encode(self, features: ArrayLike) -> SourceCoded:
        """Code ``features`` [n, dim]."""
        symbols = self.quantize(features)
        bits = np.zeros([len(symbols), self.num_bits], np.uint8)
        cut = np.zeros(len(symbols), bool)
        for index, row in enumerate(symbols):
            coded = self.code_.encode(row, self.num_bits)
            for last in reversed(np.flatnonzero(row)):
                if coded is not None:
                    break
                row[last], cut[index] = 0, True
                coded = self.code_.encode(row, self.num_bits)
            if coded is None:
                raise ValueError(f"`num_bits` must hold a row of zeros. Received: {self.num_bits}")
            bits[index] = coded
        return SourceCoded(bits, symbols, cut)

    def decode(self, bits: ArrayLike) -> NDArray[np.int32]:
        """Symbols [n, num_components] of ``bits`` [n, num_bits].

        Raises
        ------
        ValueError
            If a row was not produced by the encoder
        """
        rows = [self.code_.decode(row) for row in np.asarray(bits, np.uint8)]
        return np.array(rows, np.int32).reshape(-1, len(self.code_.scales))

    def coefficients(self, symbols: ArrayLike) -> NDArray[np.float64]:
        """Components of the transform [n, num_components] for ``symbols``."""
        return self.step_ * np.asarray(symbols, np.float64)

    def reconstruct(self, symbols: ArrayLike) -> NDArray[np.float64]:
        """Vectors [n, dim] for ``symbols`` [n, num_components]."""
        coefficients = self.coefficients(symbols)
        directions = self._transform.components_[: coefficients.shape[-1]]
        return coefficients @ directions + self._transform.mean_


def _quantize(coefficients: NDArray[np.float64], step: float, code: RangeCode) -> NDArray[np.int32]:
    """Symbols of the components of ``code``."""
    kept = coefficients[:, : len(code.scales)]
    return np.clip(np.round(kept / step), -code.limit, code.limit).astype(np.int32)
