"""From profiles to chains: which source wins, loops, prefixes, the vault, and every refusal with its place."""

import pytest

from tests.unit.profiles.files import DEV, KEYS, PROD, SCENARIO, USER, chain_of
from vault import errors
from vault.profiles.chain import NamedSource, Process, StaticKeys, VaultKey


class TestScenario:
    @pytest.mark.parametrize("entries", [("shared-services",), None])
    def test_dev(self, entries):
        """The README's role: the vault's key and one hop, whether or not the vault's entries are known."""
        chain = chain_of("dev", SCENARIO, entries=entries)
        assert chain.path == ("dev", "shared-services")
        assert (chain.source.entry, chain.source.assumed) == ("shared-services", entries is None)
        assert [hop.role_arn for hop in chain.hops] == [DEV]
        assert (chain.region, chain.mfa_serial) == ("us-west-2", USER)
        assert str(chain.hops[0].origin("role_arn")) == "config:9"
        assert str(chain.mfa_origin) == "config:4"

    @pytest.mark.parametrize("entries", [("shared-services",), None])
    def test_source_itself(self, entries):
        """The source profile is the vault's key without a hop."""
        chain = chain_of("shared-services", SCENARIO, entries=entries)
        assert isinstance(chain.source, VaultKey)
        assert chain.hops == ()

    def test_default_and_plain_roles(self):
        """Keys of [default], and roles that name it in AWS's own form."""
        text = f"[default]\nregion = eu-west-1\n[profile dev]\nrole_arn = {DEV}\nsource_profile = default\n"
        chain = chain_of("dev", text, entries=("default",))
        assert (chain.source.entry, chain.source_endpoint.region) == ("default", "eu-west-1")
        assert chain_of("dev", text, entries=None).source.entry == "default"

    def test_entry_without_a_section(self):
        """An entry without a profile in any file: by its own name, and as a source profile."""
        text = f"[profile dev]\nrole_arn = {DEV}\nsource_profile = default\n"
        assert chain_of("default", text, entries=("default",)).source.entry == "default"
        assert chain_of("dev", text, entries=("default",)).source.entry == "default"

    def test_no_vault_yet(self):
        """Without a vault, a key is assumed only if the files say so."""
        assert chain_of("dev", SCENARIO, entries=None, guess=False).source.assumed
        with pytest.raises(errors.ConfigError, match="has no credentials"):
            chain_of("a", "[profile a]\nregion = eu-west-1\n", entries=None, guess=False)


class TestVaultKey:
    def test_named_credential(self):
        """awsvault_credential names the entry if its name is not the profile's, also beside a role."""
        assert chain_of("a", "[profile a]\nawsvault_credential = k\n").source.entry == "k"
        chain = chain_of(
            "a", f"[profile a]\nawsvault_credential = k\nrole_arn = {DEV}\nmfa_serial = {USER}\n"
        )
        assert (chain.source.entry, len(chain.hops), chain.mfa_serial) == ("k", 1, USER)

    def test_entry_beats_other_sources(self):
        """A profile with an entry of its name is that key, whatever else it has."""
        text = f"[profile a]\n{KEYS}web_identity_token_file = /t\ncredential_process = x\n"
        assert isinstance(chain_of("a", text, entries=("a",)).source, VaultKey)

    def test_entry_ends_a_chain_as_static_keys_do(self):
        """As a source profile it is that key, without its role; if it is selected, its role is assumed."""
        text = (
            f"[profile a]\nrole_arn = {DEV}\nsource_profile = b\n"
            f"[profile b]\nrole_arn = {PROD}\nsource_profile = c\n[profile c]\n{KEYS}"
        )
        assert chain_of("a", text, entries=("b",)).path == ("a", "b")
        assert chain_of("b", text, entries=("b",)).path == ("b", "c")

    def test_role_that_calls_awsvault_py_stays_a_role(self):
        """As a source profile, it gives what its export gives: the role, even with an entry of its name."""
        text = SCENARIO + f"[profile x]\nrole_arn = {PROD}\nsource_profile = dev\n"
        for entries in (None, ("shared-services",), ("shared-services", "dev")):
            chain = chain_of("x", text, entries=entries)
            assert [hop.role_arn for hop in chain.hops] == [DEV, PROD]

    def test_self_reference(self):
        """A profile may be its own source if it is a key."""
        text = f"[profile a]\nrole_arn = {DEV}\nsource_profile = a\n"
        assert chain_of("a", text, entries=("a",)).source.entry == "a"
        assert isinstance(chain_of("a", text + KEYS).source, StaticKeys)
        exports_a = "credential_process = awsvault-py export a\n"
        assert chain_of("a", text + exports_a, entries=None).source.entry == "a"
        for entries in ((), None):
            with pytest.raises(errors.ConfigError, match="profile loop: a -> a"):
                chain_of("a", text, entries=entries)

    def test_missing_entry(self):
        """A profile that calls awsvault-py, and a vault without its key: the hint adds the key."""
        with pytest.raises(errors.ConfigError, match=r"config:1: .* calls awsvault-py, but") as caught:
            chain_of("shared-services", SCENARIO)
        assert caught.value.hint == "run: awsvault-py add shared-services"

    def test_alias(self):
        """A profile whose command exports another profile has that profile's chain."""
        text = SCENARIO + "[profile d]\ncredential_process = /x/awsvault-py export dev\nregion = eu-north-1\n"
        chain = chain_of("d", text, entries=("shared-services",))
        assert chain.path == ("d", "dev", "shared-services")
        assert (chain.region, chain.hops[0].role_arn) == ("eu-north-1", DEV)

    @pytest.mark.parametrize("entries", [(), ("b",)])
    def test_alias_of_a_key_with_a_role(self, entries):
        """`export b` assumes b's role, and an alias of b gives the same. b as a source profile is its key, without the role."""
        key = KEYS if not entries else ""
        b = f"[profile b]\n{key}role_arn = {PROD}\nsource_profile = c\n[profile c]\n{KEYS}"
        alias = "[profile a]\ncredential_process = awsvault-py export b\n"
        chain = chain_of("a", alias + b, entries=entries)
        assert (chain.path, [hop.role_arn for hop in chain.hops]) == (("a", "b", "c"), [PROD])
        role = f"role_arn = {DEV}\nsource_profile = b\n"
        chain = chain_of("a", alias + role + b, entries=entries)
        assert (chain.path, [hop.role_arn for hop in chain.hops]) == (("a", "b"), [DEV])
        assert isinstance(chain.source, VaultKey if entries else StaticKeys)

    def test_source_that_exports_itself_assumes_its_role(self):
        """As a source profile, b's own command decides: its role comes before its key, as in `export b`."""
        b = f"[profile b]\ncredential_process = awsvault-py export {{}}\n{KEYS}role_arn = {PROD}\nsource_profile = c\n"
        text = f"[profile a]\nrole_arn = {DEV}\nsource_profile = b\n{b}[profile c]\n{KEYS}"

        def roles(exported):
            return {hop.role_arn for hop in chain_of("a", text.format(exported)).hops}

        assert roles("b") == {DEV, PROD}
        assert roles("c") == {DEV}

    def test_loop_of_aliases(self):
        """Two profiles whose commands export each other are a loop, not an endless run."""
        text = (
            "[profile a]\ncredential_process = awsvault-py export b\n"
            "[profile b]\ncredential_process = python -m vault export a\n"
        )
        with pytest.raises(errors.ConfigError, match="profile loop: a -> b -> a"):
            chain_of("a", text, entries=("x",))

    def test_alias_of_a_missing_profile(self):
        """It is one of our errors."""
        with pytest.raises(errors.ConfigError):
            chain_of("a", "[profile a]\ncredential_process = awsvault-py export gone\n")

    def test_another_command_of_awsvault_py(self):
        """Anything but an export is a mistake with its line."""
        with pytest.raises(
            errors.ConfigError, match=r"config:2: credential_process .*awsvault-py export PROFILE"
        ):
            chain_of("a", "[profile a]\ncredential_process = awsvault-py login a\n")

    def test_settings(self):
        """The key's profile says whether there is a session, and for how long."""
        text = SCENARIO.replace(
            "region = us-east-1\n", "awsvault_session_duration = 4h\nawsvault_session = off\n"
        )
        chain = chain_of("dev", text, entries=("shared-services",))
        assert (chain.session, chain.session_duration) == (False, 14_400)
        text = SCENARIO.replace("export shared-services", "export shared-services --no-session")
        assert not chain_of("dev", text, entries=("shared-services",)).session


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (
                f"role_arn = {DEV}\nsource_profile = b\ncredential_source = Environment\n",
                "config:4: .* has both",
            ),
            (f"role_arn = {DEV}\n", "config:2: .* neither"),
            (f"role_arn = {DEV}\nsource_profile = gone\n", "config:3: .* 'gone'"),
            (f"role_arn = {DEV}\ncredential_source = environment\n", "config:3: .* is not one of"),
            ("web_identity_token_file = /t\n", "config:2: .* no role_arn"),
            ("sso_account_id = 1\n", "config:2: .* lacks sso_role_name, sso_start_url, sso_region"),
            (
                "sso_account_id = 1\nsso_role_name = r\nsso_session = s\n",
                r"config:4: there is no \[sso-session s\]",
            ),
            ("credential_process =\n", "config:2: credential_process is empty"),
            ("credential_process = a 'b\n", "config:2: .* a quotation mark is not closed"),
            (KEYS + "region = ../x\n", "config:4: region"),
            (KEYS + "region = a\n  b\n", "config:4: region spans several lines"),
            (
                KEYS + "awsvault_session = perhaps\n",
                "config:4: awsvault_session must be on or off, not 'perhaps'",
            ),
            (
                KEYS + "awsvault_session_duration = 1d\n",
                "config:4: awsvault_session_duration must be a number of seconds",
            ),
            (KEYS + "awsvault_max_duration = 60\n", "config:4: awsvault_max_duration must be 900 to"),
            (KEYS + "services = s\n", r"config:4: there is no \[services s\]"),
        ],
    )
    def test_with_place(self, text, said):
        """Each is a ConfigError with its line."""
        with pytest.raises(errors.ConfigError, match=said):
            chain_of("a", f"[profile a]\n{text}")

    @pytest.mark.parametrize("value", ["ten", "-1", "899", "43201", "1e3", "3600.0", "٣٦٠٠", "", "9" * 30])
    def test_durations(self, value):
        """A duration that AWS's tools would silently drop, or that AWS would refuse, is an error with its line."""
        with pytest.raises(errors.ConfigError, match="config:4: duration_seconds"):
            chain_of(
                "a",
                f"[profile a]\nrole_arn = {DEV}\ncredential_source = Environment\nduration_seconds = {value}\n",
            )

    def test_sso_disagreement(self):
        """Different values in the profile and its sso-session are an error with both lines."""
        text = "[profile a]\nsso_account_id = 1\nsso_role_name = r\nsso_session = s\nsso_region = x\n[sso-session s]\nsso_region = y\nsso_start_url = u\n"
        with pytest.raises(errors.ConfigError, match=r"config:5: .*config:7"):
            chain_of("a", text)

    def test_unknown_profile(self):
        """Exit 5, with the nearest name."""
        with pytest.raises(errors.NotFound) as caught:
            chain_of("shared-service", SCENARIO)
        assert (caught.value.exit_code, caught.value.hint) == (5, "did you mean shared-services?")

    def test_loop_shows_its_path(self):
        """A profile loop is an error that shows the loop, even if a profile in it has keys."""
        text = f"[profile a]\nrole_arn = {DEV}\nsource_profile = b\n{KEYS}[profile b]\nrole_arn = {PROD}\nsource_profile = a\n"
        with pytest.raises(errors.ConfigError, match="config:8: profile loop: a -> b -> a"):
            chain_of("a", text)

    def test_too_long_chain(self):
        """Too many profiles are refused instead of followed."""
        text = "".join(f"[profile p{n}]\nrole_arn = {DEV}\nsource_profile = p{n + 1}\n" for n in range(200))
        with pytest.raises(errors.ConfigError, match="more than 32 profiles"):
            chain_of("p0", text + f"[profile p200]\n{KEYS}")


class TestAsSdk:
    def test_prefix_is_not_read(self):
        """An SDK sees our command as any command, and none of our keys."""
        chain = chain_of("dev", SCENARIO, entries=("shared-services", "dev"), as_sdk=True)
        assert isinstance(chain.source, Process)
        assert chain.hops == ()

    def test_environment_source(self):
        """The environment shows whether its key is a session."""
        text = f"[profile a]\nrole_arn = {DEV}\ncredential_source = Environment\n"
        found = chain_of("a", text).source
        assert found == NamedSource(
            "Environment", False, found.origin, environment_digest=found.environment_digest
        )
        assert (
            chain_of("a", text, env={"AWS_ACCESS_KEY_ID": "x"}).source.environment_digest
            != found.environment_digest
        )
        assert chain_of("a", text, env={"AWS_SESSION_TOKEN": "t"}).source.temporary


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("credential_source = environment\nrole_arn = r\n", "did you mean Environment?"),
        ("credential_source = Vault\nrole_arn = r\n", errors.ConfigError.hint),
        ("sso_session = crp\nsso_account_id = 1\n[sso-session corp]\n", "did you mean corp?"),
        ("services = locl\ncredential_process = x\n[services local]\n", "did you mean local?"),
        ("include_profile = bse\n[profile base]\n", "did you mean base?"),
        ("role_arn = r\nsource_profile = bse\n[profile base]\n", "did you mean base?"),
    ],
)
def test_near_names(text, hint):
    """The hint asks about the nearest name, for every kind of name."""
    with pytest.raises(errors.ConfigError) as caught:
        chain_of("a", "[profile a]\n" + text)
    assert caught.value.hint == hint


def test_misspelled_source_profile():
    """The error names the unknown key and its line, and what was probably meant."""
    said = r"config:3: awsvault_sorce_profile .*did you mean awsvault_source_profile"
    with pytest.raises(errors.ConfigError, match=said):
        chain_of("dev", f"[profile dev]\nawsvault_role_arn = {DEV}\nawsvault_sorce_profile = base\n")
