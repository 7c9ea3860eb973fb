"""A fingerprint that was taken too soon after a change stands for nothing, on every file system's clock."""

from __future__ import annotations

import os

import pytest

from vault import limits, warm
from vault.system import paths as places
from vault.system.paths import FORM, fingerprint
from vault.system.settled import settled, to_keep_under

NOW = 1_700_000_000.5
SECOND = 10**9
OLD = 1_600_000_000 * SECOND + 123_456_789


def taken(mtime=OLD, ctime=OLD, *, file=0, variables=()):
    """The fingerprint of four files, one of which has these times in nanoseconds."""
    files = [b"64.12.3456.%d.%d" % (OLD, OLD)] * 4
    files[file] = b"64.12.3456.%d.%d" % (mtime, ctime)
    return b"\0".join((FORM, *files, *variables))


def ago(seconds):
    return int((NOW - seconds) * SECOND)


@pytest.mark.parametrize("file", range(4))
@pytest.mark.parametrize("which", ["mtime", "ctime"])
@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (ago(0), False),
        (ago(0.019), False),
        (ago(0.021), True),
        (ago(1), True),
        (int(NOW) * SECOND, False),  # whole seconds: more than one write has room in them
        (int(NOW - 1) * SECOND, False),
        (int(NOW - 2) * SECOND, True),
        (ago(-0.001), False),
        (ago(-3600) + 1, False),  # of a server whose clock is ahead, or written before the clock was set back
        (ago(-3600 * 24 * 365 * 60), False),
    ],
)
def test_the_last_change_must_be_over_a_tick_ago(file, which, time, expected):
    """Of each file, by either time: 20 ms where times have nanoseconds, 2 s where they are whole or of the future."""
    assert settled(taken(file=file, **{which: time}), now=NOW) is expected


def test_the_wait_covers_the_coarsest_clock_known():
    """FAT rounds down to 2 s, and Linux takes the time of its last timer interrupt, up to 10 ms ago."""
    assert limits.TICK > 0.01
    assert limits.TICK_WHOLE >= 2
    written = int(NOW) // 2 * 2  # what FAT notes for a write at any time of these two seconds
    last = written + 2 + 0.01  # from here on every write is noted as of later
    assert not settled(taken(written * SECOND), now=last)


def test_what_is_missing_or_unreadable_has_no_time():
    """A file that appears shows by that."""
    assert settled(b"\0".join((FORM, b"-", b"?13", b"-", b"-")), now=NOW)


def test_variables_are_no_files():
    """A variable whose value looks like a file's identity changes nothing."""
    odd = b"AWS_REGION=1.2.3.%d.%d" % (ago(0), ago(0))
    assert settled(taken(variables=(odd,)), now=NOW)


def test_a_fingerprint_of_another_form_is_not_read():
    """What a later version makes, this one does not judge."""
    assert not settled(b"f0\0" + taken().partition(b"\0")[2], now=NOW)


class Moment:
    def __init__(self, at):
        self.at = at

    def time(self):
        return self.at


def test_the_real_files_are_judged(tmp_path):
    """Each of the four files that a fingerprint holds, a second after it was written and at once."""
    env = {"HOME": str(tmp_path), "AWSVAULT_HOME": str(tmp_path / "v")}
    paths = places.from_env(env)
    for folder in (".aws", "v"):
        (tmp_path / folder).mkdir()
    for name in (".aws/config", ".aws/credentials", "v/vault.avlt", "v/config.toml"):
        path = tmp_path / name
        path.write_text("one")
        changed = path.stat().st_ctime
        os.utime(path, (changed - 60, changed - 60.5))  # a tool that keeps times: only ctime shows the write
        changed = path.stat().st_ctime
        assert to_keep_under(env, paths=paths, clock=Moment(changed + 0.001)) is None
        later = Moment(changed + limits.TICK + limits.TICK_WHOLE)
        assert to_keep_under(env, paths=paths, clock=later) == fingerprint(env, paths=paths)
        path.unlink()
    path = tmp_path / ".aws" / "config"
    path.write_text("one")
    whole = int(path.stat().st_ctime) + 60
    os.utime(path, (whole, whole))  # as a copy from another machine has it
    for after, expected in ((1.9, False), (2.1, True)):
        kept = to_keep_under(env, paths=paths, clock=Moment(whole + after))
        assert (kept is not None) is expected


def test_the_clock_is_read_first(tmp_path, monkeypatch):
    """A change between the look at the clock and the look at the file counts as after it."""
    order = []

    class Clock:
        def time(self):
            order.append("clock")
            return NOW

    monkeypatch.setattr(warm, "_identity", lambda _: order.append("file") or b"-")
    env = {"HOME": str(tmp_path)}
    assert to_keep_under(env, paths=places.from_env(env), clock=Clock()) is not None
    assert order[0] == "clock"
    assert order.count("clock") == 1
