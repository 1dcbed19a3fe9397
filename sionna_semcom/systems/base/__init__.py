# SPDX-License-Identifier: Apache-2.0
"""Base classes of all systems."""
