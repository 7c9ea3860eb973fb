"""Where everything lies, and the fingerprint of what is there now. Defined in vault/warm.py, which explains why."""

from vault.warm import (
    FORM,
    OUTER,
    PLAIN,
    URLS,
    Paths,
    aws_files,
    fingerprint,
    from_env,
    outside,
    substituted,
    user_home,
    without_runtime,
)

__all__ = [
    "FORM",
    "OUTER",
    "PLAIN",
    "URLS",
    "Paths",
    "aws_files",
    "fingerprint",
    "from_env",
    "outside",
    "substituted",
    "user_home",
    "without_runtime",
]
