"""Data files of tests; README.md says where each comes from."""

import os


def path_of(name: str) -> str:
    """The path of one file below this folder."""
    return os.path.join(os.path.dirname(__file__), *name.split("/"))
