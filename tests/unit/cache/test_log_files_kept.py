"""The files of the log: how a record is kept, which file comes next, and what is put aside."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import errors, limits
from vault.cache.log_files import CURRENT, HEAD, KEY, NEXT, SIZE, START, LogFiles, OpenedLog, names
from vault.crypto.seal import SealBroken
from vault.secret import Secret
from vault.system.files import Folder

RECORDS = bytes(range(32))  # the key of the records
ID = bytes(16)


def log_in(folder, cache_key=b"c" * 32):
    return LogFiles(folder, cache_key=Secret(cache_key), vault_id=ID)


@pytest.fixture
def folder(tmp_path):
    with Folder.open(str(tmp_path / "log"), create=True) as opened:
        yield opened


@pytest.fixture
def files(folder):
    return log_in(folder)


def there(folder):
    return sorted(folder.names())


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1), st.binary(max_size=limits.LOG_TEXT))
def test_a_record_reads_back_and_has_the_size_of_all_others(before, number, text):
    """Its size says nothing about it."""
    files = LogFiles(None, cache_key=Secret(b"c" * 32), vault_id=ID)
    record = OpenedLog(before, number, text)
    sealed = files.sealed(RECORDS, record)
    assert len(sealed) == SIZE
    assert files.opened(RECORDS, sealed) == record


def test_a_text_that_is_too_long_is_cut(files):
    """A record is never larger, and never lost."""
    sealed = files.sealed(RECORDS, OpenedLog(START, 1, b"x" * (limits.LOG_TEXT + 9)))
    assert files.opened(RECORDS, sealed).text == b"x" * limits.LOG_TEXT


def test_a_record_of_another_vault_does_not_open(files, folder):
    """Nor under another key."""
    sealed = files.sealed(RECORDS, OpenedLog(START, 1, b"x"))
    other = LogFiles(folder, cache_key=Secret(b"c" * 32), vault_id=b"2" * 16)
    for reader, key in ((other, RECORDS), (files, b"k" * 32)):
        with pytest.raises(SealBroken):
            reader.opened(key, sealed)


def test_the_newest_record_comes_first_and_half_a_record_is_none(files, folder):
    """A writer that was killed left the beginning of one."""
    sealed = [files.sealed(RECORDS, OpenedLog(START, number, b"")) for number in range(3)]
    files.write(bytearray(b"".join(sealed) + sealed[0][: SIZE // 2]))
    assert list(files.newest()) == sealed[::-1]


def test_without_a_file_there_is_no_newest_record(files):
    """And its size is 0."""
    assert list(files.newest()) == []
    assert files.size() == 0


def test_no_more_than_the_last_records_are_looked_at(files, monkeypatch):
    """A long log costs an export no more than a short one."""
    monkeypatch.setattr(limits, "LOG_LOOK", 2)
    sealed = [files.sealed(RECORDS, OpenedLog(START, number, b"")) for number in range(5)]
    files.write(bytearray(b"".join(sealed)))
    assert list(files.newest()) == [sealed[4], sealed[3]]


def test_files_move_up_to_the_first_free_name(files, folder):
    """A gap is left by a writer that was killed; no file beyond it moves."""
    for name in (CURRENT, "older.1", "older.3"):
        folder.write_atomic(name, name.encode(), durable=False)
    assert files.rotate(RECORDS) is True
    assert there(folder) == ["older.1", "older.2", "older.3"]
    assert [folder.read(f"older.{n}", limit=99) for n in (1, 2, 3)] == [b"current", b"older.1", b"older.3"]


def test_the_oldest_file_is_dropped_when_no_name_is_free(files, folder):
    """Files that are not a whole log are dropped too, and that is told."""
    for name in names():
        folder.write_atomic(name, name.encode(), durable=False)
    assert files.rotate(RECORDS) is False
    assert folder.read(f"older.{limits.LOG_FILES}", limit=99) == f"older.{limits.LOG_FILES - 1}".encode()
    assert CURRENT not in there(folder)


def test_head_and_first_read_back(files):
    """``first`` is 0 before a file was dropped; there is no head before a record was written."""
    assert files.first(RECORDS) == 0
    with pytest.raises(FileNotFoundError):
        files.head(RECORDS)
    files.set_head(RECORDS, 7, b"h" * 32)
    assert files.head(RECORDS) == (7, b"h" * 32)


def test_a_key_that_was_written_ahead_opens_once_the_vault_has_the_new_cache_key(files, folder):
    """A rekey that is killed at any point leaves a log that opens: by the old cache key or by the new one."""
    files.put_key(RECORDS)
    after = log_in(folder, b"n" * 32)
    with pytest.raises(errors.Damaged, match="a different cache key"):
        after.key()
    after.put_key(RECORDS, ahead=True)
    assert (files.key(), after.key()) == (RECORDS, RECORDS)
    after.put_key(RECORDS)
    assert there(folder) == [KEY]
    with pytest.raises(errors.Damaged):
        files.key()


def test_a_key_file_that_is_too_large_is_damage(files, folder):
    """It is not read, and no other error than that of a wrong key."""
    folder.write_atomic(KEY, bytes(5000), durable=False)
    with pytest.raises(errors.Damaged):
        files.key()


def test_without_a_key_nothing_is_known(files):
    """The caller decides whether that is a new log (``keyless``)."""
    with pytest.raises(FileNotFoundError):
        files.key()
    assert not files.keyless()


@pytest.mark.parametrize("name", [CURRENT, "older.4", "first", "unreadable.1.current"])
def test_records_without_a_key_are_noticed(files, folder, name):
    """A new log beside them would hide that they were there."""
    folder.write_atomic(name, b"", durable=False)
    assert files.keyless()


def test_each_log_that_is_put_aside_has_a_number_of_its_own(files, folder):
    """With its cache key, from a backup, each can be read again."""
    for _ in range(2):
        for name in (CURRENT, HEAD, KEY, NEXT):
            folder.write_atomic(name, b"", durable=False)
        files.put_aside()
    kept = [f"unreadable.{number}.{name}" for number in (1, 2) for name in (CURRENT, HEAD, KEY, NEXT)]
    assert there(folder) == sorted(kept)
    assert files.has_aside()


def test_a_file_with_a_second_name_is_not_written_to(files, folder):
    """The other name may be in a folder of someone else's choice."""
    sealed = files.sealed(RECORDS, OpenedLog(START, 0, b""))
    files.write(bytearray(sealed))
    os.link(folder.path_of(CURRENT), folder.path_of("other"))
    with pytest.raises(errors.UnsafeFile, match="2 names"):
        files.write(bytearray(sealed))
    assert files.size() == SIZE
