"""The log's beginning: what was left behind is known, what was taken away is seen."""

import contextlib
import os

import pytest

from tests.journals import KEYS, change, damage, read, write
from vault import errors, limits
from vault.cache.audit_log import AuditLog
from vault.cache.log_files import CURRENT, FIRST, KEY, LogFiles
from vault.secret import Secret
from vault.system.files import Folder

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "log")


def test_records_removed_at_the_start_are_detected(path, monkeypatch):
    """The first record is number 0 until a rotation deletes records, and a file that was full stays full."""
    write(path, "one", "two", "three")
    change(path, CURRENT, lambda content: content[2 * limits.LOG_RECORD :])
    assert read(path) == ([b"three"], ["2 record(s) are missing at the start"])
    monkeypatch.setattr(limits, "LOG_FILE", 4 * limits.LOG_RECORD)
    path += ", another"
    write(path, *map(str, range(25)))
    oldest = f"older.{limits.LOG_FILES}"
    assert read(path).problems == []
    change(path, oldest, lambda content: content[limits.LOG_RECORD :])
    assert read(path).problems == [
        f"{oldest}: {3 * limits.LOG_RECORD} bytes instead of {4 * limits.LOG_RECORD}",
        "1 record(s) are missing at the start",
    ]
    os.unlink(os.path.join(path, oldest))
    (missing,) = read(path).problems
    assert "missing at the start" in missing


NOT_KNOWN = "records may be missing before record"


@pytest.fixture
def small(monkeypatch):
    """Files of two records and four older files: after a rotation the log starts with the eleventh record."""
    monkeypatch.setattr(limits, "LOG_FILE", 2 * limits.LOG_RECORD)


def move(path, old, new):
    os.rename(os.path.join(path, old), os.path.join(path, new))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("written", [5, 12, 20])
def test_a_removed_oldest_file_is_detected_whatever_the_others_are_named(path, written):
    """The next file gets its name, or the last name of all; further records change nothing about it."""
    write(path, *map(str, range(written)))
    assert read(path).problems == []
    oldest = max(name for name in os.listdir(path) if name.startswith("older."))
    next_oldest = f"older.{int(oldest[-1]) - 1}"
    os.unlink(os.path.join(path, oldest))
    said = ["2 record(s) are missing at the start"]
    assert read(path).problems == said
    for name in {oldest, f"older.{limits.LOG_FILES}"}:
        move(path, next_oldest, name)
        next_oldest = name
        assert read(path).problems == said
    write(path, "more", "and more")
    assert read(path).problems == said


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("how", ["taken away", "changed"])
def test_a_removed_oldest_number_is_detected(path, how):
    """Without it nothing says that records were rotated away; after the next rotation, a record says that this is unknown."""
    write(path, *map(str, range(12)))
    if how == "changed":
        damage(path, FIRST)
        said = ["first: changed, or not written by awsvault-py; records may be missing at the start"]
    else:
        os.unlink(os.path.join(path, FIRST))
        said = ["2 record(s) are missing at the start"]
    assert read(path).problems == said
    write(path, "twelve", "thirteen")
    assert [problem for problem in read(path).problems if NOT_KNOWN not in problem] == []
    assert any(NOT_KNOWN in problem for problem in read(path).problems)


@pytest.mark.usefixtures("small")
def test_a_damaged_oldest_record_is_reported_alone(path):
    """The file that becomes the oldest starts with a record that does not open: its second record counts."""
    write(path, *map(str, range(10)))
    damage(path, "older.3")  # the record 3
    damage(path, "older.3", limits.LOG_RECORD - 1)
    write(path, "ten")
    assert [problem.partition(":")[0] for problem in read(path).problems[:2]] == ["older.4", "older.4"]
    assert not any("missing at the start" in problem for problem in read(path).problems)


@pytest.mark.usefixtures("small")
def test_an_oversized_older_file_stops_no_writer(path):
    """It is the next to become the oldest: the file after it says which record that is."""
    write(path, *map(str, range(10)))
    change(path, "older.3", lambda content: content + bytes(5 * limits.LOG_RECORD))
    write(path, "ten", "eleven", "twelve")
    assert read(path).records[-1:] == [b"twelve"]
    assert any(NOT_KNOWN in problem for problem in read(path).problems)
    change(path, CURRENT, lambda content: content + bytes(5 * limits.LOG_RECORD))
    with AuditLog.open(path, **KEYS) as journal:
        assert journal.newest(3) == []


def overwrite(path, name, content):
    with open(os.path.join(path, name), "wb") as file:
        file.write(content)
    os.chmod(os.path.join(path, name), 0o600)


def test_a_premature_rotation_is_reported(path, monkeypatch):
    """A process without a key arranges the files so that the next export rotates some away too early."""
    monkeypatch.setattr(limits, "LOG_FILE", 8 * limits.LOG_RECORD)
    write(path, *map(str, range(7)))
    with open(os.path.join(path, CURRENT), "rb") as file:
        records = [file.read(limits.LOG_RECORD) for _ in range(7)]
    for name in ("older.4", "older.2", "older.1"):
        overwrite(path, name, b"")
    overwrite(path, "older.3", records[3])
    overwrite(path, CURRENT, bytes(limits.LOG_FILE))
    write(path, "led")
    with open(os.path.join(path, CURRENT), "rb") as file:
        new = file.read()
    for name in os.listdir(path):
        if name.startswith("older."):
            os.unlink(os.path.join(path, name))
    overwrite(path, CURRENT, b"".join(records[3:]) + new)
    assert read(path).problems


@pytest.mark.usefixtures("small")
def test_killed_rotations_report_no_other_problem(path, monkeypatch):
    """Files that fit together are rotated away silently, also after many kills at any of the steps."""
    rename, left = Folder.rename, [0]

    def until(folder, old, new):
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        rename(folder, old, new)

    monkeypatch.setattr(Folder, "rename", until)
    for number in range(120):
        left[0] = number % 9
        with contextlib.suppress(Killed):
            write(path, str(number))
        left[0] = 0
        assert read(path).problems == []


class Killed(BaseException):
    """An exception that nothing catches."""


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("renames", range(8))
def test_a_killed_rotation_loses_no_other_record(path, monkeypatch, renames):
    """Killed after the oldest number was written, or after any of the renames: one chain, and the next writer continues."""
    write(path, *map(str, range(10)))
    rename, left = Folder.rename, [renames]

    def until(folder, old, new):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        rename(folder, old, new)

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "rename", until)
        with pytest.raises(Killed) if renames < 7 else contextlib.nullcontext():
            write(path, "ten")
    assert read(path).problems == []
    write(path, "eleven")
    found = read(path)
    assert found.problems == []
    assert found.records[:8] == [b"%d" % number for number in range(2, 10)]


@pytest.mark.parametrize("left", [CURRENT, "older.1"])
def test_a_removed_key_is_detected(path, left):
    """Records that no key opens are reported, before and after further records."""
    write(path, "one", "two")
    move(path, CURRENT, left)
    os.unlink(os.path.join(path, KEY))
    assert read(path) == ([], ["key: missing, so no record can be read"])
    write(path, "three")
    assert read(path).records == [b"three"]
    assert read(path).problems


@pytest.mark.usefixtures("small")
def test_a_file_of_twice_its_size_is_read_and_a_larger_one_is_not(path):
    """A rotation that failed leaves one that is too long; one without an end is not read into memory."""
    write(path, "one")
    with Folder.open(path) as folder:
        found = LogFiles(folder, cache_key=Secret(bytes(32)), vault_id=bytes(16))
        for records in (4, 5):
            with open(os.path.join(path, CURRENT), "wb") as file:
                file.write(bytes(records * limits.LOG_RECORD))
            if records == 4:
                assert len(found.content(CURRENT)) == 2 * limits.LOG_FILE
                continue
            with pytest.raises(errors.ConfigError):
                found.content(CURRENT)
