"""Argon2id for passphrase slots: checks the bounds first, then does the work. The only import of argon2.

A vault file is not trusted until it opens, so its parameters are checked before a single byte is allocated (format.md
4). New slots never take parameters from a file.
"""

from __future__ import annotations

from importlib import import_module

from vault import errors, limits
from vault.records import NamedTuple
from vault.secret import Secret
from vault.text import safe

KEY = 32
SALT = 16


class KdfParams(NamedTuple):
    """Argon2id version 0x13: memory in KiB, passes over it, lanes."""

    memory_kib: int
    passes: int
    lanes: int


DEFAULT = KdfParams(65_536, 3, 4)  # RFC 9106, section 4: the second recommended choice
STRONG = KdfParams(262_144, 3, 4)  # --kdf strong: four times the memory for each guess


class KdfError(ValueError):
    """Parameters outside the bounds of the format. The message has the value, the limit and what to do."""


def check_bounds(params: KdfParams) -> None:
    """Refuse what the format refuses (format.md 4), on any machine."""
    memory, passes, lanes = params
    low, high = limits.KDF_MEMORY_LEAST, limits.KDF_MEMORY_MOST
    if not low <= memory <= high:
        raise _outside("memory", f"{memory} KiB", f"{low} to {high} KiB")
    for name, value in (("passes", passes), ("lanes", lanes)):
        if not 1 <= value <= limits.KDF_COUNT_MOST:
            raise _outside(name, str(value), f"1 to {limits.KDF_COUNT_MOST}")
    work = memory * passes
    if not limits.KDF_WORK_LEAST <= work <= limits.KDF_WORK_MOST:
        bounds = f"{limits.KDF_WORK_LEAST} to {limits.KDF_WORK_MOST} KiB-passes"
        raise _outside("memory times passes", f"{work} KiB-passes", bounds)


def preload() -> None:
    """Import what ``derive`` needs, before others wait for this process."""
    import_module("argon2.low_level")


def derive(passphrase: Secret, *, params: KdfParams, salt: bytes, available_kib: int | None) -> Secret:
    """The slot's key-encryption key. ``available_kib`` is the free memory of the machine, None if unknown.

    KdfError for parameters outside the bounds, ConfigError if this machine does not have the memory.
    """
    check_bounds(params)
    if available_kib is not None and params.memory_kib > available_kib // limits.KDF_MEMORY_SHARE:
        raise _no_memory(params, f"{available_kib} KiB are available, of which it may use half")
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw

    try:
        raw = hash_secret_raw(
            passphrase.reveal(),
            salt,
            time_cost=params.passes,
            memory_cost=params.memory_kib,
            parallelism=params.lanes,
            hash_len=KEY,
            type=Type.ID,
            version=0x13,
        )
    except (HashingError, MemoryError):
        raise _no_memory(params, "the system refused") from None
    return Secret(raw)


def normalized(passphrase: Secret) -> Secret | None:
    """The passphrase in the form of the format, NFC in UTF-8. None if it is not a valid one (not UTF-8, too short or
    too long).
    """
    try:
        text = passphrase.reveal_text()
    except UnicodeDecodeError:
        return None
    if not text.isascii():
        from unicodedata import normalize

        text = normalize("NFC", text)
    raw = text.encode("utf-8")
    return Secret(raw) if limits.PASSPHRASE_LEAST <= len(raw) <= limits.PASSPHRASE_MOST else None


def new_passphrase(passphrase: Secret) -> Secret:
    """``normalized`` for a new passphrase: Usage says what is wrong with it."""
    form = normalized(passphrase)
    if form is None:
        least, most = limits.PASSPHRASE_LEAST, limits.PASSPHRASE_MOST
        raise errors.Usage(
            f"the passphrase has {len(passphrase)} bytes; {least} to {most} bytes of UTF-8 are allowed",
            hint="use five or more random words",
        )
    return form


def _outside(name: str, found: str, bounds: str) -> KdfError:
    return KdfError(
        f"Argon2 with {name} of {safe(found)}, and the limit is {bounds}: "
        "awsvault-py did not write this file; replace it with a backup"
    )


def _no_memory(params: KdfParams, why: str) -> errors.ConfigError:
    return errors.ConfigError(
        f"the passphrase slot needs {params.memory_kib} KiB of memory for Argon2, but {why}",
        hint="close other programs, or unlock by another slot (awsvault-py slots list); "
        "on a machine with more memory, awsvault-py passwd makes a smaller slot",
    )


def preset(params: KdfParams | None) -> KdfParams:
    """The preset to use instead of a file's parameters: strong if those are at least that strong."""
    return STRONG if params is not None and params.memory_kib >= STRONG.memory_kib else DEFAULT
