# SPDX-License-Identifier: Apache-2.0
"""Trifeature: pairs of pictures with known redundant, unique and synergistic parts."""
