"""The list to choose from, without a terminal: what is found, edited and read as a key."""

from __future__ import annotations

import pytest

from vault.system.picker import (
    DOWN,
    ENTER,
    ERASE,
    ERASE_ALL,
    ERASE_WORD,
    LAST,
    LEAVE,
    UP,
    Choosing,
    Item,
    _first_key,
)

ITEMS = (Item("shared"), Item("dev", "2222 DeveloperRole"), Item("prod-dev", "3333"), Item("Ärger", "4444"))


@pytest.mark.parametrize(
    ("typed", "found"),
    [("", ["shared", "dev", "prod-dev", "Ärger"]), ("dev", ["dev", "prod-dev"]), ("DEV", ["dev", "prod-dev"]),
     ("2222", ["dev"]), ("d 33", ["prod-dev"]), ("ärg", ["Ärger"]), ("x", [])],
)  # fmt: skip
def test_what_is_found(typed, found):
    """Every word somewhere in name or note, in any case; a name that starts so comes first."""
    assert [item.name for item in Choosing(ITEMS, typed).found()] == found


def test_editing_what_is_typed():
    """Backspace, Ctrl-W, Ctrl-U; each begins at the first row again, and no row is left at the ends."""
    now = Choosing(ITEMS, "ab cd", at=1)
    assert now.press(ERASE, page=5) == Choosing(ITEMS, "ab c", at=0)
    assert now.press(ERASE_WORD, page=5).typed == "ab "
    assert now.press(ERASE_ALL, page=5).typed == ""
    assert now.press("\x00", page=5) == now
    assert Choosing(ITEMS, at=3).press(DOWN, page=5).at == 3
    assert Choosing(ITEMS).press(UP, page=5).at == 0
    assert Choosing(ITEMS).press(LAST, page=5).at == 3


@pytest.mark.parametrize(
    ("held", "more", "key", "rest"),
    [(b"ab", False, "a", b"b"), (b"\x1b", False, LEAVE, b""), (b"\x1b", True, None, b"\x1b"),
     (b"\x1b[", True, None, b"\x1b["), (b"\x1b[", False, "", b""), (b"\x1b[Bx", False, DOWN, b"x"),
     (b"\x1b[200~x", False, "", b"x"), (b"\xc3\xa4b", False, "ä", b"b"), (b"\xc3", True, None, b"\xc3"),
     (b"\xff", False, "�", b""), (b"\r", False, ENTER, b"")],
)  # fmt: skip
def test_keys_as_terminals_send_them(held, more, key, rest):
    """Whole, in parts, unknown, and in UTF-8."""
    assert _first_key(held, more=more) == (key, rest)
