"""The one kind of failure that is told to whoever runs this."""

from __future__ import annotations


class BenchmarkError(Exception):
    """Something that makes a figure impossible; the message is for the person who runs this."""
