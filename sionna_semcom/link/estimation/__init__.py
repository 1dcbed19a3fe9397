# SPDX-License-Identifier: Apache-2.0
"""Channel estimators with a learned error variance, and networks that refine estimates."""
