# SPDX-License-Identifier: Apache-2.0
"""Where tasks are computed: in this process, or by the workers of a Dask cluster."""
