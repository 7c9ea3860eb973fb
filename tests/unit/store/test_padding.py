"""Padding: it comes off, and it hides the length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.store.padding import pad, padme, unpad
from vault.store.strict_json import JsonError


@given(st.binary(max_size=9000), st.sampled_from([1024, 4096]))
def test_padding_comes_off_and_hides_the_length(raw, step):
    """Whatever the plaintext ends in, zeros and 0x80 too."""
    for plain in (raw, raw + b"\x80", raw + bytes(3)):
        padded = pad(plain, step=step)
        assert unpad(padded) == plain
        assert len(padded) % step == 0
        assert 0 < len(padded) - len(plain) <= step


@pytest.mark.parametrize(
    ("size", "whole"), [(65_537, 67_584), (69_000, 69_632), (85_000, 86_016), (1_000_001, 1_015_808)]
)
def test_padme_gives_these_sizes(size, whole):
    """At most six significant bits are left of a length from 64 KiB on, for 12 % at most."""
    assert padme(size) == whole
    assert len(pad(bytes(size - 1), step=4096)) == whole
    assert whole <= size * 1.12


@pytest.mark.parametrize("padded", [b"", bytes(4096), b"text" + bytes(4092)])
def test_a_box_without_its_mark_is_refused(padded):
    """Zeros alone are not padding."""
    with pytest.raises(JsonError):
        unpad(padded)
