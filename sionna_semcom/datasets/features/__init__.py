# SPDX-License-Identifier: Apache-2.0
"""Multimodal features and their file formats."""
