"""A run's link to the agent: one connection, kept for all of the run's questions, and what the agent said of itself.

An agent that is missing, locked, slow, gone or of no use is never an error: it gives None, and the caller goes on without it.
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
    """What an agent says of itself. What an older one does not say is empty.

    ``protocol`` and ``version`` are its own; ``file`` names the vault's file and ``vault`` its id. ``why`` it is not open:
    locked, held (by ``lock``), or "" where it is. ``main`` and ``strict``: which keys it has. ``seen``: the generations
    that it was told of (vault/unlocking/seen_generations), None where it knows of none such.
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
        """The answer to HELLO; None where there was none."""
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
        """Whether it speaks this version's protocol."""
        from vault.agent.protocol import VERSION

        return self.protocol == VERSION

    @property
    def is_open(self) -> bool:
        """Whether it has the vault open, with its main key."""
        return not self.why and self.main

    def of_vault(self, paths: Paths) -> bool:
        """Whether it opens the vault that this process opens, whatever its version."""
        return self.file == name_of(paths)

    def serves(self, paths: Paths) -> bool:
        """Whether it is of use: it speaks this version's protocol, and opens the vault that this process opens.

        It may have been started before an upgrade, or after; or with other places, behind the same runtime folder.
        """
        return self.speaks and self.of_vault(paths)


def name_of(paths: Paths) -> str:
    """The vault's file as HELLO names it: homes with a vault each may share one runtime folder."""
    return os.fsencode(os.path.realpath(paths.vault)).hex()


class AgentLink:
    """The connection of one run, made at the first question. ``off``: AWSVAULT_AGENT=off, so there is none.

    Where the agent hung up since (it does so to a client that asks nothing for a while) the next question dials again, and
    asks again who is there. An agent that was not there, or did not answer in time, is not tried at each question.
    ``socket``: of another agent than the one that the run asks.
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
        self._waited = 0.0  # seconds in which it did not answer

    @classmethod
    def of(cls, env: Mapping[str, str], paths: Paths) -> AgentLink:
        """The link of a run with this environment."""
        return cls(paths, off=env.get("AWSVAULT_AGENT") == "off")

    def even_off(self) -> AgentLink:
        """The same link; where AWSVAULT_AGENT=off, one for what must reach the agent nevertheless."""
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
        """The connection; None where no agent takes it. ``answer``: seconds that each answer may take from here on.

        ``again``: also where none was there before. ``mute``: also to one that did not answer within that time.
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
        """What the agent said when it was dialled; ``again``: what it says now, after a wait."""
        if (self._answer if answer is None else answer) <= self._waited:
            return None
        agent = self.agent(answer=answer, again=again)
        if agent is not None and (again or self._hello is None):
            self._hello = Hello.of(self._asked(agent, lambda agent: agent.ask("HELLO"), answer))
            self._mute = self._hello is None
        return self._hello

    def serving(self, *, answer: float | None = None) -> Agent | None:
        """The agent where it is of use to this process: of this version, for this vault."""
        hello = self.hello(answer=answer)
        return self._agent if hello is not None and hello.serves(self._paths) else None

    def ask(self, op: str, *, answer: float | None = None, **fields: Any) -> dict[str, Any] | None:
        """The agent's answer to one request (vault/agent/protocol)."""
        agent = self.agent(answer=answer)
        return (
            self._asked(agent, lambda agent: agent.ask(op, **fields), answer) if agent is not None else None
        )

    def cache_key(self) -> CacheKey | None:
        """The session cache's key, where the agent has it."""
        agent = self.agent()
        return self._asked(agent, lambda agent: agent.cache_key(), None) if agent is not None else None

    def _asked(self, agent: Agent, question: Callable[[Agent], T | None], answer: float | None) -> T | None:
        """The answer to a question that may be asked twice: a kept connection may end just then, as no new one does."""
        kept = agent.answered
        found = question(agent)
        if found is not None or not kept or not agent.cut_off:
            return found
        another = self.agent(answer=answer)
        return question(another) if another is not None else None

    def changed(self) -> None:
        """The agent was opened or locked by this run: what it said before no longer holds."""
        self._hello = None

    def lend(self) -> Agent | None:
        """Give the connection away: a worker of the agent takes it over, and answers nothing that the agent answers."""
        agent, self._agent, self._hello = self._agent, None, None
        return agent

    def close(self) -> None:
        """Hang up, and forget how it went: the next question is the first of another run."""
        self._hang_up()
        self._absent = self._mute = False
        self._waited = 0.0

    def _hang_up(self) -> None:
        if self._agent is not None:
            self._waited = max(self._waited, self._agent.waited)
            self._agent.close()
        self._agent = self._hello = None

    def __del__(self) -> None:
        """At the end of the run."""
        if self._agent is not None:
            self._agent.close()
