"""The clipboard of this desktop: which program is taken, and what is said where it does not work."""

from __future__ import annotations

import os
import time

import pytest

from vault import limits
from vault.secret import Secret
from vault.system import clipboard
from vault.system.clipboard import Clipboard, NoClipboard
from vault.system.clock import Deadline


@pytest.fixture
def desktop(tmp_path):
    """Programs by name and shell script, and the environment in which they alone are found."""

    def make(*, display, **programs):
        for name, script in programs.items():
            path = tmp_path / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o700)
        return {
            "PATH": f"{tmp_path}:/bin:/usr/bin" if display else str(tmp_path),
            "KEPT": str(tmp_path / "kept"),
            **display,
        }

    return make


def test_wayland_s_own_programs_come_first(desktop):
    """With both displays there: what wl-copy keeps is what wl-paste gives, and it is taken off again."""
    env = desktop(
        display={"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"},
        wl_copy='cat >"$KEPT"',
        wl_paste='[ "$1" = --no-newline ] && cat "$KEPT"',
        xclip="exit 1",
    )
    text = Secret("123456")
    found = clipboard.find(env)
    with found.holding(text), open(env["KEPT"]) as kept:
        assert kept.read() == "123456"
    assert os.path.getsize(env["KEPT"]) == 0


LATE = '(sleep 0.3; cat >"$KEPT.new"; mv "$KEPT.new" "$KEPT") <&3 >/dev/null 2>&1 &'


def test_a_text_that_shows_late_is_waited_for_and_taken_off(desktop):
    """xclip ends before what it leaves behind has the selection: inside, the text is there, and after, it is not."""
    env = desktop(display={"DISPLAY": ":0"}, xclip=f'[ "$3" = -o ] && exec cat "$KEPT"\nexec 3<&0\n{LATE}')
    with clipboard.find(env).holding(Secret("123456")), open(env["KEPT"]) as kept:
        assert kept.read() == "123456"
    deadline = Deadline.after(10)
    while os.path.getsize(env["KEPT"]) and not deadline.expired:
        time.sleep(0.05)
    assert os.path.getsize(env["KEPT"]) == 0


def test_ctrl_c_before_the_text_shows_leaves_none_there(desktop, monkeypatch):
    """The window between the program's end and its text: what shows then is taken off nevertheless."""
    env = desktop(display={"DISPLAY": ":0"}, xclip=f'[ "$3" = -o ] && exec cat "$KEPT"\nexec 3<&0\n{LATE}')
    found = clipboard.find(env)

    def put(self, text):
        self._run(self.write, stdin=text.reveal())
        raise KeyboardInterrupt

    monkeypatch.setattr(Clipboard, "put", put)
    with pytest.raises(KeyboardInterrupt), found.holding(Secret("123456")):
        pass
    time.sleep(1)
    assert os.path.getsize(env["KEPT"]) == 0


def test_a_text_that_never_shows_is_not_waited_for_without_end(desktop, monkeypatch):
    """A clipboard that can be written and not read: the command goes on."""
    monkeypatch.setattr(limits, "CLIPBOARD_LOOK", 0.1)
    found = clipboard.find(
        desktop(display={"WAYLAND_DISPLAY": "w"}, wl_copy='cat >"$KEPT"', wl_paste="exit 1")
    )
    with found.holding(Secret("123456")):
        pass


def test_what_somebody_put_there_since_stays(desktop):
    """Only our own text is taken off."""
    env = desktop(display={"WAYLAND_DISPLAY": "w"}, wl_copy='cat >"$KEPT"', wl_paste='cat "$KEPT"')
    found = clipboard.find(env)
    found.put(Secret("123456"))
    assert not found.take_out(Secret("654321"))
    assert os.path.getsize(env["KEPT"]) == 6
    assert found.take_out(Secret("123456"))


def test_a_clipboard_that_cannot_be_reached_is_named(desktop):
    """The program is there, and its display is not: the error names it, and nothing is said to be copied."""
    found = clipboard.find(desktop(display={"DISPLAY": ":77"}, xclip="exit 1"))
    with pytest.raises(NoClipboard, match="xclip could not reach the clipboard") as caught:
        found.put(Secret("123456"))
    assert caught.value.exit_code == 5
    assert "xsel" in caught.value.hint


def test_a_program_that_went_or_hangs_reaches_nothing(desktop, monkeypatch):
    """Uninstalled meanwhile, or waiting for a display that never answers: bounded, and no error of its own."""
    monkeypatch.setattr(limits, "CLIPBOARD_TIME", 0.1)
    gone = Clipboard(("/there/is/none",), ("/there/is/none",), {})
    assert not gone.take_out(Secret("1"))
    hung = clipboard.find(desktop(display={"DISPLAY": ":0"}, xclip="exec sleep 60"))
    with pytest.raises(NoClipboard, match="xclip could not"):
        hung.put(Secret("1"))


def test_without_a_display_there_is_no_clipboard(desktop):
    """The programs of X and Wayland are not even looked for."""
    with pytest.raises(NoClipboard, match="no clipboard is available"):
        clipboard.find(desktop(display={}, xclip="exit 0", wl_copy="exit 0"))
