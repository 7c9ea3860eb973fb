"""Keys of a vault that the agent keeps unlocked. A worker, a fork of the agent, answers each request. Prints nothing.

It is never an error if the agent is missing, locked, slow or gone: this process then opens the vault itself.
"""

from __future__ import annotations

from time import monotonic

from vault import errors, limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vault.agent.client import Agent
    from vault.context import Context
    from vault.mfa.ledger import Code
    from vault.secret import Secret
    from vault.system.clock import Deadline
    from vault.unlocking.inventory import Contents
    from vault.unlocking.keys import CodeWait, SourceKey


class AgentGone(errors.Locked):
    """The agent stopped answering before it was done (3). This process then opens the vault itself."""


def keys_from_agent(
    context: Context, *, again: bool = False, answer: float | None = None
) -> AgentKeys | None:
    """Keys of the vault that the agent keeps unlocked; None if the agent is locked, does not answer or does not run.

    ``again``: ask the agent once more, after a wait.
    """
    hello = context.agent.hello(again=again, answer=answer)
    if hello is None or not hello.is_open or not hello.serves(context.paths):
        return None
    key = context.agent.cache_key()
    return None if key is None else AgentKeys(context, cache_key=key.key, vault_id=key.vault_id)


class AgentKeys:
    """Keys (vault/unlocking/keys) of a vault that the agent keeps unlocked. A worker answers each request.

    The worker starts to open the vault when this object is created, while this process does other things.
    """

    def __init__(self, context: Context, *, cache_key: Secret, vault_id: bytes) -> None:
        self.vault_id = vault_id
        self.cache_key = cache_key
        self._known: dict[str, bool] = {}
        self._context = context
        self.restart()

    def restart(self) -> None:
        """From now on ask another worker, one that has the agent's current keys."""
        self._worker = self._new_worker()
        self._opening = self._worker is not None
        if self._worker is not None:
            self._worker.send("HAS_ENTRY", name="")

    def close(self) -> None:
        """Let the worker end."""
        if self._worker is not None:
            self._worker.close()

    def newest_cache_key(self) -> Secret:
        """The agent's current cache key. AgentGone."""
        found = self._context.agent.cache_key()
        if found is None or found.vault_id != self.vault_id:
            raise AgentGone("the agent stopped answering")
        return found.key

    def has_entry(self, name: str) -> bool:
        """Whether the vault has an entry of this name. Asks once for each name."""
        if name not in self._known:
            self._known[name] = bool(self._ask("HAS_ENTRY", name=name)["found"])
        return self._known[name]

    def contents(self) -> Contents:
        """The contents of the vault without its secrets, fetched in parts."""
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
        """The key of this name, as the worker reads it."""
        from vault.aws.credentials import Credentials
        from vault.secret import Secret
        from vault.unlocking.keys import SourceKey

        found = self._ask("GET_ENTRY", name=name)
        if not found["found"]:
            return None
        return SourceKey(
            Credentials(found["akid"], Secret(found["sak"])),
            found["mfa_serial"],
            found["account"],
            found.get("user"),  # an agent of an earlier version does not say
        )

    def sso_key(self) -> Secret | None:
        """The key of the sign-ins, as the worker reads it. An agent of an earlier version is as good as gone: AgentGone."""
        from vault.crypto.seal import unb64u
        from vault.secret import Secret

        found = self._ask("SSO_KEY")
        return Secret(unb64u(found["key"])) if found["found"] else None

    def take_code(self, serial: str, wait: CodeWait) -> Code | None:
        """A code that the worker takes from the ledger, within the time that the deadline leaves."""
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
        """Let the worker enter the code in the ledger."""
        found = self._ask("NOTE_CODE", serial=serial, code=text, within=int(deadline.remaining() * 1000))
        return _code(found)

    def open_strict(self, key: Secret) -> None:
        """Open the strict seeds in the agent for five minutes, and start a worker that has them. StrictClosed if the
        agent is locked.
        """
        from vault.unlocking.key_handover import hand_over_strict

        if not hand_over_strict(self._context, key, vault_id=self.vault_id):
            raise errors.StrictClosed("the agent did not accept the key of the strict seeds")
        self.close()
        self.restart()

    def _ask(
        self, op: str, *, waiting: Callable[[float], None] | None = None, **fields: Any
    ) -> dict[str, Any]:
        answer, began = None, monotonic()
        if self._worker is not None:
            if self._opening:
                self._opening = False
                self._worker.receive()  # the answer to the request that made the worker open the vault
            answer = self._worker.wait_for(op, waiting=waiting, **fields)
        if answer is None and monotonic() - began < limits.AGENT_WORKER_ANSWER / 2:
            # A worker ends if it gets no requests for a while. If it hangs, do not wait for it twice.
            self._worker = self._new_worker()
            if self._worker is not None:
                answer = self._worker.wait_for(op, waiting=waiting, **fields)
        return _checked(answer)

    def _new_worker(self) -> Agent | None:
        """A worker to ask. It answers soon: while it waits for a code, it says so every second.

        None if another vault's agent has replaced this one, too.
        """
        link = self._context.agent
        answer = min(limits.AGENT_WORKER_ANSWER, max(0.1, self._context.deadline.remaining()))
        hello = link.hello(answer=answer)
        same = hello is not None and hello.serves(self._context.paths) and hello.vault == self.vault_id.hex()
        return link.give_away() if same else None


def _checked(answer: dict[str, Any] | None) -> dict[str, Any]:
    """The answer if it is a success. Otherwise raises the worker's error as if it had occurred here."""
    if answer is None:
        raise AgentGone("the agent stopped answering")
    if answer["ok"]:
        return answer
    if answer["why"] != "failed":
        raise AgentGone(f"the agent answered: {answer['why']}")
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
