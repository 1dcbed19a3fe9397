# SPDX-License-Identifier: Apache-2.0
"""Export of the transmitters and the receiver of a system to ONNX."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..._files import check_folder, write_bytes
from ..alignment.system import AlignmentSystem
from ..base.linked_model import LinkedModel
from ..baselines.feature_transmission import FeatureTransmission
from ..centroid.system import CentroidSystem
from ..channel_estimation.system import ChannelEstimation
from ..decision.system import DecisionSystem
from ..images.separate import SeparateImages
from ..vib.settings import TwoStageVIBSettings
from .description import description
from .real_graph import real_graph
from .separate import device_file, device_part, joint_receiver_part
from .trace import Part, traced

OPSET = 17  # known to runtimes since 2022
TRANSMITTER, RECEIVER, DESCRIPTION = "transmitter.onnx", "receiver.onnx", "system.json"


def export_onnx(system: LinkedModel, folder: str | os.PathLike[str]) -> dict[str, Any]:
    r"""Write the transmitters and the receiver of a trained system as ONNX graphs.

    .. code-block:: text

        inputs ─ transmitter.onnx ─ symbols ─ radio ─ symbols_hat, no_eff ─ receiver.onnx ─ outputs

    The system is cut at its link. Graphs have no complex numbers: symbols are two real arrays
    ``[batch, num_symbols]``. The size of the batch is free. A centroid system with
    ``transmitters="separate"`` has a graph for each device, ``transmitter_<modality>.onnx``. The
    receiver has the output of the link as input, ``[batch, num_devices, num_symbols]`` or, if the
    symbols add over the link, ``[batch, num_symbols]``. If the centroid is sent, it also has the
    input ``present`` ``[batch, num_devices]``, which is one for devices that send and zero for the
    others. ``system.json`` contains names, shapes
    and types of all inputs and outputs, the normalization of the power, and the standardization of
    raw features. The metadata of both graphs contain the same description under the key
    ``sionna_semcom``. Graphs of an earlier export to the same folder are removed. The system is not
    changed.

    Outputs of onnxruntime and TensorFlow agree within :math:`10^{-4}`.

    Parameters
    ----------
    system : :class:`~sionna_semcom.systems.LinkedModel`
        Trained system that sends latents over a link
    folder : `str` | `PathLike`
        Folder for the graphs and ``system.json``; created if missing

    Output
    ------
    : `dict`
        Content of ``system.json``

    Raises
    ------
    ValueError
        If the system does not send latents, its receiver decodes several times or uses other
        inputs, or it has an operation without a counterpart in ONNX
    ModuleNotFoundError
        If tf2onnx is not installed (``pip install 'sionna-semcom[onnx]'``)
    OSError
        If a file cannot be written
    """
    check_exportable(system)
    convert = _converter()
    parts = _parts(system)
    check_folder(folder, *parts, DESCRIPTION)
    former = _graphs_of(Path(folder) / DESCRIPTION)
    graphs = {name: convert(part) for name, part in parts.items()}
    described = description(system, graphs)
    for name, graph in graphs.items():
        graph.metadata_props.add(key="sionna_semcom", value=json.dumps(described))
        write_bytes(Path(folder) / name, graph.SerializeToString())
    text = json.dumps(described, indent=1, ensure_ascii=False) + "\n"
    write_bytes(Path(folder) / DESCRIPTION, text.encode())
    for name in former - set(parts):
        (Path(folder) / name).unlink(missing_ok=True)
    return described


def _graphs_of(path: Path) -> set[str]:
    """Files of graphs in the description of an earlier export; none without a description."""
    try:
        names = json.loads(path.read_bytes())["graphs"]
        return {name for name in names if Path(name).name == name and name.endswith(".onnx")}
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def _parts(system: LinkedModel) -> dict[str, Part]:
    """Graphs of transmitters and receiver by file."""
    if isinstance(system, CentroidSystem) and system.transmitters == "separate":
        receiver = joint_receiver_part(system)
        devices = {device_file(name): device_part(system, name) for name in system.encoders}
        return {**devices, RECEIVER: receiver}
    trace = traced(system)
    return {
        TRANSMITTER: trace.part(trace.inputs, trace.sent),
        RECEIVER: trace.part(trace.received, trace.outputs),
    }


def check_exportable(system: Any) -> None:
    """Check that ``system`` sends latents over a link, and decodes once.

    Raises
    ------
    ValueError
        If this is not the case; the message states the reason
    """
    reason = _reason(system)
    if reason:
        raise ValueError(
            "`system` must send latents over a link, and decode once. "
            f"Received: {type(system).__name__}, which {reason}"
        )


def _reason(system: Any) -> str:
    """Reason why ``system`` cannot be exported, or nothing."""
    settings = system.settings
    if isinstance(system, AlignmentSystem):
        return "computes its precoder for each channel"
    if not isinstance(system, LinkedModel) or settings.crosses is None:
        return "has no link"
    if settings.sends_bits:
        return "sends the bits of a range coder"
    if isinstance(system, SeparateImages):
        return "sends the bits of an image codec"
    if isinstance(system, ChannelEstimation):
        return "trains a link"
    if isinstance(system, FeatureTransmission):
        return "receives its features without a link"
    if isinstance(settings, TwoStageVIBSettings) and settings.devices:
        return "has transmitters='separate', which only centroid systems can export"
    if isinstance(system, DecisionSystem) and system.mode != "latent":
        return f"has mode={system.mode!r}"
    if isinstance(system, DecisionSystem) and system.confidence is not None:
        return "requests transmissions: set `confidence` to None"
    return ""


Convert = Callable[[Part], Any]


def _converter() -> Convert:
    """Function that converts a part of a graph to ONNX."""
    try:
        from tf2onnx import optimizer, tf_loader, tfonnx
    except ImportError as error:
        raise ModuleNotFoundError(
            "ONNX graphs need tf2onnx: pip install 'sionna-semcom[onnx]'"
        ) from error

    def convert(part: Part) -> Any:
        sides = part.inputs, part.outputs
        ends = [[end.name for end in side.values()] for side in sides]
        frozen = tf_loader.from_function(part.function, *ends)
        # tf2onnx.convert.from_graph_def freezes again, with deprecated functions of TensorFlow
        with tf.Graph().as_default():
            frozen = tf_loader.tf_optimize(*ends, real_graph(frozen, ends[1]))
        with tf.device("/cpu:0"), tf.Graph().as_default() as imported:
            tf.import_graph_def(frozen, name="")
            converted = tfonnx.process_tf_graph(
                imported,
                continue_on_error=True,
                opset=OPSET,
                input_names=ends[0],
                output_names=ends[1],
                tensors_to_rename={end.name: name for side in sides for name, end in side.items()},
            )
        graph = optimizer.optimize_graph(converted).make_model("converted from sionna_semcom")
        for end in (*graph.graph.input, *graph.graph.output):
            end.type.tensor_type.shape.dim[0].dim_param = "batch"
        return graph

    return convert
