# SPDX-License-Identifier: Apache-2.0
"""What all systems have in common."""
