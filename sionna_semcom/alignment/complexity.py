# SPDX-License-Identifier: Apache-2.0
"""Floating-point operations of alignment, from the equations of the paper and by counting.

Source: Pandolfo et al., "Latent Space Alignment for AI-Native MIMO Semantic Communications", 2025.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from .._messages import listed
from .linear.semantic_modes import SemanticModes
from .neural.aligners import ComplexAligner, EigenbasisAligner
from .translation.kernel_ridge import KernelRidgeAligner

_PRODUCTS = {"MatMul", "BatchMatMulV2", "BatchMatMulV3"}
_NOT_COUNTED = {
    *("Einsum", "XlaDotV2", "Conv2D", "SparseMatMul", "SparseTensorDenseMatMul", "MapDefun"),
    *("While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase"),
    *("PartitionedCall", "StatefulPartitionedCall"),
}


def linear_flops(d: int, m: int, num_uses: int, num_tx_ant: int, num_rx_ant: int) -> int:
    r"""FLOPs per latent for dense complex :math:`\mathbf{F}` and :math:`\mathbf{G}`; (30).

    .. math:: 4KN_T d + (4KN_R - 1)m - 2KN_T

    Parameters
    ----------
    d, m : `int`
        Numbers of real features at the transmitter and at the receiver
    num_uses, num_tx_ant, num_rx_ant : `int`
        Channel uses :math:`K`, transmit antennas :math:`N_T` and receive antennas :math:`N_R`

    Output
    ------
    : `int`
        Number of real operations
    """
    return (
        4 * num_uses * num_tx_ant * d
        + (4 * num_uses * num_rx_ant - 1) * m
        - 2 * num_uses * (num_tx_ant)
    )


def neural_flops(
    inputs: tuple[int, int],
    hidden: tuple[int, int],
    outputs: tuple[int, int],
    sparsity: float = 0.0,
    activation: int = 0,
) -> float:
    r"""FLOPs per latent for complex perceptrons with one hidden layer each; (31).

    .. math:: 8(1-s)\left[h_p i_p + o_p h_p + h_d i_d + o_d h_d\right] + c(h_p + h_d)

    Parameters
    ----------
    inputs, hidden, outputs : (`int`, `int`)
        Units :math:`i`, :math:`h` and :math:`o` of precoder and decoder
    sparsity : `float`
        Fraction :math:`s` of zero weights
    activation : `int`
        FLOPs :math:`c` per activation

    Output
    ------
    : `float`
        Number of real operations
    """
    weights = sum(h * (i + o) for i, h, o in zip(inputs, hidden, outputs, strict=True))
    return 8 * (1 - sparsity) * weights + activation * sum(hidden)


def aligner_cost(
    aligner: Any, d: int, m: int, num_uses: int, num_tx_ant: int, num_rx_ant: int
) -> dict[str, float]:
    """FLOPs per latent, number of real parameters, and fraction of pruned weights.

    All linear aligners are counted as dense matrices. Widely linear and complex-linear pairs have
    the same number of operations, and complex-linear ones half of the parameters. The design for a
    new channel is not included. Kernels have operations and parameters for each pilot in addition.
    Networks are counted without their biases.

    Parameters
    ----------
    aligner : aligner of :mod:`sionna_semcom.alignment`
        The aligner of a single link
    d, m : `int`
        Numbers of real features at the transmitter and at the receiver
    num_uses, num_tx_ant, num_rx_ant : `int`
        Channel uses :math:`K`, transmit antennas :math:`N_T` and receive antennas :math:`N_R`

    Output
    ------
    : `dict` of `float`
        ``flops``, ``parameters`` and ``sparsity``
    """
    sent, received = 2 * num_uses * num_tx_ant, 2 * num_uses * num_rx_ant
    if isinstance(aligner, ComplexAligner):
        stacks = (aligner.precoder, aligner.decoder)
        weights = sum(float(np.prod(layer.mask.shape)) for stack in stacks for layer in stack)
        kept = sum(float(np.sum(layer.mask)) for stack in stacks for layer in stack)
        sizes = [[layer.mask.shape for layer in stack] for stack in stacks]
        inputs, hidden, outputs = (
            (sizes[0][n][axis], sizes[1][n][axis]) for n, axis in ((0, 0), (0, 1), (1, 1))
        )
        sparsity = 1.0 - kept / weights
        flops = neural_flops(inputs, hidden, outputs, sparsity)
        return {"flops": flops, "parameters": 2.0 * kept, "sparsity": sparsity}
    if isinstance(aligner, EigenbasisAligner):
        kernels = [weight for weight in aligner.trainable_weights if len(weight.shape) == 2]
        parameters = sum(float(np.prod(kernel.shape)) for kernel in kernels)
        rotations = linear_flops(sent, received, num_uses, num_tx_ant, num_rx_ant)
        flops = 2.0 * parameters + rotations / max(num_uses, 1)
        return {"flops": flops, "parameters": parameters, "sparsity": 0.0}
    kernel = 0
    if isinstance(aligner, KernelRidgeAligner):
        kernel = aligner.coefficients_.shape[0] * (d + m)
        d = m  # translations are sent
    flops = float(linear_flops(d, m, num_uses, num_tx_ant, num_rx_ant) + 2 * kernel)
    modes = getattr(aligner, "modes_", None)
    if isinstance(modes, SemanticModes) and modes.is_complex:
        parameters = sent * -(-d // 2) + -(-m // 2) * received
    else:
        parameters = sent * d + m * received + kernel
    return {"flops": flops, "parameters": float(parameters), "sparsity": 0.0}


def counted_flops(function: Callable[..., Any], *inputs: tf.TensorSpec) -> int:
    """FLOPs of the matrix products in the graph of ``function``.

    A product of [a, b] and [b, c] matrices has a * c * (2b - 1) operations, and a complex product
    a * c * (8b - 2). Products must be those of `tf.matmul` or the operator ``@``.

    Parameters
    ----------
    function : callable
        Function of tensors
    inputs : `tf.TensorSpec`
        Shapes and types of its arguments

    Output
    ------
    : `int`
        Number of real operations

    Raises
    ------
    ValueError
        If the graph contains operations whose products are not counted, such as `tf.einsum`,
        another `tf.function` or loops
    """
    graph = tf.function(function, autograph=False).get_concrete_function(*inputs).graph
    operations = graph.get_operations()
    unknown = {operation.type for operation in operations} & _NOT_COUNTED
    if unknown:
        raise ValueError(f"Products within {listed(sorted(unknown))} cannot be counted")
    return sum(_product_flops(one) for one in operations if one.type in _PRODUCTS)


def _product_flops(operation: tf.Operation) -> int:
    left, product = operation.inputs[0], operation.outputs[0]
    transposed = "transpose_a" if operation.type == "MatMul" else "adj_x"
    inner = left.shape[-2] if operation.get_attr(transposed) else left.shape[-1]
    per_entry = 8 * inner - 2 if product.dtype.is_complex else 2 * inner - 1
    return int(np.prod(product.shape)) * per_entry
