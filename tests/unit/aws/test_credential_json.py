"""The line that credential_process prints, read back."""

from __future__ import annotations

import pytest

from vault.aws.credential_json import MalformedCredentials, credentials_of, fields


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b'{"AccessKeyId": "A"}', b'{"AccessKeyId": "A", "SecretAccessKey": 7}', b"\xff"],
)
def test_a_line_that_is_none_of_ours_is_no_answer(line):
    """What lies in the cache and cannot be read is fetched anew, and nothing of it is repeated."""
    for read in (fields, credentials_of):
        with pytest.raises(MalformedCredentials) as raised:
            read(line)
        assert str(raised.value) == ""
