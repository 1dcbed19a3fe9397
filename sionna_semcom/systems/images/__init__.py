# SPDX-License-Identifier: Apache-2.0
"""Transmission of images alone: learned, or with separate source and channel coding."""
