# SPDX-License-Identifier: Apache-2.0
"""Baselines of decision systems."""
