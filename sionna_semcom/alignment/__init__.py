# SPDX-License-Identifier: Apache-2.0
"""Precoder and decoder pairs that map one latent space to another over a MIMO channel."""

from .aligner import Design, Transceiver
from .complexity import aligner_cost, counted_flops, linear_flops, neural_flops
from .estimator import AlignerEstimator
from .linear.admm import ADMMResult, admm, alignment_error, mmse_decoder
from .linear.admm_aligner import ADMMAligner, MatrixTransceiver
from .linear.baselines import FeatureAligner
from .linear.channel_modes import ChannelModes, channel_modes
from .linear.closed_form import LinearAligner
from .linear.metric import head_metric
from .linear.semantic_modes import SemanticModes, metric_root, semantic_modes
from .linear.transceiver import LinearTransceiver
from .linear.waterfilling import semantic_waterfilling
from .many_users.aligner import BroadcastAligner, BroadcastTransceiver
from .many_users.descent import shared_precoder
from .many_users.federated import federated_admm
from .many_users.multi_link import MultiLinkAligner, MultiLinkTransceiver
from .many_users.multiple_access import MultipleAccess, multiple_access, uplink_precoders
from .many_users.neural import NeuralBroadcastAligner
from .many_users.problem import Broadcast, broadcast
from .many_users.uplink_aligner import UplinkAligner, UplinkTransceiver
from .neural.aligners import ComplexAligner, EigenbasisAligner
from .neural.complex_layers import ComplexDense, HardThresholding, on_magnitude
from .statistics import PilotStatistics
from .translation.base import TranslationAligner, TranslationTransceiver
from .translation.kernel_ridge import KernelRidgeAligner
from .translation.linear_maps import CCAAligner, ProcrustesAligner
from .translation.relative import RelativeAligner

__all__ = [
    "ADMMAligner",
    "ADMMResult",
    "AlignerEstimator",
    "Broadcast",
    "BroadcastAligner",
    "BroadcastTransceiver",
    "CCAAligner",
    "ChannelModes",
    "ComplexAligner",
    "ComplexDense",
    "Design",
    "EigenbasisAligner",
    "FeatureAligner",
    "HardThresholding",
    "KernelRidgeAligner",
    "LinearAligner",
    "LinearTransceiver",
    "MatrixTransceiver",
    "MultiLinkAligner",
    "MultiLinkTransceiver",
    "MultipleAccess",
    "NeuralBroadcastAligner",
    "PilotStatistics",
    "ProcrustesAligner",
    "RelativeAligner",
    "SemanticModes",
    "Transceiver",
    "TranslationAligner",
    "TranslationTransceiver",
    "UplinkAligner",
    "UplinkTransceiver",
    "admm",
    "aligner_cost",
    "alignment_error",
    "broadcast",
    "channel_modes",
    "counted_flops",
    "federated_admm",
    "head_metric",
    "linear_flops",
    "metric_root",
    "mmse_decoder",
    "multiple_access",
    "neural_flops",
    "on_magnitude",
    "semantic_modes",
    "semantic_waterfilling",
    "shared_precoder",
    "uplink_precoders",
]
