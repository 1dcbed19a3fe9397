# SPDX-License-Identifier: Apache-2.0
"""Precoder/decoder pairs that translate one latent space into another across MIMO."""

from ..datasets import PilotStatistics
from .admm import ADMMResult, admm, alignment_error, mmse_decoder
from .admm_aligner import ADMMAligner, MatrixPair
from .baselines import FeatureAligner
from .channel_modes import ChannelModes, channel_modes
from .complex_layers import ComplexDense, HardThresholding, on_magnitude
from .complexity import aligner_cost, counted_flops, linear_flops, neural_flops
from .linear import LinearAligner
from .linear_pair import LinearPair
from .metric import head_metric
from .neural import ComplexAligner, EigenbasisAligner
from .pair import Design, Pair
from .semantic_modes import SemanticModes, metric_root, semantic_modes
from .waterfilling import semantic_waterfilling

__all__ = [
    "ADMMAligner",
    "ADMMResult",
    "ChannelModes",
    "ComplexAligner",
    "ComplexDense",
    "Design",
    "EigenbasisAligner",
    "FeatureAligner",
    "HardThresholding",
    "LinearAligner",
    "LinearPair",
    "MatrixPair",
    "Pair",
    "PilotStatistics",
    "SemanticModes",
    "admm",
    "aligner_cost",
    "alignment_error",
    "channel_modes",
    "counted_flops",
    "head_metric",
    "linear_flops",
    "metric_root",
    "mmse_decoder",
    "neural_flops",
    "on_magnitude",
    "semantic_modes",
    "semantic_waterfilling",
]
