"""Context: what one run knows of its surroundings, gathered once and handed to every flow. Reads config.toml when asked.

Flows take the environment, paths, clock, deadline and the way to a person from here and from nowhere else, so a
test hands them its own.
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
    from collections.abc import Mapping

    from vault.settings import Settings
    from vault.system.clock import Clock
    from vault.system.paths import Paths
    from vault.system.prompts import Interaction


class Context:
    """The surroundings of one run. Made once; nothing in it changes but what it reads late.

    ``env``       the environment, a copy, without AWSVAULT_PASSPHRASE
    ``passphrase``  what that variable held, or None
    ``paths``     where everything of ours lies
    ``clock``     the time
    ``deadline``  the end of every wait of this run; ``anew`` gives a run by a person a later one
    ``attended``  whether a person ran the command, who is given time to answer
    """

    __slots__ = ("_settings", "attended", "clock", "deadline", "env", "passphrase", "paths")

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
    ) -> None:
        self.env = env
        self.passphrase = passphrase
        self.paths = paths
        self.clock = clock
        self.deadline = deadline
        self.attended = attended
        self._settings = settings

    @property
    def settings(self) -> Settings:
        """The settings of config.toml, read when first asked for: a warm export needs none. ConfigError."""
        if self._settings is None:
            from vault import settings

            self._settings = settings.load(self.paths.config_toml, env=self.env)
        return self._settings

    def ask_nobody(self) -> None:
        """From here on no person is asked: this run has nobody in front of it."""
        self._settings = self.settings._replace(prompt="none")

    @property
    def interaction(self) -> Interaction:
        """The way to a person, as settings and environment allow it."""
        from vault.system.prompts import Interaction

        settings = self.settings
        return Interaction(settings.prompt, self.env, settings.pinentry, window_first=not self.attended)

    def new_deadline(self, seconds: float = limits.DEADLINE) -> Deadline:
        """A deadline for the next wait: this run's own, or, where a person runs it, ``seconds`` from now.

        A person who took a minute over a question has not used up the time of the call that follows.
        """
        if self.attended:
            return Deadline.after(seconds, clock=self.clock)
        return self.deadline.at_most(seconds)

    def lasting(self, seconds: float) -> Context:
        """The same context for work that takes longer than a run's ordinary deadline, ``seconds`` from now."""
        return Context(
            env=self.env,
            paths=self.paths,
            clock=self.clock,
            deadline=Deadline.after(seconds, clock=self.clock),
            passphrase=self.passphrase,
            attended=self.attended,
            settings=self._settings,
        )

    def unattended(self) -> Context:
        """The same context as nobody's: no question is asked, and its time begins now. ConfigError of config.toml."""
        return Context(
            env=self.env,
            paths=self.paths,
            clock=self.clock,
            deadline=Deadline.after(limits.DEADLINE, clock=self.clock),
            passphrase=self.passphrase,
            settings=self.settings._replace(prompt="none"),
        )

    def without_aws_files(self) -> Context:
        """The same context as if AWS's files were empty."""
        none = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        return Context(
            env={**self.env, **none},
            paths=self.paths,
            clock=self.clock,
            deadline=self.deadline,
            passphrase=self.passphrase,
            attended=self.attended,
            settings=self._settings,
        )

    def child_env(self) -> dict[str, str]:
        """The environment for a program that we start: without the ways to the passphrase."""
        return for_child(self.env)


def from_process(*, attended: bool, clock: Clock | None = None, started: Deadline | None = None) -> Context:
    """The context of this process. Takes AWSVAULT_PASSPHRASE out of ``os.environ``, so that no child inherits it."""
    held = os.environ.pop(PASSPHRASE, "")
    env = dict(places.outside(os.environ))
    clock = clock or SystemClock()
    return Context(
        env=env,
        paths=places.from_env(env),
        clock=clock,
        deadline=started or Deadline.after(limits.DEADLINE, clock=clock),
        passphrase=Secret(held.encode("utf-8", "surrogateescape")) if held else None,
        attended=attended,
    )
