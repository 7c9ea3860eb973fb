"""Setup and import on files as people have them: only the touched keys change, undo restores every byte."""

from __future__ import annotations

import os
import re

import pytest
from botocore.configloader import raw_config_parse
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.world import World
from tests.home import COMMAND, Home
from tests.properties.lived_in import make
from vault.migrate import edit_plan, import_plan, key_removal, plaintext_keys, setup, setup_source_only
from vault.profiles.chain import VaultKey
from vault.profiles.edit import Document
from vault.profiles.resolve import resolve
from vault.profiles.revert import revert

pytestmark = pytest.mark.usefixtures("unmeasured")

PUT_IN = re.compile(rb"(credential_process|awsvault_credential)[ \t]*=[ \t]*[^\r\n]+\r?\n?")
KEYS = {b"aws_access_key_id", b"aws_secret_access_key"}
RENAMED = {b"role_arn", b"source_profile", b"credential_source", b"web_identity_token_file"}


def files_of(config: bytes, credentials: bytes) -> edit_plan.Files:
    return edit_plan.Files(
        Document(config, path="config", kind="config"),
        Document(credentials, path="credentials", kind="credentials"),
        (config, credentials),
    )


def moved_in(lived):
    """The files, what import found in them, and the plan that rewrites them."""
    files = files_of(lived.config, lived.credentials)
    found, skipped = plaintext_keys.find(files)
    taken = import_plan.from_files(found, skipped, config=files.merged, known={}, replacing=False)
    taken, plan = key_removal.plan_removal(files, taken, env={}, words=(COMMAND,), known={}, setting_up=True)
    return files, taken, plan


def name_of(line: bytes) -> bytes:
    return line.partition(b"=")[0].strip().lower()


def only_the_touched_keys_changed(before: bytes, after: bytes) -> None:
    """Line by line: the same bytes, a key taken out, a name that got the prefix, or a new line from setup."""
    old, new = before.split(b"\n"), after.split(b"\n")
    at = 0
    for line in old[:-1] if not old[-1] else old:
        while at < len(new) and new[at] != line and PUT_IN.fullmatch(new[at] + b"\n"):
            at += 1
        name = name_of(line)
        here = new[at] if at < len(new) else None
        if here is not None and here.rstrip(b"\r") == line.rstrip(b"\r"):
            at += 1
        elif name in RENAMED and here is not None:
            # the prefix, and then the very bytes that stood there
            assert here.rstrip(b"\r") == (
                b"awsvault_" + name + line[len(line.partition(b"=")[0].rstrip()) :]
            ).rstrip(b"\r")
            at += 1
        else:
            assert name in KEYS, (line, here)
    tail = b"\n".join(new[at:])
    assert re.fullmatch(rb"(\s|\[(profile )?[\w.-]+\]|" + PUT_IN.pattern + rb")*", tail), tail[:200]


def holds(lived) -> None:
    files, taken, plan = moved_in(lived)
    assert not taken.skipped
    changes = {change.path: change for change in plan.changes(files)}
    after = {path: change.after for path, change in changes.items()}
    config, credentials = after["config"], after.get("credentials", lived.credentials)
    for secret in {secret for _, secret in lived.keys.values()}:
        assert secret.encode() not in config + credentials
    only_the_touched_keys_changed(lived.config, config)
    only_the_touched_keys_changed(lived.credentials, credentials)
    for change in changes.values():
        again = Document(change.after, path=change.path, kind=change.path)
        assert revert(again, change.hunks, exact=True) == change.before
    entries = {moved.entry: moved for moved in taken.keys}
    assert len(entries) == len(
        set(lived.keys.values())
    )  # one entry for each key, however many profiles share it
    now = files_of(config, credentials)
    second = setup.Setup(now, env={}, words=(COMMAND,), has_entry=lambda name: name in entries).run(())
    assert second.changes(now) == []
    for name in (*lived.keys, *lived.roles):
        chain = resolve(now.merged, name, env={}, has_entry=lambda name: name in entries)
        assert isinstance(chain.source, VaultKey)
        key = entries[chain.source.entry].key
        pair = lived.keys[lived.roles.get(name, name)]
        assert (key.access_key_id, key.secret.reveal_text()) == pair
        assert len(chain.hops) == (name in lived.roles)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", range(4))
def test_five_hundred_profiles_are_moved_and_nothing_else_changes(seed):
    """Comments, order, spacing, CRLF and a missing last line end stay; a second run changes nothing."""
    holds(make(seed))


@given(st.integers(0, 10**9), st.integers(1, 25))
@settings(max_examples=60)
def test_small_files_of_every_kind(seed, profiles):
    """The same for many small files, where every odd thing meets every other."""
    holds(make(seed, profiles=profiles))


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("source_only", [False, True])
@pytest.mark.parametrize("seed", range(20, 23))
def test_setup_alone_changes_nothing_else_either(seed, source_only):
    """Keys that went before (`import --no-setup`), then setup of all or of the sources: undone to the byte, once enough."""
    lived = make(seed)
    files, taken, _ = moved_in(lived)
    taken, gone = key_removal.plan_removal(files, taken, env={}, words=(COMMAND,), known={}, setting_up=False)
    bare = {c.path: c.after for c in gone.changes(files)}
    files = files_of(bare["config"], bare.get("credentials", lived.credentials))
    entries = {moved.entry for moved in taken.keys}

    def planned(of):
        run = setup.Setup(of, env={}, words=(COMMAND,), has_entry=lambda name: name in entries)
        return setup_source_only.run(run, ()) if source_only else run.run(())

    plan = planned(files)
    (change,) = plan.changes(files)
    assert change.path == "config"
    only_the_touched_keys_changed(change.before, change.after)
    renamed = change.after.count(b"awsvault_role_arn") - change.before.count(b"awsvault_role_arn")
    assert (renamed == 0) == source_only
    assert set(plan.done) <= entries if source_only else set(plan.done) >= entries
    again = Document(change.after, path="config", kind="config")
    assert revert(again, change.hunks, exact=True) == change.before
    now = files_of(change.after, files.credentials.data)
    assert planned(now).changes(now) == []


@pytest.mark.usefixtures("untraced")
def test_botocore_reads_the_rest_as_before(tmp_path):
    """By the parser of boto3 and the AWS CLI, every key that was not touched has its value in its profile."""
    lived = make(11)
    files, _, plan = moved_in(lived)
    read = []
    for number, data in enumerate(
        (lived.config, next(c.after for c in plan.changes(files) if c.path == "config"))
    ):
        path = tmp_path / str(number)
        path.write_bytes(data)
        read.append(raw_config_parse(str(path)))
    before, after = read
    touched = {"role_arn", "source_profile", "aws_access_key_id", "aws_secret_access_key"}
    for name, keys in before.items():
        assert {k: v for k, v in keys.items() if k not in touched} == {
            k: v
            for k, v in after[name].items()
            if not k.startswith("awsvault_") and k != "credential_process"
        }
    for name in (*lived.keys, *lived.roles):
        section = after["default" if name == "default" else f"profile {name}"]
        assert section["credential_process"] == f"{COMMAND} export {name}"
        assert not touched & set(section)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", [2, 5])
def test_the_commands_move_five_hundred_profiles_and_back(tmp_path, seed):
    """import, and import --undo: each key is proved once, and both files come back to the byte."""
    from tests.fakes.aws import StandIn

    lived = make(seed)
    world = World()
    for number, pair in enumerate(sorted(set(lived.keys.values()))):
        world.add_user(f"user{number}", key=pair)
    with StandIn(world) as aws:
        home = Home(tmp_path / "home", url=aws.url)
        paths = (home.config_path, os.path.join(os.path.dirname(home.config_path), "credentials"))
        for path, data in zip(paths, (lived.config, lived.credentials), strict=True):
            with open(path, "wb", opener=lambda p, f: os.open(p, f, 0o600)) as file:
                file.write(data)
        done = home.run("import", "--yes")
        assert done.returncode == 0, done.stderr
        assert aws.calls.count("GetCallerIdentity", result="ok") == len(set(lived.keys.values()))
        for path, data in zip(paths, (lived.config, lived.credentials), strict=True):
            with open(path, "rb") as file:
                now = file.read()
            assert now != data
            only_the_touched_keys_changed(data, now)
        everything = done.stdout + done.stderr
        assert not any(secret in everything for _, secret in lived.keys.values())
        assert home.run("import", "--yes").stderr.endswith("There are no keys to import.\n")
        assert home.run("setup").stderr.splitlines()[-1].startswith("Nothing to change")
        name = next(iter(lived.keys))
        assert home.export(name)["AccountId"] == "111111111111"
        assert home.run("import", "--undo", "--yes").returncode == 0
        for path, data in zip(paths, (lived.config, lived.credentials), strict=True):
            with open(path, "rb") as file:
                assert file.read() == data


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("indent", [b"    ", b"\t"])
@pytest.mark.parametrize("seed", range(30, 33))
def test_files_that_are_indented_throughout_are_moved_as_others(seed, indent):
    """The same files further to the right come out further to the right, and nothing else differs."""
    plain = make(seed, profiles=60)

    def shifted(data):
        return re.sub(rb"(?m)^(?=[^\r\n])", indent, data)

    def back(data):
        return re.sub(rb"(?m)^" + indent, b"", data)

    lived = plain._replace(config=shifted(plain.config), credentials=shifted(plain.credentials))
    for before, wanted in zip(
        moved_in(lived)[2].changes(files_of(*lived[:2])),
        moved_in(plain)[2].changes(files_of(*plain[:2])),
        strict=True,
    ):
        assert back(before.after) == wanted.after
        again = Document(before.after, path=before.path, kind=before.path)
        assert revert(again, before.hunks, exact=True) == before.before
