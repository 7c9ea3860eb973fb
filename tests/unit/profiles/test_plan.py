"""From chains to calls: one session for all roles, long roles directly with the key, chained roles for one hour."""

import pytest

from tests.unit.profiles.files import DEV, KEYS, PROD, SCENARIO, USER, Durations, chain_of
from vault.profiles.chain import AssumeRole, FetchSource, SessionToken
from vault.profiles.plan import plan

OTHER = "arn:aws:iam::111111111111:mfa/other"


def of(name, config, *, entries=("shared-services",), credentials="", lengths=None, **more):
    return plan(chain_of(name, config, credentials, entries=entries), Durations(**(lengths or {})), **more)


def shape(planned):
    """Each link as (kind, seconds, device whose code goes with it)."""
    found = []
    for link in planned.links:
        match link:
            case SessionToken():
                found.append(("session", link.duration, link.mfa_serial))
            case AssumeRole():
                found.append((link.hop.role_arn, link.duration, link.with_code))
            case FetchSource():
                found.append(("fetch", link.cached, None))
    return found


class TestVaultKey:
    def test_scenario(self):
        """One MFA session of twelve hours, then the role for AWS's hour without another code."""
        assert shape(of("dev", SCENARIO)) == [("session", 43_200, USER), (DEV, 3600, None)]
        assert (
            of("dev", SCENARIO).links[0]
            == of("prod", SCENARIO).links[0]
            == of("shared-services", SCENARIO).links[0]
        )

    def test_device_of_another_hop(self):
        """A device that is not the key's goes to its own role, with its own code."""
        text = SCENARIO.replace(
            f"awsvault_source_profile = shared-services\nmfa_serial = {USER}",
            f"awsvault_source_profile = shared-services\nmfa_serial = {OTHER}",
        )
        assert shape(of("dev", text)) == [("session", 43_200, USER), (DEV, 3600, OTHER)]

    def test_device_of_the_entry(self):
        """The device stored with the key is used if its profile names none."""
        text = SCENARIO.replace(f"mfa_serial = {USER}\n", "")
        assert shape(of("dev", text, entry_mfa_serial=OTHER)) == [
            ("session", 43_200, OTHER),
            (DEV, 3600, None),
        ]

    def test_device_of_the_first_role(self):
        """If only the roles name a device, it is the key's, so that one code serves all of them."""
        text = SCENARIO.replace(f"export shared-services\nmfa_serial = {USER}\n", "export shared-services\n")
        assert shape(of("dev", text)) == [("session", 43_200, USER), (DEV, 3600, None)]

    def test_no_device(self):
        """A key without a device gets a session without MFA."""
        text = SCENARIO.replace(f"mfa_serial = {USER}\n", "")
        assert shape(of("dev", text)) == [("session", 43_200, None), (DEV, 3600, None)]

    def test_long_role(self):
        """Over an hour: directly with the key and a code; the fallback is one hour through the session."""
        text = SCENARIO.replace("region = us-west-2\n", "duration_seconds = 43200\n")
        planned = of("dev", text)
        assert shape(planned) == [(DEV, 43_200, USER)]
        assert shape(planned._replace(links=planned.fallback)) == [
            ("session", 43_200, USER),
            (DEV, 3600, None),
        ]
        assert "directly with the key" in planned.links[0].why

    def test_long_role_without_a_device(self):
        """Without a device no code can be missing, so there is no fallback."""
        text = SCENARIO.replace("region = us-west-2\n", "duration_seconds = 7200\n").replace(
            f"mfa_serial = {USER}\n", ""
        )
        assert (shape(of("dev", text)), of("dev", text).fallback) == ([(DEV, 7200, None)], None)

    @pytest.mark.parametrize("seconds", [900, 3600])
    def test_role_of_an_hour_or_less(self, seconds):
        """It goes through the session, for as long as the profile says."""
        planned = of("dev", SCENARIO.replace("region = us-west-2\n", f"duration_seconds = {seconds}\n"))
        assert shape(planned)[1] == (DEV, seconds, None)
        assert planned.links[1].fixed

    def test_role_of_a_role(self):
        """A role assumed by a role lasts at most one hour, whatever it asks for."""
        text = (
            SCENARIO
            + f"[profile x]\nrole_arn = {PROD}\nsource_profile = dev\nduration_seconds = 43200\nmfa_serial = {USER}\n"
        )
        planned = of("x", text)
        assert shape(planned) == [("session", 43_200, USER), (DEV, 3600, None), (PROD, 3600, None)]
        assert "a role assumed by a role" in planned.links[2].why

    def test_no_session(self):
        """awsvault_session = off and --no-session: the role directly with the key; for the key itself no call."""
        off = SCENARIO.replace("region = us-east-1\n", "awsvault_session = off\n")
        assert shape(of("dev", off)) == shape(of("dev", SCENARIO, session=False)) == [(DEV, 3600, USER)]
        assert shape(of("shared-services", SCENARIO, session=False)) == []

    def test_durations(self):
        """config.toml, the key's profile, then --duration for the session itself: the last one wins."""
        assert shape(of("dev", SCENARIO, lengths={"session_duration": 7200}))[0][1] == 7200
        text = SCENARIO.replace("region = us-east-1\n", "awsvault_session_duration = 36h\n")
        assert shape(of("dev", text, lengths={"session_duration": 7200}))[0][1] == 129_600
        assert shape(of("shared-services", text, duration=900)) == [("session", 900, USER)]
        assert shape(of("dev", SCENARIO, duration=900)) == [("session", 43_200, USER), (DEV, 900, None)]

    @pytest.mark.parametrize(
        ("seconds", "lines", "expected", "why"),
        [
            (1800, "", [("session", 43_200, USER), (DEV, 1800, None)], "role_duration"),
            (3600, "", [("session", 43_200, USER), (DEV, 3600, None)], "AWS's default"),
            (7200, "", [(DEV, 7200, USER)], "role_duration"),  # as duration_seconds: the key itself must ask
            (7200, "duration_seconds = 900\n", [("session", 43_200, USER), (DEV, 900, None)], "duration_s"),
            (
                7200,
                "awsvault_max_duration = 30m\n",
                [("session", 43_200, USER), (DEV, 1800, None)],
                "awsvault_m",
            ),
            (
                1800,
                "awsvault_max_duration = 1h\n",
                [("session", 43_200, USER), (DEV, 1800, None)],
                "role_duration",
            ),
        ],
    )
    def test_role_duration_of_config_toml(self, seconds, lines, expected, why):
        """It applies if the profile sets none, within what the profile allows."""
        text = SCENARIO.replace("region = us-west-2\n", "region = us-west-2\n" + lines)
        planned = of("dev", text, lengths={"role_duration": seconds})
        assert shape(planned) == expected
        assert planned.links[-1].why.startswith(why)
        assert planned.links[-1].fixed is (why != "AWS's default")  # which need not be sent
        assert shape(of("dev", text, lengths={"role_duration": seconds}, duration=1200))[-1][1] == 1200

    def test_role_inside_a_chain_needs_no_code(self):
        """Only the last role lasts longer; a role assumed by a role lasts at most one hour."""
        text = SCENARIO + f"[profile x]\nrole_arn = {PROD}\nsource_profile = dev\n"
        planned = of("x", text, lengths={"role_duration": 7200})
        assert shape(planned) == [("session", 43_200, USER), (DEV, 3600, None), (PROD, 3600, None)]
        assert "limited to one hour" in planned.links[-1].why

    @pytest.mark.parametrize(
        ("lines", "expected"),
        [("", 7200), ("duration_seconds = 900\n", 900), ("awsvault_max_duration = 30m\n", 1800)],
    )
    def test_duration_of_a_web_identity(self, lines, expected):
        """Its session has a duration too."""
        text = f"[profile a]\nweb_identity_token_file = /t\nrole_arn = {DEV}\n{lines}"
        planned = of("a", text, entries=(), lengths={"role_duration": 7200})
        assert planned.links[0].source.duration_seconds == expected
        if not lines:
            assert of("a", text, entries=()).links[0].source.duration_seconds is None

    def test_longest_allowed(self):
        """awsvault_max_duration limits what is issued, requested or not."""
        text = SCENARIO.replace(
            "region = us-west-2\n", "duration_seconds = 43200\nawsvault_max_duration = 30m\n"
        )
        assert shape(of("dev", text)) == [("session", 43_200, USER), (DEV, 1800, None)]
        text = SCENARIO.replace("region = us-east-1\n", "awsvault_max_duration = 1h\n")
        assert shape(of("shared-services", text)) == [("session", 3600, USER)]


class TestOtherSources:
    @pytest.mark.parametrize(
        ("source", "links", "seconds"),
        [
            (KEYS, 0, 43_200),
            (KEYS + "aws_session_token = t\n", 0, 3600),
            ("credential_process = tool\n", 1, 3600),
            ("sso_account_id = 1\nsso_role_name = r\nsso_region = us-east-1\nsso_start_url = u\n", 1, 3600),
            (f"role_arn = {PROD}\nweb_identity_token_file = /t\n", 1, 3600),
        ],
    )
    def test_durations(self, source, links, seconds):
        """No session for a key outside the vault; with temporary credentials a role lasts one hour."""
        text = f"[profile a]\nrole_arn = {DEV}\nsource_profile = s\nduration_seconds = 43200\nmfa_serial = {USER}\n[profile s]\n{source}"
        planned = of("a", text, entries=())
        assert [kind for kind, _, _ in shape(planned)] == ["fetch"] * links + [DEV]
        assert shape(planned)[-1] == (DEV, seconds, USER)

    @pytest.mark.parametrize(
        ("env", "seconds"),
        [({}, 7200), ({"AWS_SESSION_TOKEN": "t"}, 3600), ({"AWS_SECURITY_TOKEN": "t"}, 3600)],
    )
    def test_environment(self, env, seconds):
        """With the environment's key a role lasts as long as requested, with its session one hour."""
        text = f"[profile a]\nrole_arn = {DEV}\ncredential_source = Environment\nduration_seconds = 7200\n"
        planned = plan(chain_of("a", text, env=env), Durations())
        assert shape(planned) == [("fetch", False, None), (DEV, seconds, None)]

    def test_key_itself(self):
        """Static keys without a role are the answer."""
        assert shape(of("a", f"[profile a]\n{KEYS}", entries=())) == []
