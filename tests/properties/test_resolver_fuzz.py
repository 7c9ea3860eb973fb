"""Whatever is in AWS's files: a chain or one of the program's errors, soon, and nothing is read but the two files.

RESOLUTION_FUZZ says how many files each test tries: 300, and 5,000 in scripts/compare-resolution.
"""

import builtins
import os
import tempfile
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.unit.profiles.files import Durations
from vault import errors
from vault.inspect import explain_text, sdk_view
from vault.inspect.chain_json import document
from vault.profiles.aws_files import decode, load, merge
from vault.profiles.chain import StaticKeys
from vault.profiles.digest import digest
from vault.profiles.ini_parser import parse
from vault.profiles.plan import plan
from vault.profiles.resolve import check, resolve
from vault.profiles.unread_keys import misspelled, unread
from vault.text import ascii_safe

EXAMPLES = int(os.environ.get("RESOLUTION_FUZZ", "300"))
MANY = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
MODES = (
    {"has_entry": None},
    {"has_entry": None, "guess": False},
    {"has_entry": lambda name: len(name) % 2 == 0},
    {"has_entry": lambda _: False},
    {"as_sdk": True},
)

NAMES = st.sampled_from(["a", "b", "c", "default", "my dev", "", "x" * 70, "é", "a]", "../x", "\x1b[31m"])
KEYS = st.sampled_from(
    ["role_arn", "source_profile", "credential_source", "credential_process", "web_identity_token_file",
     "web_identity_token_process", "sso_session", "sso_account_id", "sso_role_name", "sso_region", "sso_start_url",
     "login_session", "mfa_serial", "mfa_process", "external_id", "duration_seconds", "region", "services",
     "include_profile", "session_tags", "transitive_session_tags", "source_identity", "endpoint_url",
     "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "sts_regional_endpoints", "credential",
     "session", "session_duration", "confirm", "max_duration", "read_only", "environment", "no_such_key"]
)  # fmt: skip
VALUES = st.one_of(
    NAMES,
    st.text(max_size=12),
    st.sampled_from(
        ["arn:aws:iam::222222222222:role/R", "arn:aws:iam::222222222222:mfa/me", "arn:::::", "Environment",
         "Ec2InstanceMetadata", "EcsContainer", "awsvault-py export a", "awsvault-py export 'my dev' --no-session",
         "python -m vault export b", "awsvault-py", "'", "tool\\", "900", "43200", "1" * 400, "-1", "12h", "true",
         "off", "us-east-1", "cn-north-1", "-", "http://", "https://x:y@[", "a=b,c=d", "=", ",", "\ud7ff", "always"]
    ),
)  # fmt: skip
LINES = st.one_of(
    st.tuples(st.sampled_from(["profile ", "", "sso-session ", "services ", "profile\t"]), NAMES).map(
        lambda found: f"[{found[0]}{found[1]}]"
    ),
    NAMES.map(lambda name: f'[profile "{name}"]'),
    st.tuples(st.sampled_from(["", "awsvault_"]), KEYS, st.sampled_from([" = ", "=", " : "]), VALUES).map(
        "".join
    ),
    VALUES.map(lambda value: f"  {value} = {value}"),
    st.text(max_size=20),
    st.sampled_from(
        ["", "#", "; x", "sts =", "  endpoint_url = http://localhost:1", "\ufeff", "\x00", "[" * 50]
    ),
)
FILES = st.lists(LINES, max_size=30).map("\n".join)
# Most lines of a random file break it; these files are mostly whole, so that resolution is reached.
WHOLE = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "default"]),
        st.lists(st.tuples(st.sampled_from(["", "awsvault_"]), KEYS, VALUES), max_size=6),
    ),
    max_size=5,
).map(
    lambda sections: "".join(
        f"[profile {name}]\n" + "".join(f"{p}{k} = {' '.join(v.split())}\n" for p, k, v in keys)
        for name, keys in sections
    )
)
ENVIRONMENTS = st.dictionaries(
    st.sampled_from(["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
                     "AWS_STS_REGIONAL_ENDPOINTS", "AWS_SESSION_TOKEN", "AWS_USE_FIPS_ENDPOINT"]),
    VALUES, max_size=2,
)  # fmt: skip


def everything(config, env):
    """All that is made of a file without asking anybody."""
    for name in [*config.profiles, "nobody"]:
        for mode in MODES:
            try:
                chain = resolve(config, name, env=env, **mode)
                planned = plan(chain, Durations())
                document(chain, planned)
                explain_text.source(chain, home="/home/me", vault=True)
                key = chain.source.access_key_id if isinstance(chain.source, StaticKeys) else None
                assert len(digest(chain.source, planned.links, vault_id=bytes(16), access_key_id=key)) == 32
                check(chain)
            except errors.Error as error:
                assert isinstance(error, errors.NotFound | errors.ConfigError)
                assert ascii_safe(error.message).isprintable()
                assert "\n" not in error.message
                assert "\x1b" not in error.message
        sdk_view.what_sdks_do(config, name, env=env, home="/home/me")
        try:
            profile = config.profile(name)
        except errors.ConfigError:
            continue
        if profile is not None:
            misspelled(profile)
            unread(config, profile)


@MANY
@given(FILES | WHOLE, FILES, ENVIRONMENTS)
@example("[profile a]\nrole_arn = x\nsource_profile = a\ncredential_process = awsvault-py export a\n", "", {})
@example("[profile a]\ninclude_profile = b\n[profile b]\ninclude_profile = a\n", "", {})
def test_files(config, credentials, env):
    """Any two files give chains or errors of the program, and each error's text is one harmless line."""
    started = time.process_time()
    try:
        found = merge(
            parse(config, path="config", kind="config"),
            parse(credentials, path="credentials", kind="credentials"),
        )
    except errors.ConfigError as error:
        assert error.message.partition(":")[0] in ("config", "credentials")
        return
    everything(found, env)
    assert time.process_time() - started < 5  # a file of thirty lines takes milliseconds


@MANY
@given(WHOLE, ENVIRONMENTS)
def test_whole_files(config, env):
    """The same for files whose grammar is right, where resolution goes further."""
    everything(
        merge(parse(config, path="config", kind="config"), parse("", path="credentials", kind="credentials")),
        env,
    )


@MANY
@given(st.binary(max_size=400))
def test_bytes(data):
    """Bytes that are no text are refused with their place."""
    try:
        text = decode(data, path="f")
    except errors.ConfigError as error:
        assert error.message.startswith("f:")
        return
    try:
        parse(text, path="f", kind="config")
    except errors.ConfigError as error:
        assert error.message.startswith("f:")


@pytest.fixture
def opened(monkeypatch):
    """Every path that is opened, by whatever way."""
    paths = []
    for module, name in ((os, "open"), (builtins, "open")):
        real = getattr(module, name)
        monkeypatch.setattr(
            module,
            name,
            lambda path, *a, _real=real, **k: (paths.append(os.fspath(path)), _real(path, *a, **k))[1],
        )
    return paths


def test_only_the_two_files(opened):
    """Reading and resolving opens the two files and nothing that they name."""
    text = (
        "[profile a]\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = b\nca_bundle = /etc/passwd\n"
        "[profile b]\nweb_identity_token_file = /etc/passwd\nrole_arn = arn:aws:iam::222222222222:role/R\n"
        "[profile c]\ncredential_process = /bin/cat /etc/passwd\n"
    )
    with tempfile.TemporaryDirectory() as home:
        os.mkdir(os.path.join(home, ".aws"))
        with open(os.path.join(home, ".aws", "config"), "w", encoding="utf-8") as file:
            file.write(text)
        opened.clear()
        config = load({"HOME": home})
        everything(config, {})
        assert sorted(opened) == [os.path.join(home, ".aws", name) for name in ("config", "credentials")]
