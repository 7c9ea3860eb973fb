"""The line that credential_process prints, read back."""

from __future__ import annotations

import pytest

from vault.aws.credential_json import MalformedCredentials, credentials_of, fields


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b'{"AccessKeyId": "A"}',
        b'{"AccessKeyId": "A", "SecretAccessKey": 7}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_malformed_line_is_refused(line):
    """A damaged cache entry is fetched again, and the error repeats nothing of it."""
    for read in (fields, credentials_of):
        with pytest.raises(MalformedCredentials) as raised:
            read(line)
        assert str(raised.value) == ""
