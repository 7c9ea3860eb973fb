"""The agent's own process: takes its place, hardens itself, and serves. What decrypts is put together here.

Started by vault/agent/start or by a systemd socket unit. Prints nothing; its exit code is all it says.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from vault import __version__, errors, limits
from vault.agent import protocol, sleep_watch, socket_place, start
from vault.agent.answers import Answers
from vault.agent.locked_page import KeyPage
from vault.agent.pending_log import PendingLog
from vault.agent.server import Server
from vault.agent.state import AgentState, BootClock
from vault.agent.warm_sessions import WarmSessions
from vault.cache import freshness
from vault.system import hardening, paths
from vault.unlocking import agent_link, manual_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.agent.pending_log import PendingRecord
    from vault.agent.protocol import AgentRequest
    from vault.mfa.ledger import Code
    from vault.system.paths import Paths
    from vault.unlocking.keys import OpenedKeys


_OWN_KINDS = (
    "NoCodeInTime",
    "UsedCode",
    "KeysChanged",
)  # that vault/unlocking/agent_link.py knows beside vault/errors.py
_FORKS_NEED = (
    "cryptography.hazmat.primitives.ciphers.aead",
    "vault.unlocking.agent_link",
    "vault.credentials.audit",
    "vault.settings",
    "vault.unlocking.inventory",
    "vault.unlocking.seen_generations",
    "vault.unlocking.keys",
    "vault.unlocking.strict_seeds",
    "vault.mfa.codes",
    "vault.mfa.ledger",
    "vault.store.vault",
    "vault.system.clock",
)


def process(arguments: Sequence[str]) -> int:
    """Be the agent. ``arguments``: the descriptor on which the starter waits, if there is one."""
    ready = int(arguments[0]) if arguments and arguments[0].isdigit() else None
    env = dict(os.environ)
    os.environ.clear()
    hardening.before_keys()
    hardening.no_new_privileges()
    passed = socket_place.passed_by_systemd(env)
    where = paths.from_env(env)
    try:
        taken = socket_place.take(where, passed=passed)
    except errors.Error as error:
        if ready is not None:
            start.report(ready, listening=False)
        return error.exit_code
    if taken is not None:
        _load_what_forks_need()  # before anybody is told, who would then wait for it
    if ready is not None:
        start.report(ready, listening=True)  # also where another agent has the place: it listens
    if taken is None:
        return 0
    sleep_watch.start(env)  # its pipe stays open as long as this process lives
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        _server(taken, where).run()
    finally:
        taken.leave()
    return 0


def _load_what_forks_need() -> None:
    """Once here instead of in each fork that opens the vault or writes the log: 30 ms of imports.

    All of it: an upgrade under a running agent would else mix new modules with old ones in its forks.
    """
    from importlib import import_module

    for name in _FORKS_NEED:
        import_module(name)


def _server(taken: socket_place.Place, where: Paths) -> Server:
    clock, page = BootClock(), KeyPage()
    sessions = WarmSessions(freshness=_freshness, margin=freshness.margin)
    hold = AgentState(page=page, sessions=sessions, clock=clock)
    answers = Answers(
        hold=hold,
        page=page,
        sessions=sessions,
        clock=clock,
        about={"pid": os.getpid(), "version": __version__, "file": agent_link.name_of(where)},
        barred=lambda: manual_lock.locked_by_hand(where),
    )
    notes = PendingLog(lambda keys, found: _log(where, hold, keys, found), page=page, clock=clock)
    return Server(
        taken.listener,
        hold=hold,
        page=page,
        clock=clock,
        derive=lambda keys: _desk(where, keys, hold),
        answers=answers,
        notes=notes,
        stands=taken.stands,
    )


def _freshness(issued: int, expires: int, now: float) -> str:
    return freshness.classify(issued=issued, expires=expires, now=now).value


def _kind(error: errors.Error) -> str:
    """The name by which the client knows the error's class, or the nearest above it."""
    names = (one.__name__ for one in type(error).__mro__)
    return next(name for name in names if name in _OWN_KINDS or hasattr(errors, name))


# ── in a fork: what needs the vault's content ────────────────────────────────────────────────


def _desk(
    where: Paths, page: KeyPage, hold: AgentState
) -> Callable[[AgentRequest, Callable[[bytes], None]], bytes]:
    """What a fork answers with. The vault is opened at the first question and closed by the fork's end."""
    opened: list[OpenedKeys] = []

    def answer(request: AgentRequest, say: Callable[[bytes], None]) -> bytes:
        try:
            if not opened:
                opened.append(_open(where, page, hold))
            return _ANSWERS[request.op](opened[0], request.fields, say)
        except errors.Error as error:
            wait = int(getattr(error, "wait", 0) * 1000)
            return protocol.refusal(
                "failed", kind=_kind(error), message=error.message, hint=error.hint, wait=wait
            )

    return answer


def _open(where: Paths, page: KeyPage, hold: AgentState) -> OpenedKeys:
    from vault.secret import Secret
    from vault.store import vault
    from vault.system.clock import SystemClock
    from vault.unlocking.keys import OpenedKeys
    from vault.unlocking.seen_generations import SeenGenerations, judge

    opened = vault.open_with_main_key(where, Secret(bytes(page.view("main"))))
    # As it was when this fork began, so before the vault was read.
    judge(SeenGenerations(hold.vault, tuple(hold.seen)), opened, path=where.vault)
    strict = Secret(bytes(page.view("strict"))) if page.has("strict") else None
    return OpenedKeys(opened, paths=where, clock=SystemClock(), strict=strict)


def _log(where: Paths, hold: AgentState, page: KeyPage, notes: Sequence[PendingRecord]) -> None:
    """Write what the agent answered by itself into the log, unless config.toml says not to."""
    from vault import settings
    from vault.credentials import audit
    from vault.secret import Secret

    cache_key = Secret(bytes(page.view("cache")))
    if settings.load(where.config_toml, env={}).log:
        audit.from_agent(where.log, notes, cache_key=cache_key, vault_id=bytes.fromhex(hold.vault))


def _has_entry(keys: OpenedKeys, fields: dict[str, Any], _say: Callable[[bytes], None]) -> bytes:
    return protocol.answer(found=keys.has_entry(fields["name"]))


def _list(keys: OpenedKeys, fields: dict[str, Any], _say: Callable[[bytes], None]) -> bytes:
    found = keys.contents()
    shut = ({"strict": serial} for serial in sorted(found.strict))
    rows = [*map(list, found.entries), *sorted(found.stored), *shut]
    return protocol.answer(rows=protocol.page(rows, fields["first"]), total=len(rows))


def _get_entry(keys: OpenedKeys, fields: dict[str, Any], _say: Callable[[bytes], None]) -> bytes:
    found = keys.entry(fields["name"])
    if found is None:
        return protocol.answer(found=False)
    return protocol.answer(
        found=True,
        akid=found.credentials.access_key_id,
        sak=found.credentials.secret.reveal_text(),
        mfa_serial=found.mfa_serial,
        account=found.account,
    )


def _totp(keys: OpenedKeys, fields: dict[str, Any], say: Callable[[bytes], None]) -> bytes:
    from vault.system.clock import Deadline

    most = fields["most"] / 1000
    code = keys.take_code(
        fields["serial"],
        deadline=Deadline.after(min(most + limits.CODE_MARGIN + 1.0, limits.DEADLINE)),
        most=most,
        skew=fields["skew"] / 1000,
        after=fields["after"] or None,
        waiting=lambda left: say(protocol.answer(waiting=int(left))),
    )
    return protocol.answer(found=False) if code is None else _coded(code)


def _note_code(keys: OpenedKeys, fields: dict[str, Any], _say: Callable[[bytes], None]) -> bytes:
    from vault.system.clock import Deadline

    return _coded(
        keys.note_code(fields["serial"], fields["code"], deadline=Deadline.after(fields["within"] / 1000))
    )


def _coded(code: Code) -> bytes:
    return protocol.answer(found=True, text=code.text, step=code.step, ends=int(code.ends * 1000))


_ANSWERS = {
    "HAS_ENTRY": _has_entry,
    "LIST": _list,
    "GET_ENTRY": _get_entry,
    "TOTP": _totp,
    "NOTE_CODE": _note_code,
}
