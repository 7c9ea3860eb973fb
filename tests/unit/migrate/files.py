"""AWS's files from the text of a test, and Setup over them."""

from __future__ import annotations

from vault.migrate.edit_plan import Files
from vault.migrate.setup import Setup
from vault.profiles.edit import Document

US = "/bin/awsvault-py"


def files(config, credentials=""):
    raw = config.encode(), credentials.encode()
    return Files(
        Document(raw[0], path="config", kind="config"),
        Document(raw[1], path="credentials", kind="credentials"),
        raw,
    )


def setup(config, credentials="", *, entries=("work",), **more):
    return Setup(
        files(config, credentials), env={}, words=(US,), has_entry=lambda name: name in entries, **more
    )


def after(run):
    """Both files as the plan makes them."""
    return tuple(
        document.apply(edits).decode()
        for document, edits in (
            (run.files.config, run.plan.config),
            (run.files.credentials, run.plan.credentials),
        )
    )
