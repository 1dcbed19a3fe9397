# SPDX-License-Identifier: Apache-2.0
"""Compilation of measurements to graphs, traced once for all SNRs and batch sizes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import tensorflow as tf

from ..._messages import shortened
from ...metrics import watching
from ...systems.base.contract import Encoding, Measurable
from .devices import gpus
from .memory import Memory
from .tally import UNDECIDABLE

Measure = Callable[[Any, Any], Mapping[str, Any]]
GraphMode = Literal["auto", "graph", "xla"]

NOT_COMPILED = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)
"""Errors that XLA raises for unsupported operations"""

_PACKAGE = __name__.partition(".")[0]


def executable(
    mc_fun: Measurable | Measure, graph_mode: GraphMode | None, element_spec: Any = None
) -> Measure:
    """Compile ``mc_fun`` to a function that is executed in ``graph_mode``.

    A graph is traced once for all batch sizes if ``mc_fun`` belongs to this package, or if
    ``element_spec``, the specification of a `tf.data.Dataset`, has an unknown batch size. AutoGraph
    converts functions of other packages, as `tf.function` does, but not those of this package.
    "auto" selects "xla" on a GPU if XLA can compile ``mc_fun``, and "graph" otherwise.

    Raises
    ------
    ValueError
        If ``graph_mode`` is unknown
    """
    return _traced(mc_fun, graph_mode, element_spec).fresh()


def executable_on(
    devices: Sequence[str],
    mc_fun: Measurable | Measure,
    graph_mode: GraphMode | None,
    element_spec: Any = None,
) -> Spread:
    """Compile ``mc_fun`` to a function that measures one batch on each of ``devices`` in parallel.

    See :func:`executable` for the other arguments. "auto" is "graph".

    Raises
    ------
    ValueError
        If ``graph_mode`` is unknown or "xla"
    """
    if graph_mode == "xla":
        raise ValueError(
            "`graph_mode` must not be 'xla' with `distribute`: variables, such as the state of "
            "Sionna's generator, are on one device only, where XLA must run. Received: 'xla'"
        )
    mode = "graph" if graph_mode == "auto" else graph_mode
    return Spread(_traced(mc_fun, mode, element_spec), devices)


def _traced(
    mc_fun: Measurable | Measure, graph_mode: GraphMode | None, element_spec: Any
) -> _Traced:
    if graph_mode not in (None, *get_args(GraphMode)):
        raise ValueError(
            "`graph_mode` must be None, 'auto', 'graph' or 'xla'. "
            f"Received: {shortened(graph_mode)}"
        )
    measure = mc_fun.measure if isinstance(mc_fun, Measurable) else mc_fun
    encode = mc_fun.encodings if isinstance(mc_fun, Encoding) and _is_own(measure) else None
    return _Traced(measure, encode, graph_mode, element_spec)


class _Traced:
    """Measurement in its execution mode, with a separate SNR-independent encoder if there is any.

    See :func:`executable`.
    """

    def __init__(
        self,
        measure: Measure,
        encode: Callable[[Any], Any] | None,
        graph_mode: GraphMode | None,
        element_spec: Any = None,
    ) -> None:
        self._may_not_compile = graph_mode == "auto" and bool(gpus())
        compiled, autograph = graph_mode == "xla" or self._may_not_compile, True
        if isinstance(measure, tf.types.experimental.PolymorphicFunction):
            # It becomes part of the graph below, which checks the inputs of decisions
            compiled, graph_mode = compiled or bool(measure._jit_compile), graph_mode or "graph"
            autograph, measure = measure._autograph, measure.python_function
        own = _is_own(measure)
        if graph_mode is not None and autograph:
            measure = converted(measure)

        def watched(batch: Any, snr_db: tf.Tensor, *encodings: Any) -> tuple[Any, tf.Tensor]:
            with watching() as watch:
                options = {"encodings": encodings[0]} if encodings else {}
                figures = measure(batch, snr_db, **options)
            return figures, watch.count()

        self.is_graph = graph_mode is not None
        self.watched, self._encodings = watched, encode if self.is_graph else None
        self._open_size = self.is_graph and (own or _has_open_size(element_spec))
        self._compile(compiled)

    def _compile(self, compiled: bool) -> None:
        self._run, self._encode = self.watched, self._encodings
        if self.is_graph:
            traced = functools.partial(
                tf.function, jit_compile=compiled, reduce_retracing=True, autograph=False
            )
            self._run = traced(self.watched)
            self._encode = traced(self._encodings) if self._encodings else None

    def fresh(self) -> Measure:
        """Return the measurement. Encodings are reused, so weights must not change afterwards."""
        known = Memory()

        def attempt(batch: Any, snr_db: tf.Tensor) -> tuple[Any, tf.Tensor]:
            arguments = [batch, snr_db]
            if self._encode is not None:
                self._trace(self._encode, batch)
                arguments.append(known.get(batch, self._encode))
            self._trace(self._run, *arguments)
            return self._run(*arguments)

        def measured(batch: Any, snr_db: tf.Tensor) -> Mapping[str, tf.Tensor]:
            try:
                figures, undecidable = attempt(batch, snr_db)
            except NOT_COMPILED:
                if not self._may_not_compile:
                    raise
                self._compile(False)
                figures, undecidable = attempt(batch, snr_db)
            self._may_not_compile = self._open_size = False
            return _with_count(figures, undecidable)

        return measured

    def _trace(self, function: Any, *arguments: Any) -> None:
        """Trace ``function`` for all batch sizes before its first call."""
        if self._open_size:
            specifications = list(map(_of_any_size, arguments))
            if all(one is not None for one in specifications):
                function.get_concrete_function(*specifications)


class Spread:
    """Measurement of several batches in parallel, one per device.

    Parameters
    ----------
    traced : `_Traced`
        The measurement
    devices : sequence of `str`
        Names of devices, as for `tf.device`

    Input
    -----
    batches : sequence
        At most as many batches as ``devices``
    snr_db : [], `tf.float32`
        SNR [dB]

    Output
    ------
    : `list` of `dict`
        Metrics of each batch
    """

    def __init__(self, traced: _Traced, devices: Sequence[str]) -> None:
        self.num_devices = len(devices)

        def each(batches: tuple[Any, ...], snr_db: tf.Tensor) -> list[tuple[Any, tf.Tensor]]:
            outputs = []
            for device, batch in zip(devices, batches, strict=False):
                with tf.device(device):
                    outputs.append(traced.watched(batch, snr_db))
            return outputs

        self._each = each
        if traced.is_graph:
            self._each = tf.function(each, autograph=False, reduce_retracing=True)

    def __call__(self, batches: Sequence[Any], snr_db: tf.Tensor) -> list[Mapping[str, tf.Tensor]]:
        """Measure ``batches``."""
        outputs = self._each(tuple(batches), snr_db)
        return [_with_count(figures, undecidable) for figures, undecidable in outputs]


class Graphs:
    """Cache of the graphs of systems, for repeated measurements.

    A system whose weights have changed, such as that of another seed, reuses its graph.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Hashable, ...], _Traced] = {}

    def measure(
        self, system: Any, graph_mode: GraphMode | None, present: Sequence[str] | None = None
    ) -> Measure:
        """Compile ``system.measure`` with ``present`` as :func:`executable` does.

        The compiled function of an earlier call is reused if the system has the same
        ``system.structure``, which describes the graph except for the weights.
        """
        modalities = None if present is None else tuple(present)
        key = (system, *system.structure, modalities, graph_mode)
        if key not in self._known:
            options = {} if present is None else {"present": modalities}
            encode = None
            if isinstance(system, Encoding) and _is_own(system.measure):
                encode = functools.partial(system.encodings, **options)
            measure = functools.partial(system.measure, **options)
            self._known[key] = _Traced(measure, encode, graph_mode)
        return self._known[key].fresh()


def converted(function: Any) -> Any:
    """Convert a function of another package with AutoGraph, because it may branch on tensors."""
    if _is_own(function):
        return function
    context = tf.__internal__.autograph.control_status_ctx()
    return tf.__internal__.autograph.tf_convert(function, context, user_requested=True)


def _is_own(measure: Any) -> bool:
    """Whether ``measure`` belongs to this package, which does not need AutoGraph."""
    while isinstance(measure, functools.partial):
        measure = measure.func
    return str(getattr(measure, "__module__", "")).partition(".")[0] == _PACKAGE


def _has_open_size(element_spec: Any) -> bool:
    """Whether a tensor of ``element_spec`` has a dimension that is unknown in advance."""
    shapes = (getattr(one, "shape", None) for one in tf.nest.flatten(element_spec))
    return any(shape is not None and shape.rank and shape[0] is None for shape in shapes)


def _of_any_size(value: Any) -> Any:
    """Specification of ``value`` for any batch size, or `None` if its batch sizes differ."""
    parts = tf.nest.flatten(value)
    if not all(isinstance(part, (tf.Tensor, np.ndarray)) for part in parts):
        return None
    if len({part.shape[0] for part in parts if len(part.shape)}) > 1:
        return None
    return tf.nest.map_structure(
        lambda part: tf.TensorSpec([None, *part.shape[1:]][: len(part.shape)], part.dtype), value
    )


def _with_count(figures: Mapping[str, tf.Tensor], undecidable: tf.Tensor) -> dict[str, tf.Tensor]:
    """Metrics, and the number of samples whose decisions have inputs that are not finite."""
    if UNDECIDABLE in figures:
        raise ValueError(
            f"{UNDECIDABLE!r} is reserved, and must not be the name of a metric. "
            f"Received: {', '.join(figures)}"
        )
    return {**figures, UNDECIDABLE: undecidable}
