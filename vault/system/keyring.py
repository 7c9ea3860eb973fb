"""The desktop's keyring: get, put and delete small texts, each within a time limit. The only import of keyring and
secretstorage.

It uses only the desktop backends listed here: no plug-in, no file, no chain of backends, and nothing that a
configuration file or variable of the keyring package names. A call runs in a child process that is killed at the limit,
because a locked collection or a slow service could block this process for any time.
"""

from __future__ import annotations

import gc
import os
import re
import sys

from vault import limits
from vault.crypto.seal import b64u

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SERVICE = "awsvault-py"
_BUS = "DBUS_SESSION_BUS_ADDRESS"
_DONE, _FAILED = b"+", b"-"
# Tried in this order: the Secret Service first, because KDE has one too.
_LINUX = ("SecretService", "libsecret", "kwallet")
_CLASSES = {
    "SecretService": "Keyring",
    "libsecret": "Keyring",
    "kwallet": "DBusKeyring",
    "macOS": "Keyring",
    "Windows": "WinVaultKeyring",
}


class KeyringUnavailable(Exception):
    """The keyring failed: there is none, it is locked, or it was too slow. The text says which."""


class _NoBus(KeyringUnavailable):
    """There is no desktop."""


def get(user: str, *, seconds: float = limits.KEYRING_TIMEOUT) -> str | None:
    """The text stored for ``user``; None if there is none. Never prompts: a locked collection is unavailable."""
    if _secret_service():
        return _bounded(lambda: _read_secret_service(user), seconds)
    return _bounded(lambda: _backend().get_password(SERVICE, user), seconds)


def put(user: str, text: str, *, seconds: float) -> None:
    """Store ``text`` for ``user``. Never prompts: a locked collection is unavailable."""

    def work() -> None:
        if _secret_service():
            _require_unlocked()
        _backend().set_password(SERVICE, user, text)

    _bounded(work, seconds)


def delete(user: str, *, seconds: float) -> None:
    """Delete the text of ``user``, if there is one."""

    def work() -> None:
        from keyring.errors import PasswordDeleteError

        if _secret_service():
            _require_unlocked()
        try:
            _backend().delete_password(SERVICE, user)
        except PasswordDeleteError:
            return

    _bounded(work, seconds)


def usable(*, seconds: float = limits.KEYRING_TIMEOUT) -> str:
    """The name of the keyring that can store a text now. KeyringUnavailable says why none can."""
    probe = f"probe/{b64u(os.urandom(8))}"

    def work() -> str:
        if _secret_service():
            _require_unlocked()
        backend = _backend()
        backend.set_password(SERVICE, probe, "probe")
        kept = backend.get_password(SERVICE, probe)
        backend.delete_password(SERVICE, probe)
        if kept != "probe":
            raise KeyringUnavailable("the keyring did not return the text that was stored")
        return type(backend).__module__.rpartition(".")[2]

    return _bounded(work, seconds) or ""


def items_of(collection: str, *, seconds: float) -> dict[str, str]:
    """The texts in another program's collection of the Secret Service, by label; empty if there is none.

    Never prompts: a locked collection is unavailable. Bytes that are not UTF-8 are replaced.
    """
    import json

    def work() -> str:
        try:
            return json.dumps(_items_of(collection) if _secret_service() else {})
        except _NoBus:
            return "{}"

    found: dict[str, str] = json.loads(_bounded(work, seconds) or "{}")
    return found


def _items_of(collection: str) -> dict[str, str]:
    import secretstorage
    from secretstorage.exceptions import SecretServiceNotAvailableException

    try:
        all_of_them = list(secretstorage.get_all_collections(_bus()))
    except SecretServiceNotAvailableException:
        return {}
    for known in all_of_them:
        if _written_out(known.collection_path).endswith("/" + collection):
            if known.is_locked():
                raise KeyringUnavailable("locked")
            return {
                item.get_label(): item.get_secret().decode("utf-8", "replace")
                for item in known.get_all_items()
            }
    return {}


def _written_out(path: str) -> str:
    """A path of the bus without its escapes: ``granted_2daws`` is granted-aws."""
    return re.sub("_([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), path)


def _secret_service() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    if not os.environ.get(_BUS):
        raise _NoBus("no session bus")
    return True


def _bus() -> _Connection:
    import secretstorage

    try:
        return secretstorage.dbus_init()
    except OSError as error:  # a tmux that outlived its desktop has the old bus in its environment
        raise _NoBus(f"no session bus: {os.strerror(error.errno or 0)}") from None


def _read_secret_service(user: str) -> str | None:
    """Reads through secretstorage directly: its import takes a third of keyring's time, and it reports a locked item
    without a prompt.
    """
    import secretstorage
    from secretstorage.exceptions import SecretServiceNotAvailableException

    try:
        connection = _bus()
        for item in secretstorage.search_items(connection, {"service": SERVICE, "username": user}):
            if item.is_locked():
                raise KeyringUnavailable("locked")
            return str(item.get_secret().decode("utf-8"))
    except SecretServiceNotAvailableException:
        return _backend().get_password(SERVICE, user)  # there may be only kwallet
    return None


def _require_unlocked() -> None:
    """Raise KeyringUnavailable if the keyring package would open a window: to unlock the collection, or to create one."""
    import secretstorage
    from secretstorage.exceptions import ItemNotFoundException, SecretServiceNotAvailableException

    try:
        connection = _bus()
        if not secretstorage.check_service_availability(connection):
            return
        if secretstorage.Collection(connection).is_locked():
            raise KeyringUnavailable("locked")
    except ItemNotFoundException:
        raise KeyringUnavailable("it has no default collection") from None
    except SecretServiceNotAvailableException:
        return


def _backend() -> _Backend:
    from importlib import import_module

    names = {"darwin": ("macOS",), "win32": ("Windows",)}.get(sys.platform, _LINUX)
    for name in names:
        try:
            kind = getattr(import_module(f"keyring.backends.{name}"), _CLASSES[name])
            if kind.viable:
                found: _Backend = kind()
                return found
        except (ImportError, AttributeError, RuntimeError):
            continue
    raise KeyringUnavailable("none is running")


if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection as _Connection
    from keyring.backend import KeyringBackend as _Backend


def _bounded(work: Callable[[], str | None], seconds: float) -> str | None:
    """The result of ``work``. KeyringUnavailable with its reason, or because it took too long."""
    if seconds <= 0:
        raise KeyringUnavailable("no time left")
    return _in_child(work, seconds) if sys.platform.startswith("linux") else _in_thread(work, seconds)


def _in_child(work: Callable[[], str | None], seconds: float) -> str | None:
    from time import monotonic

    from vault.system import children
    from vault.system.poll import readable

    end = monotonic() + seconds
    try:
        reading, writing = os.pipe()
    except OSError as error:
        raise _no_child(error) from None
    try:
        child = children.fork(lambda: _answer(work, writing))
    except OSError as error:
        os.close(reading)
        raise _no_child(error) from None
    finally:
        os.close(writing)
    answer = b""
    try:
        while readable([reading], max(0.0, end - monotonic())):
            piece = os.read(reading, 65_536)
            answer += piece
            if not piece:
                break
        else:
            raise KeyringUnavailable(f"no answer within {seconds:.0f} s")
    finally:
        os.close(reading)
        children.kill(child)
        os.waitpid(child, 0)
    return _decoded(answer)


def _no_child(error: OSError) -> KeyringUnavailable:
    return KeyringUnavailable(f"no process for its call: {os.strerror(error.errno or 0)}")


def _answer(work: Callable[[], str | None], fd: int) -> None:
    """In the child: do the work and write one answer."""
    # Do not collect the parent's garbage: a finalizer would close connections that the parent still uses, and one that
    # imports something during an import here makes CPython 3.11 fail with a KeyError (python/cpython#91351).
    gc.disable()
    quiet = os.open(os.devnull, os.O_RDWR)  # a backend that prints must not spoil the output
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    answer = _outcome(work)
    while answer:
        answer = answer[os.write(fd, answer) :]


def _in_thread(work: Callable[[], str | None], seconds: float) -> str | None:
    """For systems where fork is not safe (macOS's frameworks) or missing. At the limit the thread is left running."""
    from threading import Thread

    answers: list[bytes] = []
    thread = Thread(target=lambda: answers.append(_outcome(work)), daemon=True)
    thread.start()
    thread.join(seconds)
    if not answers:
        raise KeyringUnavailable(f"no answer within {seconds:.0f} s")
    return _decoded(answers[0])


def _outcome(work: Callable[[], str | None]) -> bytes:
    try:
        result = work()
    except KeyringUnavailable as reason:
        return _FAILED + str(reason).encode()
    except Exception as error:  # noqa: BLE001  # backends raise the errors of their libraries: they all mean "not now"
        return _FAILED + type(error).__name__.encode()
    return _DONE if result is None else _DONE + b"=" + result.encode("utf-8")


def _decoded(answer: bytes) -> str | None:
    if answer.startswith(_DONE + b"="):
        return answer[2:].decode("utf-8")
    if answer == _DONE:
        return None
    raise KeyringUnavailable(answer[1:].decode("utf-8", "replace") or "it failed")
