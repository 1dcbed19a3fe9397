# SPDX-License-Identifier: Apache-2.0
"""Studies: YAML files that are checked, run and resumed."""
