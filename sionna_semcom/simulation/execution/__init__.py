# SPDX-License-Identifier: Apache-2.0
"""Execution of tasks in this process or by the workers of a Dask cluster."""
