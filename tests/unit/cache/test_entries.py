"""Sealed sessions: what is kept comes back, any change is a miss, and the folder reveals nothing."""

import errno
import fcntl
import os
import stat
from itertools import product

import pytest

from tests.patience import PATIENCE
from vault import limits
from vault.cache.entries import Cache, Cached, Failure
from vault.crypto.seal import SealBroken, hkdf, seal, unseal
from vault.secret import Secret
from vault.system.clock import Deadline
from vault.system.files import Folder
from vault.system.locks import Busy

VAULT_ID = bytes(range(16))
DIGEST = bytes(range(32))
SESSION = Cached(1_700_000_000, 1_700_003_600, b'{"Version":1,"AccessKeyId":"ASIAIOSFODNN7EXAMPLE"}\n')


def open_cache(path, *, key=b"k" * 32, vault_id=VAULT_ID):
    return Cache.open(str(path), cache_key=Secret(key), vault_id=vault_id)


@pytest.fixture
def cache(tmp_path):
    return open_cache(tmp_path / "s1")


def only_file(path):
    (name,) = [n for n in os.listdir(path) if not n.endswith(".lock") and not n.startswith(".")]
    return path / name


def test_round_trip_of_a_session(cache):
    """A session is read back byte for byte, and only for its own digest."""
    assert cache.put(DIGEST, SESSION)
    assert cache.get(DIGEST) == SESSION
    assert cache.get(bytes(32)) is None


def test_a_file_is_found_without_decrypting_it(cache, tmp_path):
    """Also one that would not open; not that of another session, nor one that was removed."""
    assert not cache.has_file(DIGEST)
    cache.put(DIGEST, SESSION)
    assert (cache.has_file(DIGEST), cache.has_file(bytes(32))) == (True, False)
    only_file(tmp_path / "s1").write_bytes(b"damaged")
    assert (cache.get(DIGEST), cache.has_file(DIGEST)) == (None, True)
    cache.forget(DIGEST)
    assert not cache.has_file(DIGEST)
    assert not Cache(None, cache_key=Secret(b"k" * 32), vault_id=VAULT_ID).has_file(DIGEST)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])
def test_every_flipped_bit_and_truncation_is_a_miss(cache, tmp_path, every):
    """A damaged entry costs one STS call, never an error."""
    cache.put(DIGEST, SESSION)
    path = only_file(tmp_path / "s1")
    good = path.read_bytes()
    key, aad = hkdf(Secret(b"k" * 32), info=b"cache-enc"), VAULT_ID + DIGEST
    assert unseal(key, label="cache", aad=aad, box=good)
    for place, bit in product(range(len(good)), range(8)):
        through_the_file = bit == place % 8 and place % every == 0  # one of each byte, or of one in seven
        in_memory = (place * 8 + bit) % every == 0  # all of them, or one in seven
        if not through_the_file and not in_memory:
            continue
        bad = bytearray(good)
        bad[place] ^= 1 << bit
        if through_the_file:
            path.write_bytes(bad)
            assert cache.get(DIGEST) is None, (place, bit)
        if in_memory:
            with pytest.raises(SealBroken):
                unseal(key, label="cache", aad=aad, box=bytes(bad))
    for length in sorted({*range(64), *range(0, len(good), every), len(good) - 1}):
        path.write_bytes(good[:length])
        assert cache.get(DIGEST) is None, length
    path.write_bytes(good + b"\0")
    assert cache.get(DIGEST) is None
    path.write_bytes(good)
    assert cache.get(DIGEST) == SESSION


def test_another_key_or_vault_opens_nothing(cache, tmp_path):
    """An entry answers only to the cache key and the vault that it was sealed for."""
    cache.put(DIGEST, SESSION)
    assert open_cache(tmp_path / "s1", key=b"x" * 32).get(DIGEST) is None
    assert open_cache(tmp_path / "s1", vault_id=bytes(16)).get(DIGEST) is None


def test_an_entry_under_another_name_is_a_miss(cache, tmp_path):
    """A session copied over another link's file is not served for it."""
    cache.put(DIGEST, SESSION)
    first = only_file(tmp_path / "s1")
    other = bytes(31) + b"\1"
    cache.put(other, SESSION._replace(expires=1_700_003_601))
    (second,) = [p for p in (tmp_path / "s1").iterdir() if p != first]
    second.write_bytes(first.read_bytes())
    assert cache.get(other) is None


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "open to others", "too large"])
def test_a_foreign_file_is_a_miss(cache, tmp_path, kind):
    """A link, a FIFO, a folder, a file open to others or a huge file in place of an entry is not read."""
    cache.put(DIGEST, SESSION)
    path = only_file(tmp_path / "s1")
    good = path.read_bytes()
    path.unlink()
    if kind == "link":
        (tmp_path / "real").write_bytes(good)
        os.chmod(tmp_path / "real", 0o600)
        path.symlink_to(tmp_path / "real")
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "folder":
        path.mkdir(0o700)
    elif kind == "open to others":
        path.write_bytes(good)
        path.chmod(0o644)
    else:
        path.write_bytes(bytes(limits.MAX_ENTRY + 1))
        path.chmod(0o600)
    assert cache.get(DIGEST) is None


def test_files_are_private_whatever_the_umask(tmp_path):
    """Files are 0600 and folders 0700 under umask 000 and 777."""
    for umask in (0o000, 0o777):
        old = os.umask(umask)
        try:
            folder = tmp_path / f"{umask:o}" / "deep" / "s1"
            cache = open_cache(folder)
            assert cache.put(DIGEST, SESSION)
            with cache.lock(DIGEST, deadline=Deadline.after(PATIENCE)):
                pass
        finally:
            os.umask(old)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
        assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}


def test_a_folder_open_to_others_is_closed(tmp_path):
    """The cache folder is made private again: what others put there meanwhile does not open."""
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1").chmod(0o755)
    assert open_cache(tmp_path / "s1").put(DIGEST, SESSION)
    assert stat.S_IMODE((tmp_path / "s1").stat().st_mode) == 0o700


def test_a_link_in_place_of_the_folder_is_not_used(tmp_path):
    """A cache that cannot be trusted is not used, and the run continues without one."""
    (tmp_path / "elsewhere").mkdir(0o700)
    (tmp_path / "s1").symlink_to(tmp_path / "elsewhere")
    cache = open_cache(tmp_path / "s1")
    assert not cache.put(DIGEST, SESSION)
    assert cache.get(DIGEST) is None
    assert os.listdir(tmp_path / "elsewhere") == []
    assert cache.lock(DIGEST, deadline=Deadline.after(0)) is None
    assert (cache.collect(0), cache.wipe(), cache.forget(DIGEST), cache.try_lock(DIGEST)) == (
        0,
        0,
        False,
        None,
    )


def test_sizes_and_times_reveal_nothing(cache, tmp_path):
    """Entries of all kinds have one size, and their modification time is the expiry rounded up to the hour."""
    cache.put(DIGEST, SESSION)
    cache.put(bytes(32), SESSION._replace(body=b"x" * 3000))
    cache.put_alias("dev", b"fingerprint", DIGEST, expires=SESSION.expires)
    cache.put_failure(DIGEST, Failure(8, "not reached", "wait"), now=1_700_000_000)
    sizes = {p.stat().st_size for p in (tmp_path / "s1").iterdir()}
    assert sizes == {limits.ENTRY_BLOCK}
    assert all(p.stat().st_mtime % 3600 == 0 for p in (tmp_path / "s1").iterdir())


def test_a_session_that_is_too_large_is_not_cached(cache):
    """A body over the limit is refused on writing, so that nothing unreadable is left."""
    assert not cache.put(DIGEST, SESSION._replace(body=b"x" * limits.MAX_ENTRY))


def test_an_alias_leads_to_its_digest_only_for_its_fingerprint(cache):
    """A changed configuration has another fingerprint and so no alias."""
    cache.put_alias("dev", b"one", DIGEST, expires=2_000_000_000)
    assert cache.alias("dev", b"one") == DIGEST
    assert cache.alias("dev", b"two") is None
    assert cache.alias("prod", b"one") is None


def test_a_failure_is_remembered_for_five_seconds(cache):
    """A marker is valid for its time, not longer, and not from the future."""
    failure = Failure(7, "AWS refused: AccessDenied", "ask for the role", "AccessDenied")
    cache.put_failure(DIGEST, failure, now=1000.0)
    assert cache.failure(DIGEST, now=1004.9) == failure
    assert cache.failure(DIGEST, now=1005.1) is None
    assert cache.failure(DIGEST, now=999.0) is None
    cache.forget_failure(DIGEST)
    assert cache.failure(DIGEST, now=1001.0) is None


@pytest.mark.parametrize("size", [2100, 2101])
def test_a_long_failure_is_cut_to_the_room_for_it(cache, size):
    """A message that is cut in the middle of a character is kept too, with the same exit code."""
    cache.put_failure(DIGEST, Failure(7, "\u00e9" * size, "ask"), now=1000.0)
    found = cache.failure(DIGEST, now=1001.0)
    assert found.exit_code == 7
    assert found.message == "\u00e9" * len(found.message)
    assert len(found.message) > 900


@pytest.mark.parametrize("content", [b"", b"soon\0007\0a\0b\0c", b"1000.0\0seven\0a\0b\0c", b"1000.0"])
def test_an_unknown_marker_is_ignored(cache, tmp_path, content):
    """A later version may write it: the link is tried, which a marker only delays."""
    cache.put_failure(DIGEST, Failure(7, "a", "b"), now=1000.0)
    key = hkdf(Secret(b"k" * 32), info=b"cache-enc")
    sealed = seal(key, label="marker", aad=VAULT_ID + DIGEST, plaintext=content + b"\x80")
    only_file(tmp_path / "s1").write_bytes(sealed)
    assert cache.failure(DIGEST, now=1001.0) is None


def test_a_lock_of_another_process_is_waited_for_until_the_deadline(cache):
    """Then the waiting process gets an error; a process that only tries gets it at once."""
    with cache.lock(DIGEST, deadline=Deadline.after(PATIENCE)):
        assert cache.try_lock(DIGEST) is None
        with pytest.raises(Busy):
            cache.lock(DIGEST, deadline=Deadline.after(0))


def test_a_file_system_without_locks_stops_no_work(cache, monkeypatch):
    """Some network file systems cannot lock: there two processes may call AWS at once, and none waits or fails."""

    def unable(_fd, _how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", unable)
    assert cache.lock(DIGEST, deadline=Deadline.after(0)) is None
    assert cache.try_lock(DIGEST) is None


def test_a_read_only_disk_is_not_collected(cache, monkeypatch):
    """Nothing is raised, and the next miss tries again."""
    now = SESSION.expires + 7200
    cache.put(DIGEST, SESSION)

    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", full)
        assert cache.collect(now) == 0
    assert cache.get(DIGEST) is not None
    assert cache.collect(now) == 1


def test_an_entry_that_another_process_removes_first(cache, tmp_path, monkeypatch):
    """If two processes clear at once, each counts what it removed itself."""
    cache.put(DIGEST, SESSION)
    cache.put(bytes(32), SESSION)
    real, gone = os.stat, []

    def late(path, **more):
        if not gone and len(str(path)) == 40:
            gone.append(os.unlink(tmp_path / "s1" / str(path)))
        return real(path, **more)

    monkeypatch.setattr(os, "stat", late)
    assert cache.collect(SESSION.expires + 7200) == 1
    assert gone == [None]


def test_collection_removes_only_what_is_expired(cache, tmp_path):
    """Expired entries and idle locks are removed once an hour; valid entries, locks in use and foreign files stay."""
    now = SESSION.expires + 7200
    cache.put(DIGEST, SESSION)
    cache.put(bytes(32), SESSION._replace(expires=now + 3600))
    (tmp_path / "s1" / "notes.txt").write_text("another's")
    assert cache.collect(now) == 1
    assert cache.get(DIGEST) is None
    assert cache.get(bytes(32)) is not None
    cache.put(DIGEST, SESSION)
    assert cache.collect(now + 10) == 0
    assert cache.collect(now + 3601) == 1
    assert (tmp_path / "s1" / "notes.txt").exists()


def test_clearing_leaves_locks_in_use_and_foreign_files(cache, tmp_path):
    """Clearing removes every session and idle lock; a lock in use stays, or two processes could call AWS at once."""
    cache.put(DIGEST, SESSION)
    (tmp_path / "s1" / "notes.txt").write_text("another's")
    with cache.lock(DIGEST, deadline=Deadline.after(PATIENCE)):
        assert cache.wipe() == 1
        assert cache.try_lock(DIGEST) is None
    left = sorted(n for n in os.listdir(tmp_path / "s1"))
    assert len(left) == 2
    assert cache.wipe() == 0
    assert os.listdir(tmp_path / "s1") == ["notes.txt"]


def test_wiping_spares_sessions_by_their_digest(cache, tmp_path):
    """With their locks, and with what leads to them."""
    cache.put(DIGEST, SESSION)
    cache.put(bytes(32), SESSION)
    for profile in ("dev", "other"):
        cache.put_alias(profile, b"fingerprint", DIGEST, expires=SESSION.expires)
    with cache.lock(DIGEST, deadline=Deadline.after(PATIENCE)):
        pass
    assert cache.wipe(but=[DIGEST], aliases=[("dev", b"fingerprint")]) == 2
    assert cache.get(DIGEST) == SESSION
    assert cache.alias("dev", b"fingerprint") == DIGEST
    assert cache.alias("other", b"fingerprint") is None
    assert cache.get(bytes(32)) is None
    assert len(os.listdir(tmp_path / "s1")) == 3


def test_a_full_disk_costs_only_the_entry(cache, monkeypatch):
    """If nothing can be written, put reports it and raises nothing."""

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert not cache.put(DIGEST, SESSION)


def test_foreign_padding_is_a_miss(cache, tmp_path):
    """A sealed text without the end mark is refused, even with a valid seal."""
    cache.put(DIGEST, SESSION)
    path = only_file(tmp_path / "s1")
    key = hkdf(Secret(b"k" * 32), info=b"cache-enc")
    for content in (b"", b"\0" * 50, b"short\x80", b"times-and-bodyXX\x80rest"):
        path.write_bytes(seal(key, label="cache", aad=VAULT_ID + DIGEST, plaintext=content))
        assert cache.get(DIGEST) is None


def test_the_folder_is_opened_once(cache, tmp_path):
    """Another folder in its place has no effect on an open cache: all calls use the descriptor."""
    cache.put(DIGEST, SESSION)
    os.rename(tmp_path / "s1", tmp_path / "s2")
    Folder.open(str(tmp_path / "s1"), create=True).close()
    assert cache.get(DIGEST) == SESSION
