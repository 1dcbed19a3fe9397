# SPDX-License-Identifier: Apache-2.0
"""Export of trained systems to other runtimes."""
