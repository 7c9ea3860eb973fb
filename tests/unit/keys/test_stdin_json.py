"""The JSON on stdin: one flat object of texts, and no value of it in any error."""

from __future__ import annotations

import pytest

from vault import limits
from vault.errors import Usage
from vault.keys.stdin_json import read_fields

KNOWN = ("AccessKeyId", "SecretAccessKey", "MfaSerial")
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def read(raw):
    return read_fields(raw, known=KNOWN, required=KNOWN[:2], hint="the form")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b" \n", "empty"),
        (b"\xff", "UTF-8"),
        (b'{"AccessKeyId": "%s"', "line 1, column"),
        (b'["%s"]', "not an object"),
        (b"[" * 20_000, "nested"),
        (b'{"SecretAccessKey": "%s"}', "AccessKeyId"),
        (b'{"AccessKeyId": "", "SecretAccessKey": "%s"}', "AccessKeyId"),
        (b'{"AccessKeyId": "a", "SecretAccessKey": ["%s"]}', "SecretAccessKey is not text"),
        (b'{"AccessKeyId": "a", "SecretAccessKey": "%s", "AccessKeyId": "b"}', "AccessKeyId"),
        (b'{"AccessKeyId": "a", "Secret\\u001bKey": "%s"}', "Secret\\x1bKey"),
        (b" " * (limits.MAX_STDIN + 1), str(limits.MAX_STDIN)),
    ],
)
def test_what_is_refused(raw, said):
    """The key at fault is named; its value is not, whatever is wrong with it."""
    with pytest.raises(Usage) as caught:
        read(raw.replace(b"%s", SECRET.encode()))
    assert said in caught.value.message
    assert SECRET not in caught.value.message + caught.value.hint
    assert caught.value.message.isprintable()


def test_a_misspelt_key_is_corrected():
    """The hint has the key that was meant."""
    with pytest.raises(Usage) as caught:
        read(b'{"AccesKeyId": "a"}')
    assert "AccessKeyId" in caught.value.hint


def test_an_object_is_read():
    """Also with a byte order mark, as Windows writes it."""
    raw = b'\xef\xbb\xbf{"AccessKeyId": "a", "SecretAccessKey": "b"}'
    assert read(raw) == {"AccessKeyId": "a", "SecretAccessKey": "b"}
