"""The newest generation of the vault that a running agent has seen: pins that lie in no folder. Prints nothing.

Any process of the user may tell the agent of a generation, so each pin has a MAC under the vault's main key, and one that
does not authenticate is nothing: it neither raises an alarm nor takes another's place.
"""

from __future__ import annotations

from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vault.agent.client import Agent
    from vault.agent.link import Hello
    from vault.context import Context
    from vault.secret import Secret
    from vault.store.opened import Opened
    from vault.store.pin import Pin


class SeenGenerations(NamedTuple):
    """What the agent was told, as it keeps it: the vault's id and, for each pin, gen, digest, rekeyed and its MACs."""

    vault: str
    rows: tuple[Any, ...]

    def newest(self, k_main: Secret) -> Pin | None:
        """The newest pin that a holder of this main key made. After new keys one is made with the old ones, too."""
        true = [pin for pin, _ in self._true(k_main)]
        return max(true, key=lambda pin: pin.gen, default=None)

    def passed(self, gen: int, k_main: Secret) -> list[str]:
        """A MAC of each pin that one of generation ``gen`` takes the place of: under the same main key, and no other."""
        return [macs[0] for pin, macs in self._true(k_main) if pin.gen <= gen and len(macs) == 1]

    def _true(self, k_main: Secret) -> Iterator[tuple[Pin, list[str]]]:
        from vault.store import pin as pins

        vault_id = bytes.fromhex(self.vault)
        for gen, digest, rekeyed, macs in self.rows:
            pin = pins.Pin(vault_id=vault_id, gen=gen, digest=bytes.fromhex(digest), rekeyed=rekeyed)
            if any(pins.authentic(pin, bytes.fromhex(mac), k_main=k_main) for mac in macs):
                yield pin, macs


def last_seen(context: Context, *, again: bool = False) -> SeenGenerations | None:
    """What a running agent has seen. Ask before the vault is read; ``again`` where the agent was asked long before that."""
    hello = context.agent.hello(again=again)
    if hello is None or not hello.serves(context.paths) or not hello.seen:
        return None  # an agent of an older version cannot prove what it says
    return SeenGenerations(hello.vault, hello.seen)


def judge(seen: SeenGenerations | None, opened: Opened, *, path: str) -> None:
    """RolledBack or Diverged where the vault is older than what the agent has seen of it, or another."""
    newest = seen.newest(opened.k_main) if seen is not None else None
    if newest is not None and newest.vault_id == opened.vault_id:
        from vault.store import pin
        from vault.text import safe

        pin.judge(newest, opened.file, path=safe(path))


def tell(opened: Opened, agent: Agent, *, hello: Hello, before: Secret | None = None) -> None:
    """Let the agent know the generation of the vault just opened. ``before``: the main key that it had until now, so that
    who puts an older copy back, which opens with that, is found out too.
    """
    if hello.seen is None:
        return
    from vault.store import pin as pins

    over = SeenGenerations(hello.vault, hello.seen) if hello.vault == opened.vault_id.hex() else None
    pin = pins.pin_of(opened.file, rekeyed=opened.payload.rekeyed)
    keys = [opened.k_main] if before is None else [opened.k_main, before]
    agent.ask(
        "SEEN",
        vault=opened.vault_id.hex(),
        gen=pin.gen,
        digest=pin.digest.hex(),
        rekeyed=pin.rekeyed,
        macs=[pins.mac_of(pin, key).hex() for key in keys],
        over=over.passed(pin.gen, opened.k_main) if over is not None else [],
    )
