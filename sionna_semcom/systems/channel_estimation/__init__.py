# SPDX-License-Identifier: Apache-2.0
"""Estimation of the channel of a link, trained and measured alone."""
