"""``export`` over damaged files: the vault's are exit 9 whatever was hit, the cache's are a miss and exit 0."""

import os

import pytest

from tests.fakes.example import role
from tests.home import failed
from tests.vaults import flip, new_vault
from vault.secret import Secret
from vault.store.format import SlotRecord
from vault.store.slots import Slot, new_sid, wrap_key
from vault.system.paths import from_env

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def content(path):
    with open(path, "rb") as file:
        return file.read()


def overwrite(path, raw):
    with open(path, "wb") as file:
        file.write(raw)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (b"AWSVLT1", "vault.avlt"),
        (b'"id":"', "except for the ID in its header"),
        (b'"gen":', "vault.avlt"),
        (b'"salt":"', "header is damaged"),
        (b'"wrap":"', "header is damaged"),
        ("main", "vault.avlt"),
        ("strict", "vault.avlt"),
    ],
)
def test_a_flipped_bit_of_the_vault(ready, aws, where, said):
    """Each part of the file: the magic, the id, the generation, a slot, both boxes. Nothing is asked of AWS."""
    path = ready.file("vault.avlt")
    raw = content(path)
    if isinstance(where, bytes):
        at = raw.index(where) + (len(where) if where.startswith(b'"') else 0)
    else:
        at = len(raw) - (9 if where == "strict" else 3000)
    overwrite(path, flip(raw, at, letter=isinstance(where, bytes) and where.endswith(b'"')))
    failed(ready.run("export", "dev"), 9, said, "awsvault-py restore")
    assert len(aws.calls) == 0


@pytest.mark.parametrize("length", [0, 7, 11, 300, -1])
def test_a_vault_cut_short(ready, length):
    """Empty, inside the magic, the size, the header and the last box."""
    path = ready.file("vault.avlt")
    overwrite(path, content(path)[:length])
    failed(ready.run("export", "dev"), 9, "vault.avlt", "restore")


def test_a_vault_that_is_gone(ready):
    """Deleted by mistake: exit 5, and that its backups are still there, before anybody makes a new one."""
    os.unlink(ready.file("vault.avlt"))
    failed(ready.run("export", "dev"), 5, "no vault", "automatic backup", "awsvault-py restore")
    backups = [name for name in os.listdir(ready.awsvault_home) if ".bak" in name]
    failed(ready.run("init"), 10, "vault.avlt.bak1", "awsvault-py restore")
    assert [name for name in os.listdir(ready.awsvault_home) if ".avlt" in name] == backups


class AnothersKeyring(Slot):
    """A slot whose key is in a keyring that this machine does not have."""

    type = "keyring"

    def wrap(self, key, *, vault_id, opens="main"):
        record = SlotRecord(type="keyring", sid=new_sid(), opens=opens, wrap=b"", host="another")
        return wrap_key(Secret(bytes(32)), record, vault_id=vault_id, key=key)


def test_damage_where_only_a_keyring_could_open(home):
    """A keyring that does not open it is exit 3; one that cannot, since the vault's id is damaged, is exit 9."""
    home.scenario()
    new_vault(from_env(home.env), others=[AnothersKeyring()])
    alone = {"AWSVAULT_PASSPHRASE": None, "AWSVAULT_KEYRING": "auto"}
    failed(home.run("export", "dev", **alone), 3, "keyring")
    path = home.file("vault.avlt")
    raw = content(path)
    overwrite(path, flip(raw, raw.index(b'"id":"') + 6, letter=True))
    failed(home.run("export", "dev", **alone), 9, "except for the ID in its header", "awsvault-py restore")


def test_damaged_entries_of_the_cache(home, aws):
    """One flipped bit or a cut of every file at once: a good answer for the calls of a cold cache, and not a word."""
    home.config(
        "[profile shared-services]\nregion = us-east-1\n[profile dev]\nregion = us-west-2\n"
        f"awsvault_role_arn = {role('OpenRole')}\nawsvault_source_profile = shared-services\n"
    )
    home.make_vault(
        serial=None, seed=None
    )  # no device: a code is good once in 30 seconds, and here are ten rounds
    home.settle()  # else the way to the session is not kept
    first = home.export("dev")
    names = [
        n for n in os.listdir(home.file("sessions")) if not n.startswith(".") and not n.endswith(".lock")
    ]
    assert len(names) >= 3  # the MFA session, the role's, and the way to it
    good = {name: content(home.file(f"sessions/{name}")) for name in names}
    size = len(next(iter(good.values())))
    damages = [lambda raw, at=at: flip(raw, at) for at in (0, 31, 40, 64, size // 2, size - 1)]
    damages += [lambda raw, to=to: raw[:to] for to in (0, 1, 79, size - 1)]
    for count, damage in enumerate(damages, start=2):
        for name in names:
            overwrite(home.file(f"sessions/{name}"), damage(good[name]))
        again = home.export("dev")
        assert again["AccountId"] == first["AccountId"]
        assert again["SessionToken"] != first["SessionToken"]
        assert aws.calls.count("GetSessionToken") == aws.calls.count("AssumeRole") == count
    assert not any(call.result != "ok" for call in aws.calls)
