"""A run's link to the agent: one connection for all requests of the run, and the agent's HELLO.

It is never an error if the agent is missing, locked, slow, gone or of another version or vault: the result is None, and
the caller continues without the agent.
"""

from __future__ import annotations

import os

from vault import limits
from vault.agent.client import Agent
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    from vault.secret import CacheKey
    from vault.system.paths import Paths

    T = TypeVar("T")


class Hello(NamedTuple):
    """The agent's answer to HELLO. What an older agent does not report is empty.

    ``protocol`` and ``version`` are the agent's; ``file`` names the vault's file and ``vault`` its ID. ``why``: locked,
    held (by ``lock``), or "" if the vault is unlocked. ``main`` and ``strict``: which keys it has. ``seen``: the
    generations that were reported to it (vault/unlocking/seen_generations), None if it does not support that.
    """

    protocol: int
    version: str
    file: str
    vault: str
    why: str
    main: bool
    strict: bool
    seen: tuple[Any, ...] | None

    @classmethod
    def of(cls, answer: dict[str, Any] | None) -> Hello | None:
        """The answer to HELLO as a value; None if there was no answer."""
        if answer is None or not answer["ok"]:
            return None
        get = answer.get
        seen = get("seen")
        return cls(
            get("v", 0), get("version", ""), get("file", ""), get("vault", ""), get("why", "locked"),
            bool(get("main")), bool(get("strict")), tuple(seen) if seen is not None else None,
        )  # fmt: skip

    @property
    def speaks(self) -> bool:
        """Whether it uses this version's protocol."""
        from vault.agent.protocol import VERSION

        return self.protocol == VERSION

    @property
    def is_open(self) -> bool:
        """Whether the vault is unlocked and the agent has the main key."""
        return not self.why and self.main

    def of_vault(self, paths: Paths) -> bool:
        """Whether it is the agent of the vault that this process uses, whatever the agent's version."""
        return self.file == name_of(paths)

    def serves(self, paths: Paths) -> bool:
        """Whether this process can use it: it has this version's protocol and is the agent of this process's vault.

        It may have been started before or after an upgrade; or with other paths, but the same runtime folder.
        """
        return self.speaks and self.of_vault(paths)


def name_of(paths: Paths) -> str:
    """The vault's file as HELLO names it: several homes with a vault each may share one runtime folder."""
    return os.fsencode(os.path.realpath(paths.vault)).hex()


class AgentLink:
    """The connection of one run, made at the first request. ``off``: AWSVAULT_AGENT=off, so there is none.

    If the agent closes the connection (as it does if a client is silent for a while), the next request connects again,
    and reads HELLO again. An agent that was missing, or did not answer in time, is not tried again at each request.
    ``socket``: that of another agent than this run's own.
    """

    __slots__ = ("_absent", "_agent", "_answer", "_hello", "_mute", "_paths", "_socket", "_waited", "off")

    def __init__(
        self,
        paths: Paths,
        *,
        socket: str | None = None,
        off: bool = False,
        answer: float = limits.AGENT_ANSWER,
    ) -> None:
        self.off = off
        self._paths = paths
        self._socket = paths.socket if socket is None else socket
        self._answer = answer
        self._agent: Agent | None = None
        self._hello: Hello | None = None
        self._absent = self._mute = False
        self._waited = 0.0  # the seconds after which an answer was given up

    @classmethod
    def of(cls, env: Mapping[str, str], paths: Paths) -> AgentLink:
        """The link of a run with this environment."""
        return cls(paths, off=env.get("AWSVAULT_AGENT") == "off")

    def even_off(self) -> AgentLink:
        """The same link; with AWSVAULT_AGENT=off, a link for what must reach the agent all the same."""
        return AgentLink(self._paths) if self.off else self

    @property
    def mute(self) -> bool:
        """Whether an agent was there and did not answer."""
        return self._mute or self.hangs

    @property
    def hangs(self) -> bool:
        """Whether an agent was there and did not answer in time."""
        return self._waited > 0

    def agent(self, *, answer: float | None = None, again: bool = False, mute: bool = False) -> Agent | None:
        """The connection; None if no agent accepts it. ``answer``: how many seconds each answer may take from now on.

        ``again``: try even if there was no agent before. ``mute``: try even if the agent did not answer within that
        time.
        """
        answer = self._answer if answer is None else answer
        if self._agent is not None and self._agent.usable():
            self._agent.allow(answer)
            return self._agent
        self._hang_up()
        if self.off or (self._absent and not again) or (answer <= self._waited and not mute):
            return None
        self._agent = Agent.reach(self._socket, answer=answer)
        self._absent = self._agent is None
        return self._agent

    def hello(self, *, again: bool = False, answer: float | None = None) -> Hello | None:
        """The agent's HELLO from when the link connected; ``again``: its current one, after a wait."""
        if (self._answer if answer is None else answer) <= self._waited:
            return None
        agent = self.agent(answer=answer, again=again)
        if agent is not None and (again or self._hello is None):
            self._hello = Hello.of(self._ask_twice(agent, lambda agent: agent.ask("HELLO"), answer))
            self._mute = self._hello is None
        return self._hello

    def serving(self, *, answer: float | None = None) -> Agent | None:
        """The agent if this process can use it: it has this version's protocol and this vault."""
        hello = self.hello(answer=answer)
        return self._agent if hello is not None and hello.serves(self._paths) else None

    def ask(self, op: str, *, answer: float | None = None, **fields: Any) -> dict[str, Any] | None:
        """The agent's answer to one request (vault/agent/protocol)."""
        agent = self.agent(answer=answer)
        return (
            self._ask_twice(agent, lambda agent: agent.ask(op, **fields), answer)
            if agent is not None
            else None
        )

    def cache_key(self) -> CacheKey | None:
        """The cache key, if the agent has it."""
        agent = self.agent()
        return self._ask_twice(agent, lambda agent: agent.cache_key(), None) if agent is not None else None

    def _ask_twice(
        self, agent: Agent, request: Callable[[Agent], T | None], answer: float | None
    ) -> T | None:
        """The answer to a request that may be sent twice: an existing connection may close at that moment, a new one
        does not.
        """
        reused = agent.answered
        found = request(agent)
        if found is not None or not reused or not agent.cut_off:
            return found
        another = self.agent(answer=answer)
        return request(another) if another is not None else None

    def changed(self) -> None:
        """Note that this run unlocked or locked the agent: its earlier HELLO is outdated."""
        self._hello = None

    def give_away(self) -> Agent | None:
        """Give the connection away. A worker takes it over, which answers only what workers answer."""
        agent, self._agent, self._hello = self._agent, None, None
        return agent

    def close(self) -> None:
        """Close the connection and forget earlier failures: the next request starts like the first of a run."""
        self._hang_up()
        self._absent = self._mute = False
        self._waited = 0.0

    def _hang_up(self) -> None:
        if self._agent is not None:
            self._waited = max(self._waited, self._agent.waited)
            self._agent.close()
        self._agent = self._hello = None

    def __del__(self) -> None:
        """Close the connection at the end of the run."""
        if self._agent is not None:
            self._agent.close()
