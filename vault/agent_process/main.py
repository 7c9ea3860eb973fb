"""The agent as a process: takes its socket, hardens itself, and serves. Joins the protocol, the server and the vault.

Started by vault/agent/start or by a systemd socket unit. Prints nothing; reports only by its exit code.
"""

from __future__ import annotations

import os

from vault import __version__, errors
from vault.agent import agent_socket, sleep_watch, start
from vault.agent.answers import Answers
from vault.agent.key_page import KeyPage
from vault.agent.link import name_of
from vault.agent.pending_log import PendingLog
from vault.agent.server import Server
from vault.agent.session_cache import SessionCache
from vault.agent.state import AgentState, BootClock
from vault.cache import freshness
from vault.secret import Secret
from vault.system import children, hardening, paths
from vault.unlocking import manual_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.agent.agent_socket import AgentSocket
    from vault.agent.pending_record import PendingRecord
    from vault.system.paths import Paths

_FORKS_NEED = (
    "vault.agent_process.vault_answers",
    "cryptography.hazmat.primitives.ciphers.aead",
    "vault.credentials.audit",
    "vault.settings",
    "vault.unlocking.inventory",
    "vault.store.strict_box",
    "vault.mfa.codes",
    "vault.mfa.ledger",
    "vault.plain_json",
)


def process(arguments: Sequence[str]) -> int:
    """Run the agent. ``arguments``: the descriptor on which the starter waits, if there is one."""
    ready = int(arguments[0]) if arguments and arguments[0].isdigit() else None
    env = dict(os.environ)
    os.environ.clear()
    hardening.before_keys()
    hardening.no_new_privileges()
    passed = agent_socket.passed_by_systemd(env)
    places = paths.from_env(env)
    try:
        taken = agent_socket.take(places, passed=passed)
    except errors.Error as error:
        if ready is not None:
            start.report(ready, listening=False)
        return error.exit_code
    if taken is not None:
        _load_what_forks_need()  # before the report, so that clients do not wait for imports
    if ready is not None:
        start.report(ready, listening=True)  # even if another agent has the socket: it listens
    if taken is None:
        return 0
    sleep_watch.start(env)  # its pipe stays open as long as this process lives
    children.end_when_asked()
    try:
        _server(taken, places).run()
    finally:
        taken.leave()
    return 0


def _load_what_forks_need() -> None:
    """Import once what each fork that opens the vault or writes the log would otherwise import in 30 ms.

    Import all of it: after an upgrade of a running agent, a fork would otherwise mix new modules with old ones.
    """
    from importlib import import_module

    for name in _FORKS_NEED:
        import_module(name)


def _server(taken: AgentSocket, places: Paths) -> Server:
    from vault.agent_process import vault_answers

    clock, page = BootClock(), KeyPage()
    sessions = SessionCache(freshness=_freshness, margin=freshness.margin)
    state = AgentState(page=page, sessions=sessions, clock=clock)
    answers = Answers(
        state=state,
        page=page,
        sessions=sessions,
        clock=clock,
        about={"pid": os.getpid(), "version": __version__, "file": name_of(places)},
        barred=lambda: manual_lock.manually_locked(places),
    )
    pending = PendingLog(lambda keys, found: _log(places, state, keys, found), page=page, clock=clock)
    return Server(
        taken.listener,
        state=state,
        page=page,
        clock=clock,
        answerer=lambda keys: vault_answers.answerer(places, keys, state),
        answers=answers,
        pending=pending,
        reachable=taken.reachable,
    )


def _freshness(issued: int, expires: int, now: float) -> str:
    return freshness.classify(issued=issued, expires=expires, now=now).value


def _log(places: Paths, state: AgentState, page: KeyPage, records: Sequence[PendingRecord]) -> None:
    """In a fork: write the agent's own answers into the log, unless config.toml switches it off."""
    from vault import settings
    from vault.credentials import audit

    cache_key = Secret(bytes(page.view("cache")))
    if settings.load(places.config_toml, env={}).log:
        audit.log_agent_answers(places.log, records, cache_key=cache_key, vault_id=bytes.fromhex(state.vault))
