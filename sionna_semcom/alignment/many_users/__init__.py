# SPDX-License-Identifier: Apache-2.0
"""Alignment between one station and several users with networks and channels of their own."""
