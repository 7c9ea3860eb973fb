"""Profile graphs from a seed, and what botocore makes of one: its chain, read off its own objects without a call.

A graph is the text of both files. Some are written twice: for us with prefixed keys, for botocore without.
"""

import os
import random
from functools import cache

import botocore.session
from botocore import credentials as theirs
from botocore import exceptions

NAMES = ("default", "a", "b", "c", "d", "my-dev", "team/x")
ROLES = [f"arn:aws:iam::{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}:role/R{n}" for n in range(1, 6)]
PREFIXED = ("role_arn", "source_profile", "credential_source", "web_identity_token_file", "sso_session", "mfa_serial",
            "sso_account_id", "sso_role_name", "sso_region", "sso_start_url", "external_id", "duration_seconds",
            "role_session_name")  # fmt: skip


class Graph:
    """``config`` and ``credentials`` by section and key; ``plain`` is the text that botocore reads, ``prefixed`` the program's."""

    def __init__(self, seed):
        self.seed = seed
        self.rng = rng = random.Random(seed)
        self.names = rng.sample(NAMES, rng.randint(1, 5))
        self.config = {name: {} for name in self.names}
        self.credentials = {}
        for name in self.names:
            self.fill(name)
        for name in rng.sample(self.names, rng.randint(0, len(self.names) // 2)):
            if rng.random() < 0.4:
                self.move(name)
        self.sessions = {"corp": {"sso_start_url": "https://corp.example/start", "sso_region": "us-east-1"}}
        if rng.random() < 0.1:
            self.sessions["corp"].pop(rng.choice(["sso_start_url", "sso_region"]))

    def fill(self, name):
        rng, keys = self.rng, self.config[name]
        if rng.random() < 0.55:
            self.role(keys)
        if rng.random() < 0.5:
            self.static(keys)
        if rng.random() < 0.15:
            self.sso(keys)
        if rng.random() < 0.12:
            keys["web_identity_token_file"] = rng.choice(["/tokens/one", "two.jwt", ""])
        if rng.random() < 0.2:
            keys["credential_process"] = rng.choice(
                ["/bin/tool --for x", "tool 'a b'", "op get key", "op get key", "op '", ""]
            )
        if rng.random() < 0.05:
            keys["login_session"] = "arn:aws:sts::111111111111:user"
        if rng.random() < 0.3:
            keys["region"] = rng.choice(["us-east-1", "eu-west-1"])

    def role(self, keys):
        rng = self.rng
        keys["role_arn"] = rng.choice(ROLES)
        if rng.random() < 0.8:
            keys["source_profile"] = rng.choice([*self.names, *self.names, *self.names, "missing"])
        if rng.random() < (0.05 if "source_profile" in keys else 0.8):
            sources = ["Environment", "Ec2InstanceMetadata", "EcsContainer"]
            keys["credential_source"] = rng.choice([*sources, *sources, *sources, "environment", "Vault"])
        if rng.random() < 0.3:
            keys["mfa_serial"] = "arn:aws:iam::111111111111:mfa/yourself"
        if rng.random() < 0.2:
            keys["external_id"] = "ext-1"
        if rng.random() < 0.2:
            keys["role_session_name"] = "me@example.com"
        if rng.random() < 0.3:
            keys["duration_seconds"] = rng.choice(["900", "3600", "43200", "7200", "ten", "-1", "100000", ""])

    def static(self, keys):
        rng = self.rng
        number = rng.randint(1, 9)
        if rng.random() < 0.96:
            keys["aws_access_key_id"] = f"AKIAIOSFODNN7EXAMPL{number}"
        if rng.random() < 0.96:
            keys["aws_secret_access_key"] = f"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE{number}"
        if rng.random() < 0.3:
            keys[rng.choice(["aws_session_token", "aws_security_token"])] = f"token{number}"

    def sso(self, keys):
        rng = self.rng
        keys.update({"sso_account_id": "111111111111", "sso_role_name": "Reader"})
        if rng.random() < 0.5:
            keys["sso_session"] = rng.choice(["corp", "corp", "gone"])
        if "sso_session" not in keys or rng.random() < 0.2:
            keys["sso_start_url"] = rng.choice(["https://corp.example/start", "https://old.example/start"])
            keys["sso_region"] = "us-east-1"
        if rng.random() < 0.2:
            keys.pop(rng.choice(["sso_account_id", "sso_role_name"]))
            if rng.random() < 0.5:
                keys.pop("sso_account_id", keys.pop("sso_role_name", None))

    def move(self, name):
        """Some of a profile's keys go to the credentials file, some stand in both."""
        for key, value in list(self.config[name].items()):
            if self.rng.random() < 0.5:
                self.credentials.setdefault(name, {})[key] = value
                if self.rng.random() < 0.8:
                    del self.config[name][key]
        if self.rng.random() < 0.3:
            del self.config[name]
            self.credentials.setdefault(name, {})

    def texts(self, *, prefixed):
        """Both files. ``prefixed``: some keys carry our prefix, beside another value that must not count."""
        rng = random.Random(self.seed + 1)
        return (
            self.text(self.config, rng, prefixed=prefixed, prefix="profile ")
            + "".join(
                f"[sso-session {name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
                for name, keys in self.sessions.items()
            ),
            self.text(self.credentials, rng, prefixed=prefixed, prefix=""),
        )

    @staticmethod
    def text(sections, rng, *, prefixed, prefix):
        lines = []
        for name, keys in sections.items():
            lines.append(f"[{prefix if name != 'default' else ''}{name}]")
            for key, value in keys.items():
                if prefixed and key in PREFIXED and rng.random() < 0.5:
                    lines.append(f"awsvault_{key} = {value}")
                else:
                    lines.append(f"{key} = {value}")
        return "\n".join(lines) + "\n"


class _Recorded:
    """A credential_process that is not run."""

    returncode = 0

    def __init__(self, command, **_):
        self.command = command
        command[0]  # what starting an empty command comes to

    def communicate(self):
        raise _Stop("process", tuple(self.command))


class _Stop(Exception):
    def __init__(self, *found):
        super().__init__(*found)
        self.found = found


class _Named:
    """credential_source without asking anybody."""

    def __init__(self):
        self.names = ("Environment", "EcsContainer", "Ec2InstanceMetadata")

    def is_supported(self, name):
        return name in self.names

    def source_credentials(self, name):
        return _Stopped(("named", name))


class _Stopped:
    """Credentials that only say where they are from."""

    method = "stopped"

    def __init__(self, found):
        self.found = found


def _patched(providers):
    """botocore's providers, none of which runs or asks anything."""
    for provider in providers:
        if isinstance(provider, theirs.ProcessProvider):
            provider._popen = _Recorded
            provider.load = _process(provider)
        elif isinstance(provider, theirs.LoginProvider):
            provider.load = _login(provider)
    return providers


def _process(provider):
    load = type(provider).load

    def run():
        try:
            return load(provider)
        except _Stop as stop:
            return _Stopped(stop.found)

    return run


def _login(provider):
    def run():
        profile = provider._load_config().get("profiles", {}).get(provider._profile_name, {})
        return _Stopped(("login", profile["login_session"])) if "login_session" in profile else None

    return run


@cache
def _session():
    """One botocore session for all: making one costs more than reading two files."""
    return botocore.session.Session(include_builtin_handlers=False)


def session_of(config_path, credentials_path):
    """A botocore session of these two files and of nothing else; the one before is over."""
    session = _session()
    session._config = session._profile_map = None  # what it read before
    session.set_config_variable("config_file", config_path)
    session.set_config_variable("credentials_file", credentials_path)
    return session


def chain_of_botocore(session, name):
    """("chain", source, hops) or ("error", text): what botocore would do for ``--profile name``."""
    try:
        if name not in session.full_config["profiles"]:
            return "error", "no such profile"
        build = theirs.ProfileProviderBuilder(session, cache={})
        provide = build.providers
        build.providers = lambda *found, **named: _patched(provide(*found, **named))
        roles = theirs.AssumeRoleProvider(
            load_config=lambda: session.full_config,
            client_creator=None,
            cache={},
            profile_name=name,
            credential_sourcer=_Named(),
            profile_provider_builder=build,
        )
        # The order of create_credential_resolver for an explicit profile, without what asks the machine around it.
        keep = [roles, *build.providers(profile_name=name, disable_env_vars=True)]
        found = theirs.CredentialResolver(keep).load_credentials()
    except (exceptions.BotoCoreError, IndexError, ValueError) as error:
        return "error", f"{type(error).__name__}: {error}"
    if found is None:
        return "error", "no credentials"
    return ("chain", *_unwound(found))


def _unwound(found):
    """The source and the roles of botocore's nested credentials, source first."""
    hops = []
    while found.method == "assume-role":
        refresh = found._refresh_using
        fetcher = getattr(refresh, "__self__", None) or _inner(refresh)
        kwargs = dict(fetcher._assume_kwargs)
        if fetcher._using_default_session_name:
            del kwargs["RoleSessionName"]
        hops.append(tuple(sorted(kwargs.items())))
        found = fetcher._source_credentials
    return _source(found), tuple(reversed(hops))


def _inner(refresh):
    """The fetcher inside the refresher that botocore wraps around one with MFA."""
    return refresh._refresh.__self__


def _source(found):
    if isinstance(found, _Stopped):
        return found.found
    if found.method == "sso":
        f = found._refresh_using.__self__
        return "sso", f._sso_session_name, f._start_url, f._sso_region, f._account_id, f._role_name
    if found.method == "assume-role-with-web-identity":
        f = found._refresh_using.__self__
        kwargs = dict(f._assume_kwargs)
        if f._using_default_session_name:
            del kwargs["RoleSessionName"]
        return "web", f._web_identity_token_loader._web_identity_token_path, tuple(sorted(kwargs.items()))
    return "static", found.access_key, found.secret_key, found.token


def chain_of_awsvault_py(chain):
    """The same shape from a Chain."""
    from vault.profiles import chain as c
    from vault.profiles.command_words import split

    s = chain.source
    match s:
        case c.StaticKeys():
            token = s.token.reveal_text() if s.token else None
            source = ("static", s.access_key_id, s.secret.reveal_text(), token)
        case c.Process():
            source = ("process", tuple(split(s.command)))
        case c.WebIdentity():
            kwargs = {"RoleArn": s.role_arn}
            if s.role_session_name is not None:
                kwargs["RoleSessionName"] = s.role_session_name
            source = ("web", s.token_file, tuple(sorted(kwargs.items())))
        case c.Sso() if s.account_id is None or s.role_name is None:
            return "error", "IAM Identity Center, and not complete"
        case c.Sso():
            source = ("sso", s.session, s.start_url, s.region, s.account_id, s.role_name)
        case c.Login():
            source = ("login", s.session)
        case c.NamedSource():
            source = ("named", s.name)
        case _:
            source = ("vault", s.entry)
    hops = []
    for hop in chain.hops:
        sent = {
            "RoleArn": hop.role_arn,
            "RoleSessionName": hop.role_session_name,
            "ExternalId": hop.external_id,
            "SerialNumber": hop.mfa_serial,
            "DurationSeconds": hop.duration_seconds,
        }
        hops.append(tuple(sorted((key, value) for key, value in sent.items() if value is not None)))
    return "chain", source, tuple(hops)


def write(folder, texts):
    """Both files under ``folder``; their paths."""
    paths = [os.path.join(folder, name) for name in ("config", "credentials")]
    for path, text in zip(paths, texts, strict=True):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return paths
