# SPDX-License-Identifier: Apache-2.0
"""Interface between simulations and systems, with defaults."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

import tensorflow as tf

Batch = Mapping[str, tf.Tensor]
"""Tensors by name, such as samples of each modality ``[batch, *shape]``"""
Present = Sequence[str] | None
"""Modalities at the transmitter; all if `None`"""
SNR: TypeAlias = "tf.Tensor | float"
"""An SNR [dB]"""

_PACKAGE = __name__.partition(".")[0]


@runtime_checkable
class Measurable(Protocol):
    """Interface for Monte Carlo simulations: metrics of each sample of a batch at an SNR."""

    def measure(self, batch: Any, snr_db: SNR) -> Mapping[str, tf.Tensor]:
        """Metrics by name: ``[batch]``, or ``[batch, n]`` for metrics in ``aggregates``."""


@runtime_checkable
class Aggregating(Measurable, Protocol):
    """Measurable object with metrics that are functions of means over all samples."""

    @property
    def aggregates(self) -> Mapping[str, Callable[..., float]]:
        """Functions that map means of components [n] to a metric, by name."""


@runtime_checkable
class Scaled(Measurable, Protocol):
    """Something measurable along axes other than the SNR, such as transmit power."""

    def snr_offset_db(self, axis: str) -> float:
        """SNR [dB] minus the value along ``axis`` [dB, dBm]."""


@runtime_checkable
class Encoding(Measurable, Protocol):
    """Measurable object with computations that do not depend on the SNR."""

    def encodings(self, batch: Any, present: Present = None) -> Any:
        """Deterministic output of the transmitter for a batch.

        ``measure`` accepts it as ``encodings`` and does not compute it again.
        """


@runtime_checkable
class Representing(Protocol):
    """System with representations for probes."""

    def representations(
        self, inputs: Batch, snr_db: SNR, present: Present = None
    ) -> Mapping[str, tf.Tensor]:
        """Latents of modalities, and ``received`` latents at ``snr_db``, [batch, dim] each."""


class SystemContract:
    """Interface of all systems in studies, with defaults that a system may override.

    Systems with a link are also :class:`Measurable`. Systems with ``shows_representations`` in
    their settings are :class:`Representing`. Systems with ``modes`` in their settings have an
    attribute ``mode`` that can be set.

    Attributes
    ----------
    aggregates : `dict` of callables
        Metrics that are functions of means over all samples, see :class:`Aggregating`
    recognizers : `dict` of classifiers
        Classifiers of reconstructions by modality, for systems with reconstructions
    """

    aggregates: ClassVar[Any] = {}
    recognizers: Any = MappingProxyType({})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Disable AutoGraph for methods of this package inside a `tf.function` of the user."""
        super().__init_subclass__(**kwargs)
        if cls.__module__.partition(".")[0] == _PACKAGE:
            for name, method in list(vars(cls).items()):
                if inspect.isfunction(method) and not name.startswith("_"):
                    setattr(cls, name, tf.autograph.experimental.do_not_convert(method))

    @property
    def structure(self) -> tuple[Hashable, ...]:
        """State of the system, other than weights, that a graph depends on."""
        return ()

    def snr_offset_db(self, axis: str) -> float:
        """SNR [dB] minus the value along ``axis``; by default, the SNR is the only axis."""
        if axis != "snr_db":
            raise ValueError(f"{type(self).__name__} is measured along the SNR. Received: {axis}")
        return 0.0

    def schedules(self, num_epochs: int) -> list[Any]:
        """Callbacks for a training of ``num_epochs``; none by default."""
        return []

    def static_metrics(self, data: Iterable[Any]) -> dict[str, float]:
        """Metrics that do not depend on the SNR; none by default."""
        return {}
