# SPDX-License-Identifier: Apache-2.0
"""Training and evaluation of the channel estimation of a link."""
