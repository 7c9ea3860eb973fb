"""Where the files are, and the fingerprint of what they contain now. Defined in vault/warm.py, which says why."""

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
