"""What may be shown of a vault is the same from a vault opened here and from one that the agent holds open."""

from tests.fakes.example import KEY_ID, SECRET, SEED
from tests.vaults import entry, soon
from vault.secret import Secret
from vault.store import vault
from vault.system.clock import SystemClock
from vault.system.paths import from_env
from vault.unlocking.keys import OpenedKeys


def with_agent(home, *arguments):
    return home.run(*arguments, AWSVAULT_PASSPHRASE=None, AWSVAULT_AGENT="auto")


def test_list_asks_nobody_while_the_agent_holds_the_vault_open(home):
    """After unlock, list shows all entries in parts, without a passphrase and without a secret."""
    opened = home.make_vault() or vault.open_with_passphrase(
        from_env(home.env), Secret(home.env["AWSVAULT_PASSPHRASE"]), deadline=soon()
    )
    names = [f"entry-{n:03}" for n in range(150)]

    def add(payload):
        for name in names:
            payload = payload.with_entry(name, entry(mfa_serial=f"arn:aws:iam::111111111111:mfa/{name}"))
        return payload

    vault.edit(from_env(home.env), opened.k_main, add, deadline=soon())
    assert home.run("unlock", AWSVAULT_AGENT="auto").returncode == 0
    try:
        done = with_agent(home, "list", "--json")
        assert done.returncode == 0, done.stderr
        assert all(name in done.stdout for name in [*names, "shared-services", KEY_ID])
        assert SECRET not in done.stdout
        assert SEED not in done.stdout
        assert done.stdout == home.run("list", "--json").stdout
        found = with_agent(home, "mfa", "list", "--json")
        assert found.returncode == 0, found.stderr
        assert found.stdout == home.run("mfa", "list", "--json").stdout
        assert all(f"mfa/{name}" in found.stdout for name in [*names, "yourself"])
    finally:
        with_agent(home, "lock")
    assert with_agent(home, "list").returncode == 3


def test_devices_are_named_with_their_users(home):
    """A device lists the entries that use it, a stored seed without an entry stands by itself."""
    home.make_vault()
    paths = from_env(home.env)
    opened = vault.open_with_passphrase(paths, Secret(home.env["AWSVAULT_PASSPHRASE"]), deadline=soon())
    loose = "arn:aws:iam::111111111111:mfa/loose"
    opened = vault.edit(
        paths,
        opened.k_main,
        lambda p: p.with_seed(loose, vault.StoredSeed(secret=Secret(SEED), created=0)),
        deadline=soon(),
    )
    found = OpenedKeys(opened, paths=paths, clock=SystemClock()).contents()
    assert [(d.serial, d.stored, d.entries) for d in found.devices()] == [
        (loose, True, ()),
        ("arn:aws:iam::111111111111:mfa/yourself", True, ("shared-services",)),
    ]
