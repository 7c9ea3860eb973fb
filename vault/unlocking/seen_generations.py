"""The newest generation of the vault that a running agent has seen: pins that are in no folder. Prints nothing.

Any process of the user may report a generation to the agent. So each pin has a MAC under the vault's main key, and one
that does not authenticate is ignored: it neither raises an alarm nor replaces another.
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
    """What was reported to the agent: the vault's ID and, for each pin, gen, digest, rekeyed and its MACs."""

    vault: str
    rows: tuple[Any, ...]

    def newest(self, k_main: Secret) -> Pin | None:
        """The newest pin with a MAC under this main key. After a rekey, one is made with the previous key too."""
        found = [pin for pin, _ in self._authentic(k_main)]
        return max(found, key=lambda pin: pin.gen, default=None)

    def replaced_by(self, gen: int, k_main: Secret) -> list[str]:
        """A MAC of each pin that a pin of generation ``gen`` replaces, which is under this main key only."""
        return [macs[0] for pin, macs in self._authentic(k_main) if pin.gen <= gen and len(macs) == 1]

    def _authentic(self, k_main: Secret) -> Iterator[tuple[Pin, list[str]]]:
        from vault.store import pin as pins

        vault_id = bytes.fromhex(self.vault)
        for gen, digest, rekeyed, macs in self.rows:
            pin = pins.Pin(vault_id=vault_id, gen=gen, digest=bytes.fromhex(digest), rekeyed=rekeyed)
            if any(pins.authentic(pin, bytes.fromhex(mac), k_main=k_main) for mac in macs):
                yield pin, macs


def last_seen(context: Context, *, again: bool = False) -> SeenGenerations | None:
    """The generations that a running agent has seen. Ask before the vault is read; ``again`` if the agent was asked
    long before.
    """
    hello = context.agent.hello(again=again)
    if hello is None or not hello.serves(context.paths) or not hello.seen:
        return None  # an agent of an older version cannot prove its generations
    return SeenGenerations(hello.vault, hello.seen)


def check(seen: SeenGenerations | None, opened: Opened, *, path: str) -> None:
    """RolledBack or Diverged if the vault is older than the agent has seen, or differs from it."""
    newest = seen.newest(opened.k_main) if seen is not None else None
    if newest is not None and newest.vault_id == opened.vault_id:
        from vault.store import pin
        from vault.text import safe

        pin.check(newest, opened.file, path=safe(path))


def tell(opened: Opened, agent: Agent, *, hello: Hello, before: Secret | None = None) -> None:
    """Report the generation of the vault that was just opened to the agent.

    ``before`` is its previous main key, if it has just got a new one. With it, an older copy that is put back, which
    opens with that key, is detected too.
    """
    if hello.seen is None:
        return
    from vault.store import pin as pins

    known = SeenGenerations(hello.vault, hello.seen) if hello.vault == opened.vault_id.hex() else None
    pin = pins.pin_of(opened.file, rekeyed=opened.payload.rekeyed)
    keys = [opened.k_main] if before is None else [opened.k_main, before]
    agent.ask(
        "SEEN",
        vault=opened.vault_id.hex(),
        gen=pin.gen,
        digest=pin.digest.hex(),
        rekeyed=pin.rekeyed,
        macs=[pins.mac_of(pin, key).hex() for key in keys],
        over=known.replaced_by(pin.gen, opened.k_main) if known is not None else [],
    )
