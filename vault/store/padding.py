"""Pads the plaintext of the boxes, so that a box's size reveals little about its content (format.md 5). Pure."""

from __future__ import annotations

from vault import limits
from vault.store.strict_json import JsonError


def pad(text: bytes, *, step: int) -> bytes:
    """``text`` | 0x80 | zeros, up to a multiple of ``step``, or from 64 KiB on to the size of Padmé."""
    size = len(text) + 1
    whole = padme(size) if size > limits.PAD_PADME_OVER else -(-size // step) * step
    return text + b"\x80" + bytes(whole - size)


def unpad(padded: bytes) -> bytes:
    """The text that was padded. JsonError if the mark is missing."""
    text = padded.rstrip(b"\0")
    if not text.endswith(b"\x80"):
        raise JsonError("a box has no padding")
    return text[:-1]


def padme(size: int) -> int:
    """The next size with only its upper bits set (Nikitin et al., PETS 2019): at most 12 % more than ``size``."""
    exponent = size.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << max(low_bits, 0)) - 1
    return (size + mask) & ~mask
