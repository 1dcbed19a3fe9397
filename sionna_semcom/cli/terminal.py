# SPDX-License-Identifier: Apache-2.0
"""Terminal output and error messages of commands."""

from __future__ import annotations

import functools
import io
import os
import sys
from collections.abc import Callable
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from .._errors import expected, in_one_line, silent_stderr

console = Console()
errors = Console(stderr=True)
options = {"traceback": False}


def say(text: str, style: str = "") -> None:
    """Print a line literally: brackets in file names are not markup."""
    console.print(Text(text, style), soft_wrap=True)


def accept_all_characters() -> None:
    """Print characters that an output cannot encode with backslashes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def report_errors(command: Callable[..., None]) -> Callable[..., None]:
    """End with a one-line message and exit code 2 for expected errors, or 130 for Ctrl-C."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            errors.print("Interrupted. Repeat the command to resume.")
            raise typer.Exit(130) from None
        except BrokenPipeError:  # the reader has ended, as in "| head"
            raise _stop_writing() from None
        except expected() as error:
            if options["traceback"]:
                raise
            message = Text(f"Error: {in_one_line(error)}")
            message.stylize("bold red", 0, 6)
            errors.print(message, soft_wrap=True)
            raise typer.Exit(2) from None

    return wrapped


def _stop_writing() -> typer.Exit:
    """Discard the remaining output, so that Python prints no messages when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return typer.Exit(141)  # exit code of a shell for SIGPIPE


def load_tensorflow() -> None:
    """Import Sionna and then TensorFlow, without TensorFlow's messages during the import.

    Python 3.12 crashes at exit if TensorFlow 2.21 was imported before Mitsuba 3.8.
    """
    with console.status("Loading TensorFlow"), silent_stderr():
        import sionna.phy  # noqa: F401
        import tensorflow  # noqa: F401
