"""The agent as commands see it: reach it, hand keys and sessions over, and Keys that it holds open. Prints nothing.

An agent that is missing, locked, slow or gone is never an error by itself: the way through the vault is taken.
"""

from __future__ import annotations

import os
from time import monotonic

from vault import errors, limits
from vault.agent.client import Agent, Limits
from vault.system.passphrase_variables import PASSPHRASE
from vault.unlocking import seen_generations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vault.context import Context
    from vault.credentials.obtain import Issued
    from vault.mfa.ledger import Code
    from vault.secret import Secret
    from vault.store.vault import Opened
    from vault.system.clock import Deadline
    from vault.system.paths import Paths
    from vault.unlocking.inventory import Contents
    from vault.unlocking.keys import Keys, SourceKey

# A passphrase from one of these opens the vault for one run, not for the hours after it.
_NO_AGENT_FOR = (PASSPHRASE, PASSPHRASE + "_FILE", PASSPHRASE + "_FD", "CREDENTIALS_DIRECTORY")


HAS_IT_OPEN = "agent (has the vault open, without its main key for us)"


class AgentGone(errors.Locked):
    """The agent stopped answering in the middle (3). The vault is then opened without it."""


def reach(context: Context, *, answer: float = limits.AGENT_ANSWER) -> Agent | None:
    """A connection to a running agent; None where there is none, or AWSVAULT_AGENT=off."""
    if context.env.get("AWSVAULT_AGENT") == "off":
        return None
    return Agent.reach(context.paths.socket, answer=answer)


def obstacle(context: Context) -> str:
    """Why the agent, which is asked before anything else, did not help: for the list of what was tried."""
    if context.settings.agent == "off":
        return "agent (switched off)"
    found = reach(context) if os.path.lexists(context.paths.socket) else None
    if found is None:
        return "agent (none runs)"
    hello = found.ask("HELLO")
    found.close()
    if hello is None:
        return "agent (did not answer)"
    if not serves(context, hello):
        return f"agent (of {_another(hello)})"
    return "agent (locked)" if hello["why"] or not hello["main"] else HAS_IT_OPEN


def serves(context: Context, hello: dict[str, Any]) -> bool:
    """Whether the agent that said this is of use: it speaks as we do, and opens the vault that this process opens.

    It may have been started before an upgrade, or after; or with other places, behind the same runtime folder.
    """
    from vault.agent.protocol import VERSION

    return bool(hello.get("v") == VERSION and hello.get("file") == name_of(context.paths))


def name_of(paths: Paths) -> str:
    """The vault's file as HELLO names it: homes with a vault each may share one runtime folder."""
    return os.fsencode(os.path.realpath(paths.vault)).hex()


def _another(hello: dict[str, Any]) -> str:
    from vault.agent.protocol import VERSION

    return "another vault" if hello.get("v") == VERSION and hello.get("file") else "another version"


def held_keys(context: Context, *, answer: float = limits.AGENT_ANSWER) -> AgentKeys | None:
    """Keys of the vault that the agent holds open; None where it is locked, does not answer, or there is none."""
    agent = reach(context, answer=answer)
    if agent is None:
        return None
    hello = agent.ask("HELLO")
    is_open = hello and hello["ok"] and serves(context, hello) and not hello["why"] and hello["main"]
    key = agent.cache_key() if is_open else None
    agent.close()
    return None if key is None else AgentKeys(context, cache_key=key.key, vault_id=key.vault_id)


class AgentKeys:
    """Keys (vault/unlocking/keys) of a vault that the agent holds open: each question is answered by a fork of the agent.

    The fork starts to open the vault when this is made, beside what this process does meanwhile.
    """

    def __init__(self, context: Context, *, cache_key: Secret, vault_id: bytes) -> None:
        self.vault_id = vault_id
        self.cache_key = cache_key
        self._known: dict[str, bool] = {}
        self._context = context
        self.restart()

    def restart(self) -> None:
        """Ask another fork from here on: one that has the keys which the agent holds now."""
        self._desk = self._reach()
        self._begun = self._desk is not None
        if self._desk is not None:
            self._desk.send("HAS_ENTRY", name="")

    def close(self) -> None:
        """Let the fork end."""
        if self._desk is not None:
            self._desk.close()

    def newest_cache_key(self) -> Secret:
        """The cache key as the agent has it now. AgentGone."""
        agent = reach(self._context)
        found = agent.cache_key() if agent is not None else None
        if agent is not None:
            agent.close()
        if found is None or found.vault_id != self.vault_id:
            raise AgentGone("the agent stopped answering")
        return found.key

    def has_entry(self, name: str) -> bool:
        """Whether the vault holds a key of this name."""
        if name not in self._known:
            self._known[name] = bool(self._ask("HAS_ENTRY", name=name)["found"])
        return self._known[name]

    def contents(self) -> Contents:
        """What may be shown of the vault, fetched in parts."""
        from vault.unlocking.inventory import Contents, Listed

        rows: list[Any] = []
        while True:
            part = self._ask("LIST", first=len(rows))
            rows += part["rows"]
            if not part["rows"] or len(rows) >= part["total"]:
                break
        entries = tuple(Listed(*row) for row in rows if isinstance(row, list))
        stored = frozenset(row for row in rows if isinstance(row, str))
        strict = frozenset(row["strict"] for row in rows if isinstance(row, dict))
        return Contents(entries, stored, strict)

    def entry(self, name: str) -> SourceKey | None:
        """The key of this name."""
        from vault.aws.credentials import Credentials
        from vault.secret import Secret
        from vault.unlocking.keys import SourceKey

        found = self._ask("GET_ENTRY", name=name)
        if not found["found"]:
            return None
        return SourceKey(
            Credentials(found["akid"], Secret(found["sak"])), found["mfa_serial"], found["account"]
        )

    def take_code(
        self,
        serial: str,
        *,
        deadline: Deadline,
        most: float,
        skew: float = 0.0,
        after: int | None = None,
        waiting: Callable[[float], None] | None = None,
    ) -> Code | None:
        """A code of the stored seed by the ledger; None where no seed is stored. NoCodeInTime."""
        within = min(most, deadline.remaining())
        found = self._ask(
            "TOTP",
            waiting=waiting,
            serial=serial,
            most=int(within * 1000),
            skew=int(skew * 1000),
            after=after or 0,
        )
        return _code(found) if found["found"] else None

    def note_code(self, serial: str, text: str, *, deadline: Deadline) -> Code:
        """A code that a person or a program gave, entered in the ledger. UsedCode."""
        found = self._ask("NOTE_CODE", serial=serial, code=text, within=int(deadline.remaining() * 1000))
        return _code(found)

    def _ask(
        self, op: str, *, waiting: Callable[[float], None] | None = None, **fields: Any
    ) -> dict[str, Any]:
        answer, began = None, monotonic()
        if self._desk is not None:
            if self._begun:
                self._begun = False
                self._desk.receive()  # the answer to the question that made it open the vault
            answer = self._desk.wait_for(op, waiting=waiting, **fields)
        if answer is None and monotonic() - began < limits.AGENT_WORKER_ANSWER / 2:
            # A fork ends where nobody asks it anything for a while. One that hangs is not waited for twice.
            self._desk = self._reach()
            if self._desk is not None:
                answer = self._desk.wait_for(op, waiting=waiting, **fields)
        return _checked(answer)

    def _reach(self) -> Agent | None:
        """A fork to ask. It answers soon, also where it has to wait for a code: then it says so each second.

        None also where another vault's agent has taken the place meanwhile.
        """
        agent = reach(
            self._context,
            answer=min(limits.AGENT_WORKER_ANSWER, max(0.1, self._context.deadline.remaining())),
        )
        hello = agent.ask("HELLO") if agent is not None else None
        if hello and serves(self._context, hello) and hello["vault"] == self.vault_id.hex():
            return agent
        if agent is not None:
            agent.close()
        return None


def let_go(keys: Keys) -> None:
    """Close keys that the agent holds open, whose fork waits for more questions; others need no closing."""
    from vault.unlocking.resilient_keys import ResilientKeys

    held = keys.held if isinstance(keys, ResilientKeys) else keys
    if isinstance(held, AgentKeys):
        held.close()


def _checked(answer: dict[str, Any] | None) -> dict[str, Any]:
    """An answer that says yes, or the error that the fork met, as if it had happened here."""
    if answer is None:
        raise AgentGone("the agent stopped answering")
    if answer["ok"]:
        return answer
    if answer["why"] != "failed":
        raise AgentGone(f"the agent says {answer['why']}")
    from vault.mfa.ledger import NoCodeInTime, UsedCode

    kind, message, hint = answer["kind"], answer["message"], answer["hint"]
    if kind == "NoCodeInTime":
        raise NoCodeInTime(message, wait=answer["wait"] / 1000)
    if kind == "UsedCode":
        raise UsedCode(message, hint=hint)
    if kind == "KeysChanged":
        raise AgentGone("the agent's keys are older than the vault's")
    known = getattr(errors, kind, errors.Internal)
    raise (known if isinstance(known, type) and issubclass(known, errors.Error) else errors.Internal)(
        message, hint=hint
    )


def _code(found: dict[str, Any]) -> Code:
    from vault.mfa.ledger import Code

    return Code(found["text"], found["step"], found["ends"] / 1000)


def have_log_written(context: Context) -> None:
    """Have the agent write down what it has answered up to now; it does so a moment later by itself."""
    agent = reach(context, answer=limits.AGENT_TALK)
    if agent is not None:
        agent.ask("LOG")
        agent.close()


# ── handing over ─────────────────────────────────────────────────────────────────────────────


def hand_over(
    context: Context, opened: Opened, *, agent: Agent, person: bool = False, before: Secret | None = None
) -> bool:
    """Give a running agent the keys of the vault just opened. ``person``: by ``unlock``, which ends a lock by hand.
    ``before`` is the main key that the vault had until now, where it has another.

    False where it does not take them, or is of another version or vault, which gets none.
    """
    settings = context.settings
    hello = agent.ask("HELLO")
    if not hello or not serves(context, hello):
        return False
    answer = agent.unlock(
        vault_id=opened.vault_id,
        main=opened.k_main,
        cache=opened.cache_key,
        times=Limits(settings.agent_idle, settings.agent_max, limits.STRICT_TIME, settings.lock_on_suspend),
        person=person,
    )
    if not answer or not answer["ok"]:
        return False
    seen_generations.tell(opened, agent, hello=hello, before=before)
    return True


def keep(context: Context, opened: Opened | None, *, way: str, profile: str, got: Issued) -> None:
    """After an answer is in hand: let the agent answer next time. Starts one beside this process where that is due.

    ``opened`` is the vault where this process opened it, None where the agent held it open already.
    """
    agent = reach(context)
    if agent is not None:
        if opened is None or (_may_stay_open(way) and hand_over(context, opened, agent=agent)):
            _put(agent, profile, got)
        agent.close()
    elif opened is not None:
        _start_beside(context, opened, way=way, then=lambda agent: _put(agent, profile, got))


def offer(context: Context, opened: Opened, *, way: str) -> None:
    """After an unlock for another command: the agent keeps the vault open from here on. Starts one beside this process."""
    agent = reach(context)
    if agent is None:
        _start_beside(context, opened, way=way, then=lambda _: None)
        return
    hello = agent.ask("HELLO")
    known = hello["why"] if hello and serves(context, hello) else None
    if known == "locked" and _may_stay_open(way):
        hand_over(context, opened, agent=agent)
    elif hello and known == "":
        seen_generations.tell(opened, agent, hello=hello)
    agent.close()


def _start_beside(context: Context, opened: Opened, *, way: str, then: Callable[[Agent], None]) -> None:
    """Start an agent and hand the keys over, in a process of its own: nobody waits for it."""
    if "off" in (context.env.get("AWSVAULT_AGENT"), context.settings.agent) or not _may_stay_open(way):
        return
    from vault.system.detach import detached

    if not detached():
        return
    try:
        from vault.agent.start import start

        agent = reach(context, answer=limits.AGENT_TALK) if start(context.env) else None
        if agent is not None and hand_over(context, opened, agent=agent):
            then(agent)
    finally:
        os._exit(0)


def _may_stay_open(way: str) -> bool:
    return way not in _NO_AGENT_FOR


def _put(agent: Agent, profile: str, got: Issued) -> None:
    if got.remember is not None and got.issued is not None and got.expires is not None:
        from vault.credentials.profile_metadata import metadata_of

        body = got.line + metadata_of(got).encode()  # both are kept, for an export and for an exec
        agent.put_session(profile, got.remember, body, issued=got.issued, expires=got.expires)
    if got.agreed is not None:
        agent.ask("CONFIRM", what=got.agreed)
