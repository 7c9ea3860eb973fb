"""Whose file it is: the one place that compares a file's owner with the user of this process."""

from __future__ import annotations

import os


def is_own(status: os.stat_result) -> bool:
    """Whether the file or folder belongs to the user who runs this process."""
    return status.st_uid == os.geteuid()
