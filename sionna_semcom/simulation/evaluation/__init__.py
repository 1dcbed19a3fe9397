# SPDX-License-Identifier: Apache-2.0
"""Monte Carlo evaluation."""
