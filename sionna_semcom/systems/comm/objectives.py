# SPDX-License-Identifier: Apache-2.0
"""Training objectives of CoMM, its ablations and its baselines."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any, Literal, get_args

import tensorflow as tf

from ...losses import comm_terms, cross_modal_terms
from ..base.contract import Batch
from ..base.presence import batch_keys

Objective = Literal["comm", "joint", "alone", "clip", "supervised"]

_JOINT = "redundant_unique_synergistic"


def check_objective(objective: str, modalities: Iterable[str], targets: Iterable[str]) -> None:
    """Check that an objective is known and can be trained.

    Raises
    ------
    ValueError
        If there are no modalities, ``objective`` is unknown, "clip" has only one modality,
        "supervised" has no ``targets``, or another objective has ``targets``
    """
    names, decided = list(modalities), list(targets)
    if not names or objective not in get_args(Objective):
        raise ValueError(
            "`shapes` must name at least one modality, and `objective` be one of "
            f"{', '.join(get_args(Objective))}. Received: {', '.join(names) or 'none'}; "
            f"{objective!r}"
        )
    if objective == "clip" and len(names) < 2:
        raise ValueError(f"Objective 'clip' needs two modalities. Received: {names[0]}")
    if (objective == "supervised") != bool(decided):
        raise ValueError(
            "`targets` are for the objective 'supervised', which needs at least one. "
            f"Received: objective={objective!r}, targets={', '.join(decided) or None}"
        )


def term_names(
    objective: Objective, modalities: Iterable[str], targets: Iterable[str]
) -> list[str]:
    """Names of the terms of ``objective``."""
    alone = [f"redundant_unique_{name}" for name in modalities]
    pairs = [f"redundant_{one}_{other}" for one, other in combinations(modalities, 2)]
    known: dict[str, list[str]] = {
        "comm": [_JOINT, *alone],
        "joint": [_JOINT],
        "alone": alone,
        "clip": pairs,
        "supervised": list(targets),
    }
    return known[objective]


def objective_terms(system: Any, inputs: Batch, training: bool) -> dict[str, tf.Tensor]:
    """Terms of the objective of ``system`` on a batch, in nats, by the captured information."""
    if system.settings.objective == "supervised":
        received = system.call(system.augment(inputs), training=training)
        return {
            key: tf.reduce_mean(system.tasks[key].loss(inputs[key], head(received)))
            for key, head in system.heads.items()
        }
    if system.settings.objective == "clip":
        tokens, masks = system.tokenize(system.augment(inputs), training=training)
        embeddings = _embed_alone(system, tokens, masks, training)
        return cross_modal_terms(embeddings, system.settings.temperature)
    return _comm_terms(system, inputs, training)


def _comm_terms(system: Any, inputs: Batch, training: bool) -> dict[str, tf.Tensor]:
    """Terms of CoMM that belong to the objective."""
    views = [system.augment(inputs) for _ in range(2)]
    if system.settings.objective != "joint":
        views.append(dict(inputs))
    # One pass of the encoders, so that batch normalization includes all views
    stacked = {
        key: tf.concat([view[key] for view in views], 0) for key in batch_keys(system.shapes)
    }
    tokens, masks = system.tokenize(stacked, training=training)
    size = tf.shape(next(iter(tokens.values())))[0] // len(views)
    first = slice(2 * size)
    pair = [{name: x[first] for name, x in held.items()} for held in (tokens, masks)]
    together = system.projection(system.fusion(*pair, training=training))
    alone = {}
    if system.settings.objective != "joint":
        last = slice(2 * size, None)
        plain, real = ({name: x[last] for name, x in held.items()} for held in (tokens, masks))
        alone = _embed_alone(system, plain, real, training)
    terms = comm_terms(together[:size], together[size:], alone, system.settings.temperature)
    return {name: terms[name] for name in term_names(system.settings.objective, system.shapes, ())}


def _embed_alone(system: Any, tokens: Batch, masks: Batch, training: bool) -> dict[str, tf.Tensor]:
    """Embeddings of each modality without other modalities."""
    return {
        name: system.projection(system.fuse_alone(name, tokens, masks, training)) for name in tokens
    }
