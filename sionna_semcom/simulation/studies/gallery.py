# SPDX-License-Identifier: Apache-2.0
"""Figures of the latent space and the reconstructions of a multimodal system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from ..._files import check_folder
from ..._messages import listed, shortened
from ..._seeding import set_seed
from ...datasets.data import is_score
from ...link import from_settings
from ...systems import CentroidSystem
from ...systems.base.snr import check_snr
from ..results.labels import format_snr
from ..results.plot import write_figure
from ..training.store import ModelStore
from ..training.threads import limited_threads
from .study import Study

_MARKERS = "os^Dv"
_NUM_COLORS = 10  # of the color map tab10
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def draw_gallery(
    study: Study,
    model: str,
    link: str | None,
    snr_dbs: Sequence[float],
    out: Path,
    models: ModelStore | None = None,
) -> list[Path]:
    """Draw the latent space and the reconstructions of a study's model, and return the files.

    Parameters
    ----------
    study : :class:`~sionna_semcom.simulation.Study`
        The study
    model : `str`
        Model of the study, with the first training seed. It is trained if necessary.
    link : `str` | `None`
        Link of the study. `None` selects the link of training.
    snr_dbs : sequence of `float`
        SNRs [dB] of the reconstructions
    out : `Path`
        Folder of the figures
    models : `None` | :class:`~sionna_semcom.simulation.ModelStore`
        Trained models. By default, newly trained models are stored in ``<out>/models``.

    Output
    ------
    : `list` of `Path`
        Files of the figures

    Raises
    ------
    ValueError
        If the study has no such model or link, or the model has no reconstructions
    """
    known = [name for name, m in study.models.items() if m.system.shows_reconstructions]
    if model not in known:
        raise ValueError(
            f"`model` must be one of {listed(known, 20)}. Received: {shortened(model)}"
        )
    if link is not None and link not in study.links:
        raise ValueError(
            f"`link` must be one of {listed(study.links, 20)}. Received: {shortened(link)}"
        )
    for snr_db in snr_dbs:
        check_snr(snr_db, "snr_dbs")
    check_folder(out, *(f"{model}_{name}.png" for name in ("reconstructions", "latent_space")))
    models = models or ModelStore(work_dir=out / "models")
    settings = study.models[model]
    with limited_threads(study.deterministic):
        data = study.load_data(models)
        system = models.obtain(model, settings, data, study.evaluation.seeds[0])
    set_seed(study.seed, "gallery")
    system.link = from_settings(settings.link if link is None else study.links[link])
    batch = next(iter(data.test(200)))
    classes = _classes(batch)
    firsts = None if classes is None else np.unique(classes, return_index=True)[1]
    shown = batch if firsts is None else {n: tf.gather(one, firsts) for n, one in batch.items()}
    figures = {"reconstructions": reconstruction_figure(system, shown, snr_dbs)}
    if system.contrastive_weight > 0 and system.latent_dims[0] >= 3:
        figures["latent_space"] = latent_space_figure(system, batch)
    for name, figure in figures.items():
        write_figure(figure, out / f"{model}_{name}.png", dpi=150)
        plt.close(figure)
    return [out / f"{model}_{name}.png" for name in figures]


def _classes(batch: Mapping[str, tf.Tensor]) -> np.ndarray | None:
    """Classes [batch], or `None` if samples have a score or no label."""
    label = batch.get("label")
    return None if label is None or is_score(label) else np.asarray(label)


def latent_space_figure(system: CentroidSystem, batch: Mapping[str, tf.Tensor]) -> Figure:
    """Draw embeddings of ``batch`` on the unit sphere; colors are classes, markers modalities.

    Latents with more than three dimensions are projected onto their first three principal
    components.

    Input
    -----
    system : :class:`~sionna_semcom.systems.CentroidSystem`
        System with latents of equal dimension, at least three
    batch : `dict`
        Samples. Without classes in ``label``, all points of a modality have one color.

    Output
    ------
    : `matplotlib.figure.Figure`
        Figure

    Raises
    ------
    ValueError
        If the latents have fewer than three dimensions
    """
    embeddings = {name: latents.numpy() for name, latents in system.embed(batch).items()}
    points = np.stack(list(embeddings.values()))
    if points.shape[-1] < 3:
        raise ValueError(f"Latents must have at least 3 dimensions. Received: {points.shape[-1]}")
    if points.shape[-1] > 3:
        flat = points.reshape(-1, points.shape[-1])
        axes = np.linalg.svd(flat - flat.mean(0), full_matrices=False)[2][:3]
        points = points @ axes.T
    figure = plt.figure(figsize=(6.4, 5.6), layout="constrained")
    axis: Any = figure.add_subplot(projection="3d")
    classes = _classes(batch)
    number = 0 if classes is None else int(classes.max()) + 1
    colors: dict[str, Any] = {}
    if number:
        cmap = "tab10" if number <= _NUM_COLORS else "turbo"
        colors = {"c": classes, "cmap": cmap, "vmin": -0.5, "vmax": max(number, _NUM_COLORS) - 0.5}
    for name, cloud, marker in zip(embeddings, points, cycle(_MARKERS), strict=False):
        drawn = axis.scatter(*cloud.T, **colors, marker=marker, s=14, label=name)
    axis.set_box_aspect((1, 1, 1))
    axis.legend(loc="upper left", frameon=False)
    if number:
        ticks = range(number) if number <= _NUM_COLORS else None
        figure.colorbar(drawn, ax=axis, ticks=ticks, shrink=0.7, pad=0.1, label="class")
    return figure


def reconstruction_figure(
    system: CentroidSystem,
    batch: Mapping[str, tf.Tensor],
    snr_dbs: Sequence[float],
    num_samples: int = 10,
) -> Figure:
    """Draw original samples, and below them their reconstructions at each SNR.

    Images and spectrograms are drawn as images. Words are printed, if the system has a text
    modality.

    Input
    -----
    system : :class:`~sionna_semcom.systems.CentroidSystem`
        A trained system
    batch : `dict`
        Samples of its modalities. The first ``num_samples`` are drawn.
    snr_dbs : sequence of `float`
        SNRs [dB]. Infinity denotes a noiseless link.

    Output
    ------
    : `matplotlib.figure.Figure`
        Figure
    """
    shown = {name: tensor[:num_samples] for name, tensor in batch.items()}
    num_samples = len(next(iter(shown.values())))
    rows = [("original", shown)]
    for snr_db in snr_dbs:
        rows.append((format_snr(snr_db), system(shown, snr_db=float(snr_db))))
    names = [name for name in system.decoders if len(shown[name].shape) == 4]
    lines = [(name, label, outputs) for name in names for label, outputs in rows]
    figure, axes = plt.subplots(
        len(lines), num_samples, figsize=(num_samples * 0.8, len(lines) * 0.82), squeeze=False
    )
    for line, (name, label, outputs) in zip(axes, lines, strict=True):
        for index, (axis, picture) in enumerate(zip(line, outputs[name], strict=True)):
            origin, aspect = ("lower", "auto") if name == "audio" else ("upper", "equal")
            axis.imshow(picture[..., 0], cmap="gray", vmin=0, vmax=1, aspect=aspect, origin=origin)
            axis.set(xticks=[], yticks=[])
            if name == names[0] and "text" in outputs:
                number = int(np.argmax(outputs["text"][index]))
                word = _WORDS[number] if number < len(_WORDS) else str(number)
                axis.set_title(f"“{word}”", fontsize=7, pad=2)
        line[0].set_ylabel(f"{name}\n{label}", rotation=0, ha="right", va="center", fontsize=8)
    figure.subplots_adjust(left=0.12, right=0.99, top=0.96, bottom=0.01, wspace=0.06, hspace=0.34)
    return figure
