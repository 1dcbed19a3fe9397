# SPDX-License-Identifier: Apache-2.0
"""Rewriting of graphs for runtimes without complex numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

_COMPLEX = tf.complex64.as_datatype_enum
_REAL = tf.float32.as_datatype_enum
_LINEAR = {
    *("AddN", "AddV2", "BroadcastTo", "ConcatV2", "EnsureShape", "ExpandDims", "GatherV2"),
    *("Identity", "Mean", "Neg", "Pack", "Pad", "Reshape", "Reverse", "Slice", "Split", "SplitV"),
    *("Squeeze", "StridedSlice", "Sub", "Sum", "Tile", "Transpose", "Unpack", "ZerosLike"),
}
"""Operations that act on the real part and on the imaginary part in the same way"""


class _Parts(NamedTuple):
    """Nodes of the real and of the imaginary part; a real number has no imaginary part."""

    real: str
    imag: str | None


class _Rewriter:
    """Copies nodes in topological order, with two nodes for each complex node."""

    def __init__(self, nodes: dict[str, tf.compat.v1.NodeDef]) -> None:
        self._nodes = nodes
        self._parts: dict[str, _Parts] = {}
        self._done: set[str] = set()
        self.graph = tf.compat.v1.GraphDef()

    def visit(self, name: str) -> None:
        """Copy the node ``name`` after all nodes that it depends on."""
        waiting = [name]
        while waiting:
            current = waiting[-1]
            inputs = map(_node_of, self._nodes[current].input)
            missing = [one for one in inputs if one not in self._done]
            waiting += missing
            if not missing:
                if current not in self._done:
                    self._copy(self._nodes[current])
                    self._done.add(current)
                waiting.pop()

    def _copy(self, node: tf.compat.v1.NodeDef) -> None:
        if node.op == "Erfc":
            self._complementary_error_function(node)
        elif node.op == "Complex":
            self._parts[node.name] = _Parts(*node.input[:2])
        elif node.op in ("Real", "Imag"):
            self._part(node)
        elif node.op == "Cast" and node.attr["DstT"].type == _COMPLEX:
            self._parts[node.name] = _Parts(node.input[0], None)
        elif node.op == "Const" and node.attr["dtype"].type == _COMPLEX:
            self._constant(node)
        elif node.op == "Mul" and self._is_complex(node):
            self._product(node)
        elif node.op in _LINEAR and self._is_complex(node):
            self._parts[node.name] = _Parts(self._twin(node, "real"), self._twin(node, "imag"))
        elif self._is_complex(node):
            raise ValueError(
                "Between encoder, link and decoder, complex numbers may only be scaled, joined and "
                f"split. Received: the operation {node.op}"
            )
        else:
            self.graph.node.add().CopyFrom(node)

    def _is_complex(self, node: tf.compat.v1.NodeDef) -> bool:
        return any(_node_of(one) in self._parts for one in node.input)

    def _add(self, name: str, op: str, *inputs: str) -> str:
        """Add an operation on real numbers."""
        node = self.graph.node.add(name=name, op=op, input=inputs)
        node.attr["T"].type = _REAL
        return name

    def _of(self, source: str, part: str) -> str:
        """Real or imaginary part of the complex output ``source`` of a node."""
        name, _, port = source.partition(":")
        parts = self._parts[name]
        if part == "imag" and parts.imag is None:
            zero = f"{name}/no_imag"
            if zero not in self._done:
                self._done.add(self._add(zero, "ZerosLike", parts.real))
            return zero
        chosen = parts.real if part == "real" else parts.imag
        return f"{chosen}:{port}" if port else str(chosen)

    def _twin(self, node: tf.compat.v1.NodeDef, part: str) -> str:
        """The same operation on one part."""
        twin = self.graph.node.add()
        twin.CopyFrom(node)
        twin.name = f"{node.name}/{part}"
        for number, source in enumerate(node.input):
            if _node_of(source) in self._parts:
                twin.input[number] = self._of(source, part)
        twin.attr["T"].type = _REAL
        return twin.name

    def _part(self, node: tf.compat.v1.NodeDef) -> None:
        self._add(node.name, "Identity", self._of(node.input[0], node.op.lower()))

    def _constant(self, node: tf.compat.v1.NodeDef) -> None:
        values = tf.make_ndarray(node.attr["value"].tensor)
        names = []
        for part, array in (("real", values.real), ("imag", values.imag)):
            names.append(f"{node.name}/{part}")
            constant = self.graph.node.add(name=names[-1], op="Const")
            constant.attr["dtype"].type = _REAL
            constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(array, tf.float32))
        self._parts[node.name] = _Parts(*names)

    def _product(self, node: tf.compat.v1.NodeDef) -> None:
        """(a + ib) (c + id) = (ac - bd) + i (ad + bc), shorter if a factor is real."""
        first, second = node.input[:2]
        if self._parts[_node_of(first)].imag is None:
            first, second = second, first
        a, c = self._of(first, "real"), self._of(second, "real")
        b, name = self._of(first, "imag"), node.name
        if self._parts[_node_of(second)].imag is None:
            self._parts[name] = _Parts(
                self._add(f"{name}/real", "Mul", a, c), self._add(f"{name}/imag", "Mul", b, c)
            )
            return
        d = self._of(second, "imag")
        products = {
            key: self._add(f"{name}/{key}", "Mul", *pair)
            for key, pair in {"ac": (a, c), "bd": (b, d), "ad": (a, d), "bc": (b, c)}.items()
        }
        self._parts[name] = _Parts(
            self._add(f"{name}/real", "Sub", products["ac"], products["bd"]),
            self._add(f"{name}/imag", "AddV2", products["ad"], products["bc"]),
        )

    def _complementary_error_function(self, node: tf.compat.v1.NodeDef) -> None:
        """erfc(x) = 1 - erf(x)."""
        one = self.graph.node.add(name=f"{node.name}/one", op="Const")
        one.attr["dtype"].type = _REAL
        one.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.float32(1.0)))
        erf = self._add(f"{node.name}/erf", "Erf", node.input[0])
        self._add(node.name, "Sub", one.name, erf)


def real_graph(graph: tf.compat.v1.GraphDef, outputs: list[str]) -> tf.compat.v1.GraphDef:
    """Equal graph of operations on real numbers, without the complementary error function.

    Input
    -----
    graph : `GraphDef`
        Graph without variables, whose inputs and outputs are real
    outputs : `list` of `str`
        Names of the output tensors

    Output
    ------
    : `GraphDef`
        Operations that the outputs depend on

    Raises
    ------
    ValueError
        If there are other operations on complex numbers than products, sums and reordering
    """
    rewriter = _Rewriter({node.name: node for node in graph.node})
    for name in outputs:
        rewriter.visit(_node_of(name))
    rewriter.graph.versions.CopyFrom(graph.versions)
    return rewriter.graph


def _node_of(source: str) -> str:
    """Name of the node whose output, or whose end, is ``source``."""
    return source.removeprefix("^").partition(":")[0]
