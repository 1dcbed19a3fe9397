# SPDX-License-Identifier: Apache-2.0
"""Trifeature: pairs of images with known redundant, unique and synergistic parts."""
