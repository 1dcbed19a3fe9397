# SPDX-License-Identifier: Apache-2.0
"""Helpers that run commands in this process."""

from typer.testing import CliRunner

from sionna_semcom.cli import app as cli


def invoke(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
