# SPDX-License-Identifier: Apache-2.0
"""Run the ``sionna-semcom`` command with ``python -m sionna_semcom``."""

from .cli.app import main

if __name__ == "__main__":
    main()
