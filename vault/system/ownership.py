"""Whose file it is: the only place that compares a file's owner with the user of this process."""

from __future__ import annotations

import os


def user_id() -> int:
    """The ID of the user who runs this process."""
    return os.geteuid()


def is_own(status: os.stat_result) -> bool:
    """Whether the file or folder belongs to the user who runs this process."""
    return status.st_uid == user_id()
