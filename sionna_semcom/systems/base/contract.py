# SPDX-License-Identifier: Apache-2.0
"""What simulations may ask of a system, with the answer of systems that do not say otherwise."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, runtime_checkable

import tensorflow as tf

Batch = Mapping[str, tf.Tensor]
"""Tensors by name, such as samples of each modality ``[batch, *shape]``"""

_PACKAGE = __name__.partition(".")[0]


@runtime_checkable
class Measurable(Protocol):
    """What a Monte Carlo simulation needs: figures of every sample of a batch at an SNR."""

    def measure(self, batch: Any, snr_db: tf.Tensor | float) -> Mapping[str, tf.Tensor]:
        """Figures by name: ``[batch]``, or ``[batch, n]`` where they are in ``aggregates``."""


@runtime_checkable
class Aggregating(Measurable, Protocol):
    """Something measurable, some figures of which are functions of means over all samples."""

    @property
    def aggregates(self) -> Mapping[str, Callable[..., float]]:
        """Functions from means of components [n] to a figure, by its name."""


@runtime_checkable
class Scaled(Measurable, Protocol):
    """Something measurable along axes other than the SNR, such as transmit power."""

    def snr_offset_db(self, axis: str) -> float:
        """What is added to a value along ``axis`` [dB, dBm] for the SNR [dB]."""


@runtime_checkable
class Encoding(Measurable, Protocol):
    """Something measurable, part of whose work depends on no SNR."""

    def encodings(self, batch: Any, present: Sequence[str] | None = None) -> Any:
        """What the transmitter makes of a batch before anything is drawn.

        ``measure`` takes it as ``encodings``, in place of making it itself.
        """


@runtime_checkable
class Representing(Protocol):
    """A system that shows what probes may look at."""

    def representations(
        self, inputs: Batch, snr_db: tf.Tensor | float, present: Sequence[str] | None = None
    ) -> Mapping[str, tf.Tensor]:
        """Latents of modalities, and what is ``received`` at ``snr_db``, [batch, dim] each."""


class SystemContract:
    """What studies ask of any system; a system overrides what it does otherwise.

    Systems that transmit also are :class:`Measurable`; those whose settings say
    ``shows_representations`` are :class:`Representing`; those whose settings name ``modes`` have an
    attribute ``mode`` that can be set.

    Attributes
    ----------
    aggregates : `dict` of callables
        Figures that are functions of means over all samples; see :class:`Aggregating`
    recognizers : `dict` of classifiers
        Classifiers of reconstructions by modality, for systems that give any
    """

    aggregates: ClassVar[Any] = {}
    recognizers: Any = MappingProxyType({})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Keep AutoGraph, which a user's own `tf.function` has on, off methods of this package."""
        super().__init_subclass__(**kwargs)
        if cls.__module__.partition(".")[0] == _PACKAGE:
            for name, method in list(vars(cls).items()):
                if inspect.isfunction(method) and not name.startswith("_"):
                    setattr(cls, name, tf.autograph.experimental.do_not_convert(method))

    @property
    def structure(self) -> tuple[Hashable, ...]:
        """What a graph of the system depends on that may change, its weights aside."""
        return ()

    def snr_offset_db(self, axis: str) -> float:
        """What is added to a value along ``axis`` for the SNR [dB]; only the SNR is known."""
        if axis != "snr_db":
            raise ValueError(f"{type(self).__name__} is measured along the SNR. Received: {axis}")
        return 0.0

    def schedules(self, num_epochs: int) -> list[Any]:
        """Callbacks of a training of ``num_epochs``; none by default."""
        return []

    def static_metrics(self, data: Iterable[Any]) -> dict[str, float]:
        """Figures that do not depend on the SNR; none by default."""
        return {}
