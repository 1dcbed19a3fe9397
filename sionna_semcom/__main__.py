# SPDX-License-Identifier: Apache-2.0
"""``python -m sionna_semcom`` is the ``sionna-semcom`` command."""

from .cli.app import main

if __name__ == "__main__":
    main()
