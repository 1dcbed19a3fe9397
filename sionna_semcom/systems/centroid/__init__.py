# SPDX-License-Identifier: Apache-2.0
"""Centroid transmission."""
