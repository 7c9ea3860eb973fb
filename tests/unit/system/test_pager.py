"""The pager: the user's, otherwise less or more, otherwise none; and who gets Ctrl-C."""

from __future__ import annotations

import sys

import pexpect
import pytest

from tests.patience import PATIENCE
from vault.system import pager

CALL = """
import os, sys
from vault.system import pager
pager.show("one\\ntwo\\n", env=dict(os.environ))
print("<after>")
"""


def reading(**env):
    return pexpect.spawn(
        sys.executable,
        ["-c", CALL],
        env={"PATH": "/usr/bin:/bin", "TERM": "xterm", "PYTHONPATH": ":".join(sys.path), **env},
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(40, 80),
    )


def test_the_pager_gets_its_arguments_and_the_text(tmp_path):
    """$PAGER is split like a shell's words, and no shell runs it."""
    script = tmp_path / "my pager"
    script.write_text('#!/bin/sh\necho "<$1>"\nsed "s/^/> /"\n')
    script.chmod(0o700)
    child = reading(PAGER=f"'{script}' '$HOME;x'")
    child.expect_exact("<$HOME;x>\r\n> one\r\n> two\r\n<after>")


@pytest.mark.parametrize("chosen", ["", "/there/is/none", "'", "/"])
def test_less_shows_it_where_the_users_pager_cannot(chosen):
    """It ends by itself, since the text fits the screen."""
    child = reading(PAGER=chosen)
    for text in ("one", "two", "<after>"):
        child.expect_exact(text)


def test_without_any_pager_the_text_is_written():
    """A PATH without less and more."""
    reading(PATH="/there/is/none").expect_exact("one\r\ntwo\r\n<after>")


def test_ctrl_c_is_the_pagers(tmp_path):
    """This process goes on after it."""
    script = tmp_path / "pager"
    script.write_text("#!/bin/sh\ncat\ntrap 'exit 3' INT\necho waiting\nwhile :; do sleep 0.05; done\n")
    script.chmod(0o700)
    child = reading(PAGER=str(script))
    child.expect_exact("waiting")
    child.sendintr()
    child.expect_exact("<after>")


def test_a_pager_that_reads_nothing_is_no_failure():
    """The user left it at once."""
    reading(PAGER="true").expect_exact("<after>")


def test_without_a_terminal_nothing_is_started(tmp_path, monkeypatch):
    """No pager waits for a user who is not there."""
    monkeypatch.setattr("os.open", lambda *_: (_ for _ in ()).throw(OSError(6, "no tty")))
    pager.show("x", env={"PAGER": f"touch {tmp_path}/ran"})
    assert not (tmp_path / "ran").exists()
