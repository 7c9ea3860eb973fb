"""Sources that are no vault key, each against a live peer: the stand-in's HTTP services, and real processes."""

import json
import os
import stat
import sys
import time

import pytest

from tests.fakes import webidentity
from tests.fakes.example import ISSUER, role
from tests.unit.aws.provider_context import GOOD, around, source_of
from tests.unit.profiles.files import chain_of
from vault import errors
from vault.aws import providers


@pytest.fixture
def process(tmp_path):
    """A credential_process from Python text: its source."""

    def make(body):
        script = tmp_path / "tool.py"
        script.write_text(body)
        return source_of(f"[profile a]\ncredential_process = '{sys.executable}' '{script}' --for a\n")

    return make


def printing(text):
    return f"import sys; sys.stdout.write({text!r})"


class TestProcess:
    def test_good_answer(self, process, tmp_path):
        """What the process prints is taken as it is: keys, token, expiry, account."""
        found = providers.fetch(process(printing(json.dumps(GOOD))), around(tmp_path, {}))
        assert found.credentials.access_key_id == GOOD["AccessKeyId"]
        assert found.credentials.secret.reveal_text() == GOOD["SecretAccessKey"]
        assert found.credentials.token.reveal_text() == "token+/="
        assert (found.account_id, found.expiration) == ("222222222222", 32472144000)

    @pytest.mark.parametrize("end", ["2999-01-01T00:00:00UTC", "2999-01-01T00:00:00 UTC", "2999-01-01T01:00:00+01:00",
                                     "2999-01-01 00:00:00.5+00:00", "Tue, 01 Jan 2999 00:00:00 GMT", " 29990101T000000Z\n"])  # fmt: skip
    def test_each_form_of_an_end(self, process, tmp_path, end):
        """As botocore takes them; its own cache writes the first."""
        found = providers.fetch(
            process(printing(json.dumps(GOOD | {"Expiration": end}))), around(tmp_path, {})
        )
        assert found.expiration == 32472144000

    def test_key_without_expiry(self, process, tmp_path):
        """A process may give a long-lived key, which has neither token nor expiry; the profile may know its account."""
        text = json.dumps({k: GOOD[k] for k in ("Version", "AccessKeyId", "SecretAccessKey")})
        source = process(printing(text))._replace(account_id="333333333333")
        found = providers.fetch(source, around(tmp_path, {}))
        assert (found.credentials.token, found.expiration, found.account_id) == (None, None, "333333333333")

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"Version": 2}, "Version in the answer is not 1"),
            ({"Version": "1"}, "Version in the answer is not 1"),
            ({"AccessKeyId": None}, "no valid AccessKeyId"),
            ({"AccessKeyId": "A" * 200}, "no valid AccessKeyId"),
            ({"SecretAccessKey": ""}, "no valid SecretAccessKey"),
            ({"SecretAccessKey": 7}, "no valid SecretAccessKey"),
            ({"SessionToken": "two\nlines"}, "no valid SessionToken"),
            ({"Expiration": "2020-01-01T00:00:00Z"}, "already expired"),
            ({"Expiration": "2999-01-01T00:00:00"}, "not a time with a time zone"),
            ({"Expiration": "soon"}, "not a time with a time zone"),
            ({"Expiration": 32472144000}, "no valid Expiration"),
        ],
    )
    def test_lies(self, process, tmp_path, change, said):
        """An answer that no SDK could use is refused, naming the field and the line, never a value."""
        source = process(printing(json.dumps({**GOOD, **change})))
        with pytest.raises(errors.ConfigError, match=said) as caught:
            providers.fetch(source, around(tmp_path, {}))
        assert caught.value.message.startswith("config:2: ")
        assert GOOD["SecretAccessKey"] not in caught.value.message + caught.value.hint

    @pytest.mark.parametrize("text", ["", "null", "[]", "{", "\ufeff{}", "[" * 100_000, '"x"'])
    def test_no_object(self, process, tmp_path, text):
        """Silence, half an object, or what would exhaust a parser is no JSON object."""
        with pytest.raises(errors.ConfigError, match="not a JSON object"):
            providers.fetch(process(printing(text)), around(tmp_path, {}))

    def test_huge_output(self, process, tmp_path):
        """Output without end is cut off at the limit and the process is ended."""
        body = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
        with pytest.raises(errors.ConfigError, match="wrote more than 1048576 bytes"):
            providers.fetch(process(body), around(tmp_path, {}))

    def test_slow_process(self, process, tmp_path):
        """A process that hangs is ended at the deadline, and no later."""
        started = time.monotonic()
        with pytest.raises(errors.ConfigError, match="not done in time"):
            providers.fetch(process("import time; time.sleep(150)"), around(tmp_path, {}, seconds=0.7))
        assert time.monotonic() - started < 100

    def test_failing_process(self, process, tmp_path):
        """Its exit code is said; what it wrote to stderr might hold a secret and is not."""
        body = "import sys; sys.stderr.write('SECRET'); sys.exit(3)"
        with pytest.raises(errors.ConfigError, match="exit code 3") as caught:
            providers.fetch(process(body), around(tmp_path, {}))
        assert "SECRET" not in caught.value.message

    def test_missing_program(self, tmp_path):
        """A program that is not there is named."""
        source = source_of("[profile a]\ncredential_process = /nowhere/tool x\n")
        with pytest.raises(errors.ConfigError, match="cannot start /nowhere/tool"):
            providers.fetch(source, around(tmp_path, {}))

    def test_no_shell(self, tmp_path):
        """A command is not given to a shell: `;` and `$` are arguments like any other."""
        mark = tmp_path / "made"
        source = source_of(f"[profile a]\ncredential_process = /bin/echo x; touch {mark}\n")
        with pytest.raises(errors.ConfigError, match="not a JSON object"):
            providers.fetch(source, around(tmp_path, {}))
        assert not mark.exists()

    def test_environment_of_a_process(self, process, tmp_path):
        """It sees the environment it may see, and how deep we are nested."""
        body = (
            "import json, os; g = "
            + repr(GOOD)
            + "; g['SessionToken'] = ','.join(sorted(os.environ)); print(json.dumps(g))"
        )
        env = {"PATH": os.environ["PATH"], "AWSVAULT_PASSPHRASE_FILE": "/x"}
        found = providers.fetch(process(body), around(tmp_path, env, child_env={"PATH": os.environ["PATH"]}))
        names = set(found.credentials.token.reveal_text().split(","))
        assert "AWSVAULT_DEPTH" in names
        assert "AWSVAULT_PASSPHRASE_FILE" not in names

    def test_a_wrapper_around_ourselves_ends(self, process, tmp_path):
        """Where a wrapper calls us and we call the wrapper, the third of us says so instead of a fourth starting."""
        with pytest.raises(errors.ConfigError, match="credential_process loop"):
            providers.fetch(process(printing(json.dumps(GOOD))), around(tmp_path, {"AWSVAULT_DEPTH": "3"}))


class TestWebIdentity:
    TEXT = "[profile a]\nregion = us-east-1\nrole_arn = {role}\nweb_identity_token_file = {path}\n"

    def source(self, aws, tmp_path, **more):
        path = tmp_path / "token"
        path.write_text(webidentity.make(aws.world, issuer=ISSUER, subject="repo:example", **more) + "\n")
        return source_of(
            self.TEXT.format(role=role("WebRole"), path=path), env={"AWS_ENDPOINT_URL_STS": aws.url}
        ), path

    def test_token_file(self, aws, tmp_path):
        """A token of a file becomes a session of the role, which is the role asked for."""
        source, _ = self.source(aws, tmp_path)
        found = providers.fetch(source, around(tmp_path, {}))
        assert found.account_id == "222222222222"
        assert found.expiration - found.issued == pytest.approx(3600, abs=5)
        call = next(call for call in aws.calls if call.action == "AssumeRoleWithWebIdentity")
        assert call.parameters["RoleSessionName"] == "me@here"

    @pytest.mark.parametrize(
        "key", ["web_identity_token_file = {path}", "web_identity_token_process = touch {path}.ran"]
    )
    def test_a_token_goes_to_no_stranger(self, aws, tmp_path, key):
        """Whoever has it has the role: exit 6 before the file is read or the command is run, unless the host is trusted."""
        _, path = self.source(aws, tmp_path)
        text = f"[profile a]\nrole_arn = {role('WebRole')}\n{key.format(path=path)}\n"
        for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"):
            source = source_of(text, env={variable: aws.url})
            with pytest.raises(errors.Untrusted, match="it would receive the web identity token") as caught:
                providers.fetch(source, around(tmp_path, {"PATH": os.environ["PATH"]}, trusted=()))
            assert caught.value.message.startswith(f"{variable}: endpoint {aws.url}")
        assert not list(aws.calls)
        assert not os.path.exists(f"{path}.ran")

    def test_token_process(self, aws, tmp_path):
        """A token may come from a command, which AWS's tools do not know."""
        _, path = self.source(aws, tmp_path)
        text = f"[profile a]\nrole_arn = {role('WebRole')}\nweb_identity_token_process = cat {path}\nduration_seconds = 900\n"
        source = source_of(text, env={"AWS_ENDPOINT_URL_STS": aws.url})
        found = providers.fetch(source, around(tmp_path, {"PATH": os.environ["PATH"]}))
        assert found.expiration - found.issued == pytest.approx(900, abs=5)

    def test_no_token_process(self, tmp_path):
        """A quote that does not close starts nothing, and its line is named."""
        text = f"[profile a]\nrole_arn = {role('WebRole')}\nweb_identity_token_process = cat 'x\n"
        said = (
            "config:3: web_identity_token_process is not a valid command line: a quotation mark is not closed"
        )
        with pytest.raises(errors.ConfigError, match=said):
            providers.fetch(source_of(text), around(tmp_path, {}))

    def test_expired_token(self, aws, tmp_path):
        """AWS's refusal of an old token is passed on."""
        source, _ = self.source(aws, tmp_path, seconds=-10)
        with pytest.raises(errors.Refused, match="ExpiredToken"):
            providers.fetch(source, around(tmp_path, {}))

    @pytest.mark.parametrize("content", ["", "\n", "a b\x00", "x" * 30_000])
    def test_no_token(self, aws, tmp_path, content):
        """A file that cannot hold a token is said before AWS is asked."""
        source, path = self.source(aws, tmp_path)
        path.write_text(content)
        with pytest.raises(errors.ConfigError, match="config:4"):
            providers.fetch(source, around(tmp_path, {}))
        assert not list(aws.calls)

    def test_missing_file(self, aws, tmp_path):
        """A token file that is not there is named with the line that names it."""
        source, path = self.source(aws, tmp_path)
        path.unlink()
        with pytest.raises(errors.ConfigError, match=r"config:4: web_identity_token_file names .*/token"):
            providers.fetch(source, around(tmp_path, {}))

    def test_file_that_others_may_write(self, aws, tmp_path):
        """A token that anybody could have put there is not sent."""
        source, path = self.source(aws, tmp_path)
        path.chmod(0o666)
        assert path.stat().st_mode & stat.S_IWOTH
        with pytest.raises(errors.UnsafeFile):
            providers.fetch(source, around(tmp_path, {}))


def test_a_key_of_the_vault_is_not_fetched(tmp_path):
    """Its credentials are the vault's to give, and no process or service is asked for them."""
    source = chain_of("a", "[profile a]\ncredential_process = awsvault-py export a\n", entries=("a",)).source
    with pytest.raises(errors.Internal):
        providers.fetch(source, around(tmp_path, {}))


class TestMachine:
    TEXT = "[profile a]\nrole_arn = arn:aws:iam::222222222222:role/R\ncredential_source = {source}\n"

    def test_environment(self, tmp_path):
        """Keys of the environment, with or without a session."""
        source = source_of(self.TEXT.format(source="Environment"))
        env = {"AWS_ACCESS_KEY_ID": GOOD["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": GOOD["SecretAccessKey"]}
        assert providers.fetch(source, around(tmp_path, env)).expiration is None
        env |= {"AWS_SESSION_TOKEN": "t", "AWS_CREDENTIAL_EXPIRATION": "2999-01-01T00:00:00Z"}
        assert providers.fetch(source, around(tmp_path, env)).credentials.token.reveal_text() == "t"

    @pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    def test_half_an_environment(self, tmp_path, missing):
        """A variable that is not set is named."""
        source = source_of(self.TEXT.format(source="Environment"))
        env = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "s"}
        del env[missing]
        with pytest.raises(errors.ConfigError, match=f"config:3: .*{missing} is not set"):
            providers.fetch(source, around(tmp_path, env))

    def instance(self, aws, env=None):
        text = self.TEXT.format(source="Ec2InstanceMetadata")
        return source_of(text, env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": aws.url, **(env or {})})

    def test_instance(self, aws, tmp_path):
        """An instance's role by version 2: a token first, then the role's name, then its credentials."""
        found = providers.fetch(self.instance(aws), around(tmp_path, {"HTTP_PROXY": "http://127.0.0.1:9"}))
        assert found.credentials.token is not None
        assert [call.action for call in aws.calls] == [
            "PutToken", "GetInstanceCredentials", "GetInstanceCredentials"
        ]  # fmt: skip

    def test_instance_without_role(self, aws, tmp_path):
        """An instance to which no role is attached has nothing to give."""
        aws.world.metadata_role = None
        with pytest.raises(errors.Unreachable, match="answered 404"):
            providers.fetch(self.instance(aws), around(tmp_path, {}))

    def test_metadata_switched_off(self, aws, tmp_path):
        """AWS_EC2_METADATA_DISABLED is heeded, and named."""
        with pytest.raises(errors.ConfigError, match="AWS_EC2_METADATA_DISABLED"):
            providers.fetch(self.instance(aws), around(tmp_path, {"AWS_EC2_METADATA_DISABLED": "TRUE"}))

    @pytest.mark.parametrize("mode", [{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, {}])
    def test_default_address(self, mode):
        """Without a configured address it is the link-local one of the mode."""
        source = source_of(self.TEXT.format(source="Ec2InstanceMetadata"), env=mode)
        assert source.endpoint == ("http://[fd00:ec2::254]" if mode else "http://169.254.169.254")

    def test_metadata_elsewhere(self, tmp_path):
        """Plain http to another machine is refused: it could answer with anything."""
        source = self.instance(type("", (), {"url": "http://metadata.example"}))
        with pytest.raises(errors.ConfigError, match="over plain http"):
            providers.fetch(source, around(tmp_path, {}))

    def test_container(self, aws, tmp_path):
        """A container's credentials, with the token of a variable or of a file."""
        source = source_of(self.TEXT.format(source="EcsContainer"))
        env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.url}/container/credentials"}
        token = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "example-container-token"}
        assert providers.fetch(source, around(tmp_path, {**env, **token})).credentials.token is not None
        path = tmp_path / "token"
        path.write_text("example-container-token")
        file = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(path)}
        assert providers.fetch(source, around(tmp_path, {**env, **file})).credentials.token is not None
        with pytest.raises(errors.Unreachable, match="answered 401"):
            providers.fetch(source, around(tmp_path, env))

    def test_container_elsewhere(self, tmp_path):
        """A container's address is the machine's own, or https."""
        source = source_of(self.TEXT.format(source="EcsContainer"))
        env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.169.254/latest"}
        with pytest.raises(errors.ConfigError, match="over plain http"):
            providers.fetch(source, around(tmp_path, env))

    def test_no_container(self, tmp_path):
        """Outside a container the variables that would name it are said."""
        source = source_of(self.TEXT.format(source="EcsContainer"))
        with pytest.raises(errors.ConfigError, match="AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
            providers.fetch(source, around(tmp_path, {}))
