# SPDX-License-Identifier: Apache-2.0
"""Digits as images, recordings and words."""
