# SPDX-License-Identifier: Apache-2.0
"""Graph of a system that is cut at its link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from ..base.linked_model import LinkedModel
from ..base.presence import batch_keys
from .cut_link import CutLink

SENT = ("symbols_real", "symbols_imag")
RECEIVED = ("symbols_hat_real", "symbols_hat_imag", "no_eff")


class Part(NamedTuple):
    """Part of a graph, and its tensors by name."""

    function: Any
    inputs: Mapping[str, tf.Tensor]
    outputs: Mapping[str, tf.Tensor]


class Trace(NamedTuple):
    """Graph of a system, and its tensors by name."""

    function: Any
    inputs: dict[str, tf.Tensor]
    sent: dict[str, tf.Tensor]
    received: dict[str, tf.Tensor]
    outputs: dict[str, tf.Tensor]

    def part(self, inputs: Mapping[str, tf.Tensor], outputs: Mapping[str, tf.Tensor]) -> Part:
        """Graph from the used ``inputs`` to ``outputs``.

        Raises
        ------
        ValueError
            If the outputs depend on other inputs
        """
        part = pruned(self.function, {**self.inputs, **self.received}, outputs)
        others = sorted(set(part.inputs) - set(inputs))
        if others:
            raise ValueError(
                "`system` must decode only what it has received. "
                f"Received: a receiver that uses {', '.join(others)}"
            )
        return part


def pruned(
    function: Any, inputs: Mapping[str, tf.Tensor], outputs: Mapping[str, tf.Tensor]
) -> Part:
    """Graph from those of the ``inputs`` that ``outputs`` depend on."""
    needed = _placeholders(outputs.values())
    used = {name: end for name, end in inputs.items() if end.name in needed}
    ends = list(used.values()), list(outputs.values())
    return Part(function.prune(*ends), used, dict(outputs))


def traced(system: LinkedModel) -> Trace:
    """Graph of ``system`` with all modalities, with received symbols as further inputs.

    Raises
    ------
    ValueError
        If the system does not send its symbols in one call of the link
    """
    shapes = dict(system.shapes)
    specs = {name: tf.TensorSpec([None, *shape], name=name) for name, shape in shapes.items()}
    for name in set(batch_keys(shapes)) - set(shapes):
        specs[name] = tf.TensorSpec([None], tf.int32, name=name)
    received = {name: tf.TensorSpec([None, system.num_symbols], name=name) for name in RECEIVED}

    def run(*ends: tf.Tensor) -> dict[str, tf.Tensor]:
        real, imag, no_eff = ends[len(specs) :]
        link = CutLink(system.link, tf.complex(real, imag), no_eff)
        with system.over(link):
            outputs = system(dict(zip(specs, ends, strict=False)), snr_db=0.0)
        if len(link.sent) != 1:
            raise ValueError(
                "`system` must send its symbols in one call of the link. "
                f"Received: {len(link.sent)} calls"
            )
        parts = tf.math.real(link.sent[0]), tf.math.imag(link.sent[0])
        named = outputs if isinstance(outputs, Mapping) else {"output": outputs}
        return {**dict(zip(SENT, parts, strict=True)), **named}

    function = tf.compat.v1.wrap_function(run, [*specs.values(), *received.values()])
    ends = dict(zip([*specs, *received], function.inputs, strict=False))
    outputs = dict(function.structured_outputs)
    return Trace(
        function,
        {name: ends[name] for name in specs},
        {name: outputs.pop(name) for name in SENT},
        {name: ends[name] for name in RECEIVED},
        outputs,
    )


def _placeholders(ends: Iterable[tf.Tensor]) -> set[str]:
    """Names of the inputs of a graph that ``ends`` depend on."""
    waiting, seen = list(ends), set()
    found = set()
    while waiting:
        end = waiting.pop()
        if end.name not in seen:
            seen.add(end.name)
            waiting += end.op.inputs
            if end.op.type == "Placeholder":
                found.add(end.name)
    return found
