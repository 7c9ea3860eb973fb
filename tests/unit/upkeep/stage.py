"""A vault with a slot of each kind, for the tests of slots and rekey."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.keyrings import Desktop
from tests.patience import PATIENCE
from tests.vaults import CHEAP, entry, soon
from vault import limits
from vault.context import Context
from vault.secret import Secret
from vault.settings import Settings
from vault.store import kdf, vault
from vault.store.boxes import Strict
from vault.store.format import Ext, SlotRecord
from vault.store.payload import StoredSeed
from vault.store.slots import new_sid, unwrap_key, wrap_key
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, new_code, read_code, write_code
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.upkeep import rekey, rekey_plan

FIRST, SECOND, STRICT = (
    Secret("the first passphrase"),
    Secret("the second passphrase"),
    Secret("for strict seeds alone"),
)
NEW = Secret("a passphrase of its own")
SERIAL = "arn:aws:iam::111111111111:mfa/y"
KINDS = ("pass", "second pass", "keyring", "recovery", "ext")


class TerminalUser:
    """A user at a terminal, who writes the code down and types it back."""

    code = None

    def tell(self, text):
        self.code = read_code(Secret(text)) or self.code

    def hidden(self, question, **more):
        return Secret(write_code(self.code))


class AtATerminal(Context):
    """A context whose terminal is ``user``."""

    user = TerminalUser()

    @property
    def interaction(self):
        return self.user


class Stage:
    """A vault with a slot of each kind, and every key-encryption key of it."""

    def __init__(self, tmp_path, desktop):
        self.desktop = desktop
        env = {"HOME": str(tmp_path), "AWSVAULT_AGENT": "off"}
        self.context = Context(
            env=env, paths=from_env(env), clock=SystemClock(), deadline=Deadline.after(100), passphrase=FIRST, attended=True,
            settings=Settings(prompt="none", agent="off"),
        )  # fmt: skip
        self.paths = self.context.paths
        code, helper, strict = new_code(), vault.new_key(), vault.new_key()
        self.code = code
        others = [PassphraseSlot(SECOND, kdf=CHEAP), KeyringSlot(gen=1, seconds=PATIENCE), RecoverySlot(code)]
        opened = vault.create(self.paths, passphrase=FIRST, others=others, kdf=CHEAP, deadline=soon())
        vault_id = opened.vault_id

        def more(draft, _):
            ext = SlotRecord(type="ext", sid=new_sid(), opens="main", wrap=b"", ext=Ext(name="age", data=b""))
            ext = wrap_key(helper, ext, vault_id=vault_id, key=draft.k_main)
            own = PassphraseSlot(STRICT, kdf=CHEAP).wrap(strict, vault_id=vault_id, opens="strict")
            seeds = {SERIAL: StoredSeed(secret=Secret("JBSWY3DPEHPK3PXP"), created=1)}
            payload = draft.payload.with_entry("a", entry()).with_strict_seed(SERIAL)
            return replace(
                draft, slots=(*draft.slots, ext, own), strict=Strict(key=strict, seeds=seeds), payload=payload
            )

        self.before = vault.rewrite(self.paths, opened.k_main, more, deadline=soon())
        self.records = dict(zip(KINDS, self.before.header.slots, strict=False))
        recovery = RecoverySlot(code)._kek(self.records["recovery"], vault_id)
        (item,) = desktop.items().values()
        from vault.crypto.seal import unb64u

        self.keks = {
            "pass": self._kek(FIRST, "pass"),
            "second pass": self._kek(SECOND, "second pass"),
            "keyring": Secret(unb64u(item.split(":")[1])),
            "recovery": recovery,
            "ext": helper,
        }
        for kind, kek in self.keks.items():
            assert unwrap_key(kek, self.records[kind], vault_id=vault_id) == self.before.k_main

    def _kek(self, passphrase, kind):
        record = self.records[kind]
        return kdf.derive(passphrase, params=record.kdf, salt=record.salt, available_kib=None)

    def open_terminal(self, monkeypatch):
        """From now on there is a terminal to show a recovery code on."""
        monkeypatch.setattr("vault.upkeep.recovery_code.has_terminal", lambda: True)
        here = self.context
        self.context = AtATerminal(
            env=here.env, paths=here.paths, clock=here.clock, deadline=here.deadline, passphrase=FIRST, attended=True,
            settings=here.settings._replace(prompt="tty"),
        )  # fmt: skip
        self.context.user = TerminalUser()

    def open(self, passphrase=FIRST):
        return vault.open_with_passphrase(self.paths, passphrase, deadline=soon())

    def act(self, operation):
        if operation == "passwd":
            plan = rekey_plan.make_plan(
                self.context, self.open(), passphrase=None, new_passphrase=NEW, kdf=CHEAP
            )
        elif operation == "rekey":
            plan = rekey_plan.make_plan(self.context, self.open(), passphrase=FIRST, kdf=CHEAP)
        else:
            gone = self.records[operation.removeprefix("remove ")]
            passphrase = SECOND if gone == self.records["pass"] else FIRST
            opened = self.open(passphrase)
            plan = rekey_plan.make_plan(self.context, opened, passphrase=passphrase, without=gone, kdf=CHEAP)
        return plan, rekey.carry_out(self.context, plan)


@pytest.fixture
def stage(tmp_path, monkeypatch):
    desktop = Desktop(tmp_path)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.address)
    # This keyring answers, if the machine lets it.
    monkeypatch.setattr(limits, "KEYRING_WRITE_TIMEOUT", PATIENCE)
    desktop.log_in()
    yield Stage(tmp_path, desktop)
    desktop.end()
