# SPDX-License-Identifier: Apache-2.0
"""Base class of the aligners of several users."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

import tensorflow as tf
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

Pair = TypeVar("Pair")


class ManyUserAligner(BaseEstimator, Generic[Pair]):
    """Aligner of one station and several users, which designs for the channels of all users."""

    def design(
        self, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float = 0.0
    ) -> Pair:
        """Design precoders and decoders for channels.

        Input
        -----
        h : [..., K, B, N_R, N_T], `tf.complex`
            Channels of the users, or with ``error_variance`` their conditional means
        no : [], `tf.float`
            Noise power per receive antenna; for a shared precoder also [..., K], that of each user
        error_variance : [] or [..., K, B], `tf.float`
            Variance of the errors on the coefficients of ``h``

        Output
        ------
        : `tuple`
            Precoders and decoders, with the methods ``precode`` and ``decode``

        Raises
        ------
        ValueError
            If ``h`` does not have that shape or is not finite, or its resource elements cannot be
            shared equally by users who have elements of their own
        """
        check_is_fitted(self)
        return self._design(tf.convert_to_tensor(h), no, error_variance)

    @abstractmethod
    def _design(
        self, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float
    ) -> Pair:
        """Design for channels, which are checked here."""
