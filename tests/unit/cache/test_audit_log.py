"""The log: whole under many writers, kills and rotation; every change to it is detected; nothing is in plaintext."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.journals import KEYS, change, damage, read, write
from tests.patience import PATIENCE
from tests.vaults import soon
from vault import errors, limits
from vault.cache.audit_log import AuditLog, rewrap
from vault.cache.log_files import CURRENT, HEAD, KEY
from vault.secret import Secret
from vault.system.files import Folder

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "log")


def test_records_are_read_in_order(path):
    """Three records come back as they were, and nothing is wrong with them; an empty log is complete too."""
    assert read(path) == ([], [])
    write(path, "one", "two", "three")
    assert read(path) == ([b"one", b"two", b"three"], [])


def test_no_plaintext_is_in_the_file(path):
    """Each record has one size and is sealed; only this user may read the files."""
    write(path, "profile prod", "x" * 5000)
    for name in os.listdir(path):
        full = os.path.join(path, name)
        assert os.stat(full).st_mode & 0o777 == 0o600
        with open(full, "rb") as file:
            assert b"prod" not in file.read()
    assert os.path.getsize(os.path.join(path, CURRENT)) == 2 * limits.LOG_RECORD


@pytest.mark.parametrize("record", [0, 1, 2])
def test_a_changed_record_is_detected(path, record):
    """One flipped bit anywhere is detected, in the last record too."""
    write(path, "one", "two", "three")
    for offset in (0, 40, 500, 1023):
        at = record * limits.LOG_RECORD + offset
        change(path, CURRENT, lambda c, at=at: c[:at] + bytes([c[at] ^ 1]) + c[at + 1 :])
        assert read(path).problems
        change(path, CURRENT, lambda c, at=at: c[:at] + bytes([c[at] ^ 1]) + c[at + 1 :])
    assert not read(path).problems


@pytest.mark.parametrize(
    "cut",
    [
        lambda c: c[1024:2048] + c[2048:],
        lambda c: c[:1024] + c[2048:],
        lambda c: c[:2048],
        lambda c: c[1024:2048] + c[:1024] + c[2048:],
        lambda c: c + c[2048:],
        lambda c: b"",
    ],
    ids=["first", "middle", "last", "swapped", "twice", "all"],
)
def test_a_removed_moved_or_duplicated_record_is_detected(path, cut):
    """The chain shows it, and so do the sealed numbers of the oldest and the newest record."""
    write(path, "one", "two", "three")
    change(path, CURRENT, cut)
    assert read(path).problems


def test_a_torn_record_is_reported_and_stops_no_writer(path):
    """After half a record at the end, as a kill or a power cut leaves it, the next one is written; verify names the torn one."""
    write(path, "one")
    with open(os.path.join(path, CURRENT), "ab") as file:
        file.write(b"half a record")
    write(path, "two")
    found = read(path)
    assert found.records == [b"one", b"two"]
    assert len(found.problems) == 1
    assert "torn" in found.problems[0]


@pytest.mark.parametrize("missing", [1, 2, 15, 16, 1023])
def test_a_truncated_record_is_reported_as_torn(path, missing):
    """This holds even if only its end is missing: on a full disk, the user must not look for an intruder."""
    write(path, "one", "two")
    change(path, CURRENT, lambda content: content[:-missing])
    change(
        path, CURRENT, lambda content: content + bytes(missing - 1)
    )  # filled up by another, who was ended then
    write(path, "three")
    torn, *more = read(path).problems
    assert "byte 1024 is torn" in torn
    assert not any("not written by" in problem for problem in more)


def test_torn_records_after_a_record_without_a_head_start_no_second_chain(path):
    """On a full disk the record was written but not its head, and then two writers left torn records."""
    write(path, "one")
    with open(os.path.join(path, HEAD), "rb") as file:
        head = file.read()
    write(path, "two")
    with open(os.path.join(path, HEAD), "wb") as file:
        file.write(head)
    with open(os.path.join(path, CURRENT), "ab") as file:
        file.write(b"half a record".ljust(limits.LOG_RECORD, b"\0") + b"half")
    write(path, "three")
    found = read(path)
    assert found.records == [b"one", b"two", b"three"]
    assert [("torn" in problem) for problem in found.problems] == [True, True]


def test_files_are_rotated_and_the_chain_goes_on(path, monkeypatch):
    """A file over its limit becomes an older one, the oldest is deleted, and the rest is one chain."""
    monkeypatch.setattr(limits, "LOG_FILE", 3 * limits.LOG_RECORD)
    monkeypatch.setattr(limits, "LOG_FILES", 2)
    write(path, *(str(number) for number in range(20)))
    found = read(path)
    assert found.problems == []
    assert found.records == [str(number).encode() for number in range(12, 20)]


def test_a_new_cache_key_keeps_the_log(path):
    """rewrap: the same records under the new key, and none under the old one."""
    write(path, "one")
    new = Secret(b"N" * 32)
    rewrap(path, old=KEYS["cache_key"], new=new, vault_id=bytes(16), deadline=soon())
    with AuditLog.open(path, cache_key=new, vault_id=bytes(16)) as journal:
        assert journal.read(deadline=soon()).records == [b"one"]
    with pytest.raises(errors.Damaged):
        read(path)


def test_a_lost_key_starts_a_new_log(path):
    """A process that knows that the key is lost starts a new log, which says so; the old files are kept, each under another number."""
    for number in (1, 2):
        write(path, "one")
        change(path, KEY, lambda c: bytes(len(c)))
        with AuditLog.open(path, **KEYS) as journal:
            journal.append(b"two", deadline=soon(), start_over=True)
        assert read(path) == ([b"two"], [STARTED_OVER])
        assert {f"unreadable.{number}.{name}" for name in (CURRENT, HEAD, KEY)} <= set(os.listdir(path))


def test_an_old_key_does_not_put_the_log_aside(path):
    """A process that has the cache key of before its replacement writes nothing, and the log stays as it was."""
    write(path, "one")
    new = {"cache_key": Secret(b"N" * 32), "vault_id": bytes(16)}
    rewrap(path, old=KEYS["cache_key"], new=new["cache_key"], vault_id=bytes(16), deadline=soon())
    with pytest.raises(errors.Damaged):
        write(path, "late")
    with AuditLog.open(path, **new) as journal:
        assert journal.read(deadline=soon()) == ([b"one"], [])


def test_many_records_are_appended_in_one_step(path, monkeypatch):
    """Records that are appended together form one chain with the earlier ones, across files too."""
    monkeypatch.setattr(limits, "LOG_FILE", 3 * limits.LOG_RECORD)
    write(path, "one", "two")
    with AuditLog.open(path, **KEYS) as journal:
        journal.append(*(b"%d" % number for number in range(5)), deadline=soon())
    assert read(path) == ([b"one", b"two", b"0", b"1", b"2", b"3", b"4"], [])


def newest(path, most=10):
    with AuditLog.open(path, **KEYS) as journal:
        return journal.newest(most)


def test_the_newest_records_are_those_that_open(path):
    """Without a log there are none; a damaged record among them is left out; older files are not read."""
    assert newest(path) == []
    write(path, "one", "two", "three")
    assert newest(path, 2) == [b"two", b"three"]
    damage(path, CURRENT, limits.LOG_RECORD + 500)
    assert newest(path, 2) == [b"three"]
    os.rename(os.path.join(path, CURRENT), os.path.join(path, "older.1"))
    assert newest(path) == []


STARTED_OVER = (
    "current: a new log starts here: the earlier log could not be decrypted with the vault's key, as happens after an older "
    "copy is restored, and is kept in unreadable.*"
)
NO_HEAD = "current: records may be missing before record {}: the files did not match"


def test_a_changed_head_is_detected_and_stops_no_writer(path):
    """verify names it; the next writer continues from the last record, and verify keeps reporting that the head was missing."""
    write(path, "one", "two")
    damage(path, HEAD)
    assert read(path) == ([b"one", b"two"], ["head: changed, or not written by awsvault-py"])
    write(path, "three", "four")
    assert read(path) == ([b"one", b"two", b"three", b"four"], [NO_HEAD.format(2)])


@pytest.mark.parametrize("renames", range(8))
def test_a_log_that_was_put_aside_is_reported_even_if_its_writer_was_killed(path, monkeypatch, renames):
    """The writer is killed after any step of putting the log aside and starting a new one: later readers report that a log was lost."""
    write(path, "one", "two")
    change(path, KEY, lambda content: bytes(len(content)))
    rename, left = Folder.rename, [renames]

    def until(folder, old, new):
        left[0] -= 1
        if left[0] < 0:
            raise KeyError(old)
        rename(folder, old, new)

    with monkeypatch.context() as patched, AuditLog.open(path, **KEYS) as journal:
        patched.setattr(Folder, "rename", until)
        with contextlib.suppress(KeyError):
            journal.append(b"three", deadline=soon(), start_over=True)
    with AuditLog.open(path, **KEYS) as journal:
        journal.append(b"four", deadline=soon(), start_over=True)
    found = read(path)
    assert found.records[-1:] == [b"four"]
    assert found.problems == [STARTED_OVER]


def test_a_killed_rekey_keeps_the_log(path):
    """The log's key is wrapped under both cache keys until the vault has the new one: whichever it has, the log opens."""
    write(path, "one")
    new = {"cache_key": Secret(b"N" * 32), "vault_id": bytes(16)}
    rewrap(path, old=KEYS["cache_key"], new=new["cache_key"], vault_id=bytes(16), deadline=soon(), ahead=True)
    write(path, "two")
    with AuditLog.open(path, **new) as journal:
        journal.append(b"three", deadline=soon())
        assert journal.read(deadline=soon()) == ([b"one", b"two", b"three"], [])
    rewrap(path, old=KEYS["cache_key"], new=new["cache_key"], vault_id=bytes(16), deadline=soon())
    with pytest.raises(errors.Damaged):
        read(path)


@pytest.mark.parametrize("name", [HEAD, CURRENT, KEY])
def test_an_oversized_file_is_detected_and_stops_no_writer(path, name):
    """Larger than the program ever writes: verify reports it, and the log goes on."""
    write(path, "one")
    change(path, name, lambda content: content + bytes(3 * limits.LOG_FILE))
    if name == KEY:
        with pytest.raises(errors.Damaged):
            read(path)
    else:
        assert read(path).problems
    with AuditLog.open(path, **KEYS) as journal:
        journal.append(b"two", deadline=soon(), start_over=True)
        assert journal.read(deadline=soon()).records[-1:] == [b"two"]
    assert name == KEY or read(path).problems


def test_truncation_without_a_head_is_detected(path):
    """Without the head nothing shows which record was the last: verify says so, before and after further records."""
    write(path, "one", "two", "three")
    change(path, CURRENT, lambda content: content[: limits.LOG_RECORD])
    os.unlink(os.path.join(path, HEAD))
    assert read(path) == ([b"one"], ["head: missing; records may be missing at the end"])
    write(path, "four", "five")
    assert read(path) == ([b"one", b"four", b"five"], [NO_HEAD.format(1)])


def test_removal_of_all_records_and_the_head_is_detected(path):
    """A log that has a key had a head."""
    write(path, "one", "two")
    os.unlink(os.path.join(path, CURRENT))
    os.unlink(os.path.join(path, HEAD))
    assert read(path) == ([], ["head: missing; records may be missing at the end"])
    write(path, "three")
    assert read(path) == ([b"three"], [NO_HEAD.format(0)])


def test_an_interrupted_start_of_a_log_is_complete(path):
    """Killed after the head and before the key, or after the key and before the first record: nothing is missing."""
    with Folder.open(path, create=True) as folder:
        AuditLog(folder, **KEYS)._key(start_over=False)
    assert read(path) == ([], [])
    os.unlink(os.path.join(path, KEY))
    assert read(path) == ([], [])
    write(path, "one")
    assert read(path) == ([b"one"], [])


def test_a_rewritten_last_record_is_detected(path):
    """If another record of the same number is in the last record's place, the head shows it."""
    write(path, "one")
    with open(os.path.join(path, CURRENT), "rb") as file:
        before = file.read()
    with open(os.path.join(path, HEAD), "rb") as file:
        head = file.read()
    write(path, "two")
    change(path, CURRENT, lambda _: before)
    with open(os.path.join(path, HEAD), "rb") as file:
        newer = file.read()
    change(path, HEAD, lambda _: head)
    write(path, "another two")
    change(path, HEAD, lambda _: newer)
    assert read(path) == ([b"one", b"another two"], ["the last record is not the one that was written last"])


def test_a_changed_last_record_stops_no_writer(path):
    """The next writer continues from the head; verify names the changed record, and the next record is there."""
    write(path, "one", "two")
    damage(path, CURRENT)
    write(path, "three")
    found = read(path)
    assert found.records == [b"one", b"three"]
    assert (
        f"{CURRENT}: the record at byte {limits.LOG_RECORD} is changed, or not written by awsvault-py"
        in found.problems
    )


@pytest.mark.parametrize("lost", ["no folder", "no key", "another key"])
def test_a_new_cache_key_without_a_log_to_keep(path, lost):
    """Without a log, or with one whose key is gone or is another cache key's, nothing is made, changed or reported."""
    if lost != "no folder":
        write(path, "one")
    if lost == "no key":
        os.unlink(os.path.join(path, KEY))
    elif lost == "another key":
        damage(path, KEY)

    def files():
        found = sorted(os.listdir(path)) if os.path.isdir(path) else []
        return {name: Path(path, name).read_bytes() for name in found}

    before = files()
    rewrap(path, old=KEYS["cache_key"], new=Secret(b"N" * 32), vault_id=bytes(16), deadline=soon())
    assert files() == before


WRITER = (
    "import sys\nfrom vault.cache.audit_log import AuditLog\nfrom vault.secret import Secret\n"
    "from vault.system.clock import Deadline\n"
    "for n in range({count}):\n"
    "    with AuditLog.open(sys.argv[1], cache_key=Secret(b'C' * 32), vault_id=bytes(16)) as j:\n"
    "        j.append(b'%s %d' % (sys.argv[2].encode(), n), deadline=Deadline.after(60))\n"
)


def start(path, name, count):
    return subprocess.Popen([sys.executable, "-c", WRITER.format(count=count), path, name])


def test_twenty_writers_at_once(path):
    """20 processes with 10 records each write 200 records in one chain, each writer's in its own order."""
    running = [start(path, f"w{number}", 10) for number in range(20)]
    assert [process.wait(PATIENCE) for process in running] == [0] * 20
    found = read(path)
    assert found.problems == []
    assert len(found.records) == 200
    for number in range(20):
        mine = [r for r in found.records if r.startswith(b"w%d " % number)]
        assert mine == [b"w%d %d" % (number, n) for n in range(10)]


def test_verify_beside_busy_writers_finds_no_problem(path):
    """Each --verify sees one moment, between two records."""
    running = [start(path, f"w{number}", 60) for number in range(3)]
    seen = [len(read(path).records)]
    while any(process.poll() is None for process in running):
        found = read(path)
        assert found.problems == []
        seen.append(len(found.records))
    assert seen == sorted(seen)
    assert len(read(path).records) == 180


def test_killed_writers_leave_a_complete_chain(path):
    """After kill -9 of writers at any moment, the next writer continues, and no complete record is lost."""
    for moment in range(12):
        process = start(path, "killed", 10_000)
        time.sleep(0.15 + moment * 0.013)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        write(path, f"after {moment}")
    found = read(path)
    assert [r for r in found.records if r.startswith(b"after")] == [b"after %d" % n for n in range(12)]
    assert all("torn" in problem for problem in found.problems), found.problems


def test_a_writer_killed_between_record_and_head_breaks_no_chain(path):
    """The record is there and the head is older: the next writer continues from the record."""
    write(path, "one")
    with open(os.path.join(path, HEAD), "rb") as file:
        head = file.read()
    write(path, "two")
    change(path, HEAD, lambda _: head)
    assert read(path).problems == []
    write(path, "three")
    assert read(path) == ([b"one", b"two", b"three"], [])
