"""Keys that the agent holds open: each question is answered by a fork of the agent. Prints nothing.

An agent that is missing, locked, slow or gone is never an error by itself: the vault is opened without it.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from vault import errors, limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.agent.client import Agent
    from vault.context import Context
    from vault.mfa.ledger import Code
    from vault.secret import Secret
    from vault.system.clock import Deadline
    from vault.unlocking.inventory import Contents
    from vault.unlocking.keys import CodeWait, SourceKey


class AgentGone(errors.Locked):
    """The agent stopped answering in the middle (3). The vault is then opened without it."""


def held_keys(context: Context, *, again: bool = False, answer: float | None = None) -> AgentKeys | None:
    """Keys of the vault that the agent holds open; None where it is locked, does not answer, or there is none.

    ``again``: ask it once more, after a wait.
    """
    hello = context.agent.hello(again=again, answer=answer)
    if hello is None or not hello.is_open or not hello.serves(context.paths):
        return None
    key = context.agent.cache_key()
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
        found = self._context.agent.cache_key()
        if found is None or found.vault_id != self.vault_id:
            raise AgentGone("the agent stopped answering")
        return found.key

    def has_entry(self, name: str) -> bool:
        """Asked once for each name."""
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
        """As the fork reads it."""
        from vault.aws.credentials import Credentials
        from vault.secret import Secret
        from vault.unlocking.keys import SourceKey

        found = self._ask("GET_ENTRY", name=name)
        if not found["found"]:
            return None
        return SourceKey(
            Credentials(found["akid"], Secret(found["sak"])), found["mfa_serial"], found["account"]
        )

    def take_code(self, serial: str, wait: CodeWait) -> Code | None:
        """A code that the fork takes from the ledger, within what is left of the deadline."""
        within = min(wait.most, wait.deadline.remaining())
        found = self._ask(
            "TOTP",
            waiting=wait.waiting,
            serial=serial,
            most=int(within * 1000),
            skew=int(wait.skew * 1000),
            after=wait.after or 0,
        )
        return _code(found) if found["found"] else None

    def note_code(self, serial: str, text: str, *, deadline: Deadline) -> Code:
        """Into the ledger, by the fork."""
        found = self._ask("NOTE_CODE", serial=serial, code=text, within=int(deadline.remaining() * 1000))
        return _code(found)

    def open_strict(self, key: Secret) -> None:
        """In the agent, for five minutes; a new fork of it has them open. StrictClosed where it is not open itself."""
        from vault.unlocking.key_handover import hand_over_strict

        if not hand_over_strict(self._context, key, vault_id=self.vault_id):
            raise errors.StrictClosed("the agent did not accept the key of the strict seeds")
        self.close()
        self.restart()

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
        link = self._context.agent
        answer = min(limits.AGENT_WORKER_ANSWER, max(0.1, self._context.deadline.remaining()))
        hello = link.hello(answer=answer)
        same = hello is not None and hello.serves(self._context.paths) and hello.vault == self.vault_id.hex()
        return link.lend() if same else None


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
