"""Hosts that are not AWS's own, and the commands that would believe them: rotate, panic, mfa and import."""

from __future__ import annotations

import json
import os
import pathlib
from dataclasses import replace
from subprocess import CompletedProcess

import pytest

from tests.fakes import webidentity
from tests.fakes.example import ISSUER, KEY_ID, SECRET, SERIAL, SSO_TOKEN, role
from tests.home import PASSPHRASE, Home, failed
from tests.unit.aws.provider_context import token_of_the_cli
from tests.vaults import soon
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env

pytestmark = pytest.mark.usefixtures("inside")

NAME = "shared-services"
LISTED = "trusted_hosts in config.toml lists it"
COMMANDS = [
    ("rotate", NAME, "--yes"),
    ("rotate", NAME, "--dry-run"),
    ("mfa", "enroll", NAME, "--yes"),
    ("mfa", "resync", NAME),
    ("mfa", "remove", NAME, "--deactivate", "--yes"),
]


@pytest.fixture
def ready(home):
    """The README's home with its vault, and a config.toml that trusts no host."""
    home.scenario()
    home.make_vault()
    home.settings("", trusted=())
    return home


@pytest.fixture
def clear(home, ready):
    """The same, with another key in plaintext."""
    path = os.path.join(os.path.dirname(home.config_path), "credentials")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(f"[other]\naws_access_key_id = {OTHER_ID}\naws_secret_access_key = {OTHER}\n")
    home.credentials = path
    return home


OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"


def in_file(home):
    with open(home.credentials, encoding="utf-8") as file:
        return OTHER in file.read()


def entry(home):
    paths = from_env(home.env)
    return vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon()).payload.entries[NAME]


def began_at(home, host):
    """Let the journal say that the rotation began with IAM at ``host`` (None: AWS's own)."""
    paths = from_env(home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())

    def edit(payload):
        found = payload.entries[NAME]
        journal = replace(found.journal, at=host)
        return payload.with_entry(NAME, replace(found, journal=journal))

    vault.edit(paths, opened.k_main, edit, deadline=soon())


def refused(done, code, *said):
    """The two lines of an error, perhaps after the line in which rotate says what it looks at."""
    lines = [line for line in done.stderr.splitlines() if not line.endswith("checking its keys …")]
    failed(CompletedProcess(done.args, done.returncode, done.stdout, "\n".join(lines)), code, *said)


def host_of(aws):
    return aws.url.partition("://")[2]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_STS"])
def test_a_stranger_is_refused_before_it_is_asked(ready, aws, words, variable):
    """Exit 6 names the variable, the URL, the setting and the option; nothing is asked, at AWS neither."""
    env = {"AWS_ENDPOINT_URL": None, variable: aws.url, "HTTPS_PROXY": "http://127.0.0.1:9"}
    before = entry(ready)
    refused(
        ready.run(*words, **env),
        6, f"{variable}: endpoint {aws.url}", "is not AWS's own", f'trusted_hosts = ["{host_of(aws)}"]', "--trust-endpoint",
    )  # fmt: skip
    assert not list(aws.calls)
    assert entry(ready) == before


def test_a_services_section_leads_nowhere_either(ready, aws):
    """The profile of the entry's name may send IAM elsewhere, and its line is named."""
    with open(ready.config_path, encoding="utf-8") as file:
        text = file.read()
    services = f"[profile {NAME}]\nservices = s\n"
    ready.config(
        text.replace(f"[profile {NAME}]\n", services) + f"[services s]\niam =\n  endpoint_url = {aws.url}\n"
    )
    env = {"AWS_ENDPOINT_URL": None, "HTTPS_PROXY": "http://127.0.0.1:9"}
    refused(ready.run("rotate", NAME, "--yes", **env), 6, f"{ready.config_path}:", aws.url, "for IAM")


@pytest.mark.parametrize("how", ["listed", "listed with its port", "option"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_trusted_host_is_named_first(ready, aws, words, how):
    """By the list, or by --trust-endpoint for one run: the first lines of stderr say which host is believed, and why."""
    trusted = {"listed": ("127.0.0.1",), "listed with its port": (host_of(aws),), "option": ()}[how]
    ready.settings("", trusted=trusted)
    if words[:2] == ("mfa", "resync"):
        aws.world.devices[SERIAL].user = aws.world.user("yourself").arn
    done = ready.run(*words, *(["--trust-endpoint"] if how == "option" else []))
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    (told,) = [line for line in lines if host_of(aws) in line]
    assert told.startswith(f"note: {host_of(aws)} answers for AWS (AWS_ENDPOINT_URL)")
    assert ("you gave --trust-endpoint" if how == "option" else LISTED) in told
    assert lines.index(told) <= 1  # after "looking at its keys" at the most


def test_a_panic_goes_on_without_the_stranger(ready, aws):
    """The key is named as NOT inactive, with the host and what to do; sessions are wiped and the vault is locked all the same."""
    done = ready.run("panic", "--yes")
    assert done.returncode == 6
    assert (
        f"NOT inactive: {KEY_ID} of {NAME}: AWS_ENDPOINT_URL: endpoint {aws.url} is not AWS's own"
        in done.stderr
    )
    assert "--trust-endpoint" in done.stderr
    assert "keys are inactive" not in done.stderr
    assert "The vault is locked" in done.stderr
    assert not list(aws.calls)
    assert aws.world.keys[KEY_ID].status == "Active"


@pytest.mark.parametrize("more", [(), ("--trust-endpoint",)], ids=["listed", "option"])
def test_a_key_that_a_stranger_lacks_is_no_success(ready, aws, more):
    """Where an endpoint leads IAM to a host that denies the key, panic never says that it is inactive."""
    ready.settings("", trusted=() if more else ("127.0.0.1",))
    aws.faults.add(
        "UpdateAccessKey", "refuse", code="NoSuchEntity", message="no such key", status=404, times=9
    )
    done = ready.run("panic", "--yes", *more)
    assert done.returncode == 7
    assert (
        f"NOT inactive: {KEY_ID} of {NAME}: {host_of(aws)}, which is not AWS's own host, has no such key"
        in done.stderr
    )
    assert "keys are inactive" not in done.stderr


def test_what_a_stranger_did_is_said_to_be_its_word(ready, aws):
    """A trusted host's answer counts, and the last line says whose it is; a later panic elsewhere does not count it."""
    done = ready.run("panic", "--yes", "--trust-endpoint")
    assert done.returncode == 0, done.stderr
    assert f"1 of 1 keys are inactive, according to {host_of(aws)}, which is not AWS." in done.stderr
    assert ready.run("panic", "--yes", "--trust-endpoint").returncode == 0  # there it is done
    with open(os.path.join(ready.file("state"), "panic"), encoding="ascii") as file:
        assert file.read() == f"{KEY_ID}@{host_of(aws)}"


def test_a_device_that_a_stranger_lacks_stays(ready, aws):
    """`mfa remove --deactivate` forgets no seed because another host than AWS has no such device."""
    aws.faults.add("DeactivateMFADevice", "refuse", code="NoSuchEntity", message="none", status=404, times=9)
    words = ("mfa", "remove", NAME, "--deactivate", "--yes", "--trust-endpoint")
    failed(ready.run(*words), 7, host_of(aws), SERIAL, f"mfa remove {SERIAL}")
    assert json.loads(ready.run("mfa", "list", "--json").stdout)["devices"][0]["seed_stored"]


def test_a_rotation_goes_on_only_where_it_began(ready, aws):
    """An old key that another host lacks is not gone: exit 6 names both hosts, and the journal stays as it is."""
    ready.settings("")
    assert ready.run("rotate", NAME, "--yes").returncode == 0
    held = entry(ready)
    assert (held.journal.step, held.journal.at) == ("grace", host_of(aws))
    for began in (None, "iam.example"):
        began_at(ready, began)
        aws.world.keys.pop(KEY_ID, None)
        held = entry(ready)
        refused(ready.run("rotate", NAME, "--finish", "--yes"), 6, began or "AWS's own host", host_of(aws))
        assert entry(ready) == held
    began_at(ready, host_of(aws))
    assert ready.run("rotate", NAME, "--finish", "--yes").returncode == 0
    assert entry(ready).journal is None


def test_an_import_scrubs_nothing_on_a_strangers_word(clear, aws):
    """Exit 6, and the key stays in its file; named and believed with the list or the option."""
    failed(clear.run("import", "--yes"), 6, "AWS_ENDPOINT_URL", aws.url, "for STS", "--trust-endpoint")
    assert in_file(clear)
    assert not list(aws.calls)
    done = clear.run("import", "--yes", "--trust-endpoint")
    assert done.returncode == 0, done.stderr
    assert f"note: {host_of(aws)} answers for AWS (AWS_ENDPOINT_URL)" in done.stderr
    assert not in_file(clear)


@pytest.mark.parametrize("more", ["--keep", "--no-verify", "--dry-run"])
def test_an_import_that_believes_nobody_goes_on(clear, more):
    """Nothing is taken out, or nobody is asked."""
    done = clear.run("import", "--yes", more)
    assert done.returncode == 0, done.stderr
    assert in_file(clear) is (more != "--no-verify")


PORTAL = """\
[profile a]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = PortalRole
[sso-session corp]
sso_region = us-east-1
sso_start_url = https://corp.example/start
"""
WEB = "[profile a]\nregion = us-east-1\nrole_arn = {role}\nweb_identity_token_file = {path}\n"


@pytest.mark.parametrize("kind", ["portal", "web identity"])
def test_a_bearer_token_goes_to_no_stranger(ready, aws, tmp_path, kind):
    """export and exec: exit 6 names the host, and nothing is sent; with the list, not a word."""
    if kind == "portal":
        ready.config(PORTAL)
        token_of_the_cli(pathlib.Path(ready.root), "corp", token=SSO_TOKEN)
    else:
        path = tmp_path / "token"
        path.write_text(webidentity.make(aws.world, issuer=ISSUER, subject="repo:example"))
        path.chmod(0o600)
        ready.config(WEB.format(role=role("WebRole"), path=path))
    for words in (("export", "a"), ("exec", "a", "--", "true"), ("login", "a", "--print")):
        failed(ready.run(*words), 6, "AWS_ENDPOINT_URL", aws.url, f'trusted_hosts = ["{host_of(aws)}"]')
    assert not list(aws.calls)
    ready.settings("")
    assert ready.export("a")["AccountId"] == "222222222222"
    done = Home.run(ready, "exec", "a", "--", "true")
    assert (done.returncode, done.stderr) == (0, "")


def test_other_calls_go_to_any_endpoint(ready, aws):
    """export, exec, whoami and add are as before: there a stranger learns a key id and a code."""
    assert ready.export("dev")["AccountId"] == "222222222222"
    assert Home.run(ready, "exec", "dev", "--", "true").returncode == 0
    assert ready.run("whoami", "dev").returncode == 0
    given = json.dumps({"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
    done = ready.run("add", "again", "--stdin", stdin=given)
    assert done.returncode == 0, done.stderr
    assert "AWS was not asked" not in done.stderr


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_that_is_no_regions_name_leads_nowhere(home, variable):
    """A region is a part of a host's name: one with a slash would make the rest of the address somebody else's."""
    key = json.dumps({"AccessKeyId": OTHER_ID, "SecretAccessKey": OTHER})
    odd = {variable: "127.0.0.1:9/x", "AWS_ENDPOINT_URL": None}
    failed(home.run("add", "other", "--stdin", stdin=key, **odd), 6, variable, "127.0.0.1:9/x")
    env = {"AWS_ACCESS_KEY_ID": OTHER_ID, "AWS_SECRET_ACCESS_KEY": OTHER}
    failed(home.run("whoami", **odd, **env), 6, variable, "127.0.0.1:9/x")
