"""What tools sign with after an import: the same key as before, from the vault, or nothing was taken out."""

from __future__ import annotations

import itertools

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.unit.migrate.files import files
from vault.migrate import import_plan, key_removal, plaintext_keys
from vault.profiles import sdk_precedence
from vault.profiles.command_words import own_call

OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
US = "/bin/awsvault-py"
CLI, SCRIPT, JAVA = sdk_precedence.READERS


def key(key_id=KEY_ID, secret=SECRET, *, token=False):
    lines = f"aws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"
    return lines + ("aws_session_token = t\n" if token else "")


def taken_from(held, *, setting_up=True, wanted=()):
    """The planned import, and both files after the plan."""
    found, skipped = plaintext_keys.find(held, wanted)
    taken = import_plan.from_files(found, skipped, config=held.merged, known={}, replacing=False)
    taken, plan = key_removal.plan_removal(held, taken, env={}, words=(US,), known={}, setting_up=setting_up)
    after = held.config.apply(plan.config).decode(), held.credentials.apply(plan.credentials).decode()
    return taken, after


KEYS = {
    "none": "",
    "first": key(),
    "second": key(OTHER_ID, OTHER),
    "wrong secret": key(KEY_ID, OTHER),
    "temporary": key("ASIAIOSFODNN7EXAMPLE", token=True),
    "half": "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n",
    "other half": f"aws_secret_access_key = {SECRET}\n",
}
PROCESSES = {
    "none": "",
    "own": f"credential_process = {US} export default\n",
    "alias": f"credential_process = {US} export theirs\n",
    "foreign": "credential_process = /opt/tool\n",
}
ROLES = ("", "role_arn = arn:aws:iam::222222222222:role/DeveloperRole\nsource_profile = default\n")


def same(then, was, after, entries):
    """Whether a tool still has the same: exactly, or from the entry of that key through awsvault-py."""
    if then is None or was is None or then.same(was):
        return then is None or was is not None or own_call(then.command or "") is not None
    called = own_call(then.command) if then.command is not None else None
    if called is None:
        return False
    if was.key is None:
        return own_call(was.command) is not None
    named = after.profile(called.profile).prefixed("credential")
    return entries.get(named.value if named is not None else called.profile) == (was.key, was.secret)


@pytest.mark.parametrize("setting_up", [True, False])
@pytest.mark.parametrize("process", PROCESSES)
def test_no_tool_changes_its_key(process, setting_up):
    """Every pair of keys in both files, with each process and role: each tool, before and after."""
    for config_key, credentials_key, role in itertools.product(KEYS, KEYS, ROLES):
        held = files(
            "[default]\nregion = us-east-1\n"
            + KEYS[config_key]
            + role
            + PROCESSES[process]
            + "[profile theirs]\n",
            "[default]\n" + KEYS[credentials_key],
        )
        taken, after = taken_from(held, setting_up=setting_up)
        merged = files(*after).merged
        entries = {moved.entry: (moved.key.access_key_id, moved.key.secret) for moved in taken.keys}
        for reader in sdk_precedence.READERS:
            was, then = (sdk_precedence.supply(config, "default", reader) for config in (held.merged, merged))
            case = (config_key, credentials_key, role, reader.name, after, taken.skipped)
            assert same(then, was, merged, entries), case
            assert not setting_up or then is not None or was is None, case
        for text, which in zip(after, ("config", "credentials"), strict=True):
            left = "aws_secret_access_key" in text or "aws_access_key_id" in text
            assert left == any(one.reason.startswith(f"{which}:") for one in taken.skipped), (
                text,
                taken.skipped,
            )


def test_the_second_key_of_a_profile_is_moved_too():
    """JavaScript and Go would sign with it; it gets an entry that no profile uses."""
    held = files("[default]\n" + key(OTHER_ID, OTHER) + "[profile default-unused]\n", "[default]\n" + key())
    taken, after = taken_from(held)
    assert [(moved.entry, moved.profiles) for moved in taken.keys] == [
        ("default", ("default",)),
        ("default-unused-2", ()),
    ]
    assert "aws_secret" not in "".join(after)
    assert taken.skipped == []


def test_a_second_key_that_cannot_be_moved_keeps_the_first():
    """The reason says which tools would change, with the place of the other key in the file."""
    held = files("[default]\nregion = x\n" + key(token=True), "[default]\n" + key(OTHER_ID, OTHER))
    taken, after = taken_from(held)
    assert taken.keys == []
    reasons = [one.reason for one in taken.skipped]
    assert any("sign with the key" in r and KEY_ID in r and "(config:3)" in r for r in reasons), reasons
    assert after == (held.config.data.decode(), held.credentials.data.decode())


def test_another_program_is_not_uncovered():
    """Without the key, the AWS CLI would run it: the key stays, and so do profiles that use it."""
    config = f"[default]\ncredential_process = /opt/tool\n[profile dev]\n{ROLES[1]}"
    taken, after = taken_from(files(config, "[default]\n" + key()))
    assert after == (config, "[default]\n" + key())
    assert "would run another program (config:2)" in taken.skipped[0].reason


def test_a_shared_key_stays_in_the_profile_that_needs_it():
    """The other profile's lines are removed, and it alone is set up for the entry."""
    config = "[default]\ncredential_process = /opt/tool\n"
    taken, after = taken_from(files(config, "[default]\n" + key() + "[work]\n" + key()))
    assert [(m.entry, m.profiles, m.origins) for m in taken.keys] == [
        ("default", ("work",), ("credentials:5",)),
    ]
    assert after[1] == "[default]\n" + key() + "[work]\n"
    assert "credential_process = /bin/awsvault-py export work\nawsvault_credential = default\n" in after[0]
