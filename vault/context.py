"""Context: what one run knows about its environment, collected once and passed to every operation. Reads config.toml lazily.

Operations take the environment, paths, clock, deadline and prompts only from a Context, so that a test can pass its own.
"""

from __future__ import annotations

import os

from vault import limits
from vault.secret import Secret
from vault.system import paths as places
from vault.system.clock import Deadline, SystemClock
from vault.system.passphrase_variables import PASSPHRASE, for_child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vault.agent.link import AgentLink
    from vault.settings import Settings
    from vault.system.clock import Clock
    from vault.system.paths import Paths
    from vault.system.prompts import Interaction


class Context:
    """The environment of one run. Nothing in it changes, except what it reads lazily, and what is set for the whole run.

    ``env``         a copy of the environment, without AWSVAULT_PASSPHRASE
    ``passphrase``  the value of that variable, or None
    ``paths``       where awsvault-py's files are
    ``clock``       the time
    ``deadline``    the end of every wait of this run; ``new_deadline`` gives an attended run a later one
    ``attended``    whether a user ran the command, and so gets time to answer prompts
    ``newer_key``   where a command issues credentials: looks for another key after AWS refused the source key. Gets the
                    context, the vault if this process opened it, and the error; says whether the vault may have one now
    """

    __slots__ = (
        "_agent", "_main_keys", "_settings", "attended", "clock", "deadline", "env", "newer_key", "passphrase", "paths",
    )  # fmt: skip

    def __init__(
        self,
        *,
        env: Mapping[str, str],
        paths: Paths,
        clock: Clock,
        deadline: Deadline,
        passphrase: Secret | None = None,
        attended: bool = False,
        settings: Settings | None = None,
        agent: AgentLink | None = None,
        newer_key: Callable[..., bool] | None = None,
        main_keys: list[Secret] | None = None,
    ) -> None:
        self.env = env
        self.passphrase = passphrase
        self.paths = paths
        self.clock = clock
        self.deadline = deadline
        self.attended = attended
        self.newer_key = newer_key
        self._settings = settings
        self._agent = agent
        self._main_keys = [] if main_keys is None else main_keys  # one list for all copies

    @property
    def agent(self) -> AgentLink:
        """The link to the agent. It connects when the first request is sent."""
        if self._agent is None:
            from vault.agent.link import AgentLink

            self._agent = AgentLink.of(self.env, self.paths)
        return self._agent

    @property
    def settings(self) -> Settings:
        """The settings of config.toml, read on first use because a warm export needs none. Raises ConfigError."""
        if self._settings is None:
            from vault import settings

            self._settings = settings.load(self.paths.config_toml, env=self.env)
        return self._settings

    @property
    def main_key(self) -> Secret | None:
        """The vault's main key, if this run unlocked the vault for a command that needs it: for the sync after the command."""
        return self._main_keys[0] if self._main_keys else None

    def keep_main_key(self, key: Secret) -> None:
        """Remember the main key until the end of the run."""
        self._main_keys[:] = [key]

    def disable_prompts(self) -> None:
        """Allow no prompts for the rest of this run, because nobody could answer."""
        self._settings = self.settings._replace(prompt="none")

    @property
    def interaction(self) -> Interaction:
        """The prompts that settings and environment allow."""
        from vault.system.prompts import Interaction

        settings = self.settings
        return Interaction(settings.prompt, self.env, settings.pinentry, window_first=not self.attended)

    def new_deadline(self, seconds: float = limits.DEADLINE) -> Deadline:
        """A deadline for the next wait: ``seconds`` from now, and not later than this run's own unless the run is attended.

        The time that a user takes to answer a prompt does not shorten the next call.
        """
        if self.attended:
            return Deadline.after(seconds, clock=self.clock)
        return self.deadline.at_most(seconds)

    def with_deadline(self, seconds: float) -> Context:
        """The same context with a deadline ``seconds`` from now, for an operation that may take longer than most."""
        return self._with(deadline=Deadline.after(seconds, clock=self.clock))

    def unattended(self) -> Context:
        """The same context without prompts and with a new deadline. Raises ConfigError if config.toml is wrong."""
        return self._with(
            deadline=Deadline.after(limits.DEADLINE, clock=self.clock),
            attended=False,
            settings=self.settings._replace(prompt="none"),
        )

    def without_prompts(self) -> Context:
        """The same context without prompts. Raises ConfigError if config.toml is wrong."""
        return self._with(settings=self.settings._replace(prompt="none"))

    def without_programs(self, seconds: float = limits.DEADLINE) -> Context:
        """The same context without prompts and without passphrase commands, for ``seconds`` at most. Raises ConfigError if
        config.toml is wrong.
        """
        return self._with(
            env={name: value for name, value in self.env.items() if name != PASSPHRASE + "_COMMAND"},
            deadline=self.new_deadline(seconds),
            attended=False,
            settings=self.settings._replace(prompt="none", passphrase_command=()),
        )

    def without_aws_files(self) -> Context:
        """The same context as if AWS's files were empty."""
        none = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        return self._with(env={**self.env, **none})

    def _with(
        self,
        *,
        env: Mapping[str, str] | None = None,
        deadline: Deadline | None = None,
        attended: bool | None = None,
        settings: Settings | None = None,
    ) -> Context:
        """A copy with these changes. It shares the link to the agent, and the main key."""
        return Context(
            env=self.env if env is None else env,
            paths=self.paths,
            clock=self.clock,
            deadline=self.deadline if deadline is None else deadline,
            passphrase=self.passphrase,
            attended=self.attended if attended is None else attended,
            settings=self._settings if settings is None else settings,
            agent=self.agent,
            newer_key=self.newer_key,
            main_keys=self._main_keys,
        )

    def has_synced(self, vault_id: bytes) -> bool:
        """Whether this machine has noted a sync of the vault with this ID (vault/remote/note): without a remote it has not."""
        return os.path.exists(os.path.join(self.paths.state, f"sync-{vault_id.hex()}"))

    def child_env(self) -> dict[str, str]:
        """The environment for a child process, without the variables that give the passphrase."""
        return for_child(self.env)


def from_process(
    *,
    attended: bool,
    clock: Clock | None = None,
    started: Deadline | None = None,
    agent: AgentLink | None = None,
) -> Context:
    """The context of this process. Removes AWSVAULT_PASSPHRASE from ``os.environ``, so that no child inherits it.

    ``agent`` is the link that this process already has, if any.
    """
    passphrase = os.environ.pop(PASSPHRASE, "")
    env = dict(places.outside(os.environ))
    clock = clock or SystemClock()
    return Context(
        env=env,
        paths=places.from_env(env),
        clock=clock,
        deadline=started or Deadline.after(limits.DEADLINE, clock=clock),
        passphrase=Secret(passphrase.encode("utf-8", "surrogateescape")) if passphrase else None,
        attended=attended,
        agent=agent,
    )
