# SPDX-License-Identifier: Apache-2.0
"""Results: intervals, files, tables and figures."""
