"""Credentials from providers, each with a live peer: the stand-in's HTTP services, and real processes."""

import json
import os
import stat
import sys
import time

import pytest

from tests.fakes import webidentity
from tests.fakes.example import ISSUER, role
from tests.unit.aws.provider_context import GOOD, context, source_of
from tests.unit.profiles.files import chain_of
from vault import errors
from vault.aws import providers


@pytest.fixture
def process(tmp_path):
    """Makes the source of a credential_process from Python text."""

    def make(body):
        script = tmp_path / "tool.py"
        script.write_text(body)
        return source_of(f"[profile a]\ncredential_process = '{sys.executable}' '{script}' --for a\n")

    return make


def printing(text):
    return f"import sys; sys.stdout.write({text!r})"


class TestProcess:
    def test_good_answer(self, process, tmp_path):
        """Keys, token, expiry and account are used as the process prints them."""
        found = providers.fetch(process(printing(json.dumps(GOOD))), context(tmp_path, {}))
        assert found.credentials.access_key_id == GOOD["AccessKeyId"]
        assert found.credentials.secret.reveal_text() == GOOD["SecretAccessKey"]
        assert found.credentials.token.reveal_text() == "token+/="
        assert (found.account_id, found.expiration) == ("222222222222", 32472144000)

    @pytest.mark.parametrize("end", ["2999-01-01T00:00:00UTC", "2999-01-01T00:00:00 UTC", "2999-01-01T01:00:00+01:00",
                                     "2999-01-01 00:00:00.5+00:00", "Tue, 01 Jan 2999 00:00:00 GMT", " 29990101T000000Z\n"])  # fmt: skip
    def test_each_form_of_an_expiry(self, process, tmp_path, end):
        """As botocore accepts them; its own cache writes the first form."""
        found = providers.fetch(
            process(printing(json.dumps(GOOD | {"Expiration": end}))), context(tmp_path, {})
        )
        assert found.expiration == 32472144000

    def test_key_without_expiry(self, process, tmp_path):
        """A process may give a long-lived key without token and expiry; the profile may have its account."""
        text = json.dumps({k: GOOD[k] for k in ("Version", "AccessKeyId", "SecretAccessKey")})
        source = process(printing(text))._replace(account_id="333333333333")
        found = providers.fetch(source, context(tmp_path, {}))
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
    def test_invalid_fields(self, process, tmp_path, change, said):
        """An answer that no SDK could use is refused, with the field and the line, never with a value."""
        source = process(printing(json.dumps({**GOOD, **change})))
        with pytest.raises(errors.ConfigError, match=said) as caught:
            providers.fetch(source, context(tmp_path, {}))
        assert caught.value.message.startswith("config:2: ")
        assert GOOD["SecretAccessKey"] not in caught.value.message + caught.value.hint

    @pytest.mark.parametrize("text", ["", "null", "[]", "{", "\ufeff{}", "[" * 100_000, '"x"'])
    def test_no_object(self, process, tmp_path, text):
        """Nothing, half an object, or what would exhaust a parser."""
        with pytest.raises(errors.ConfigError, match="not a JSON object"):
            providers.fetch(process(printing(text)), context(tmp_path, {}))

    def test_huge_output(self, process, tmp_path):
        """Endless output is cut off at the limit, and the process ends."""
        body = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
        with pytest.raises(errors.ConfigError, match="wrote more than 1048576 bytes"):
            providers.fetch(process(body), context(tmp_path, {}))

    def test_slow_process(self, process, tmp_path):
        """A process that hangs ends at the deadline."""
        started = time.monotonic()
        with pytest.raises(errors.ConfigError, match="did not finish in time"):
            providers.fetch(process("import time; time.sleep(150)"), context(tmp_path, {}, seconds=0.7))
        assert time.monotonic() - started < 100

    def test_failing_process(self, process, tmp_path):
        """The error has its exit code but not its stderr, which might contain a secret."""
        body = "import sys; sys.stderr.write('SECRET'); sys.exit(3)"
        with pytest.raises(errors.ConfigError, match="exit code 3") as caught:
            providers.fetch(process(body), context(tmp_path, {}))
        assert "SECRET" not in caught.value.message

    def test_missing_program(self, tmp_path):
        """A missing program is named."""
        source = source_of("[profile a]\ncredential_process = /nowhere/tool x\n")
        with pytest.raises(errors.ConfigError, match="cannot start /nowhere/tool"):
            providers.fetch(source, context(tmp_path, {}))

    def test_no_shell(self, tmp_path):
        """No shell runs the command: `;` and `$` are ordinary arguments."""
        mark = tmp_path / "made"
        source = source_of(f"[profile a]\ncredential_process = /bin/echo x; touch {mark}\n")
        with pytest.raises(errors.ConfigError, match="not a JSON object"):
            providers.fetch(source, context(tmp_path, {}))
        assert not mark.exists()

    def test_environment_of_a_process(self, process, tmp_path):
        """It sees the environment that it may see, and how many awsvault-py are above it."""
        body = (
            "import json, os; g = "
            + repr(GOOD)
            + "; g['SessionToken'] = ','.join(sorted(os.environ)); print(json.dumps(g))"
        )
        env = {"PATH": os.environ["PATH"], "AWSVAULT_PASSPHRASE_FILE": "/x"}
        found = providers.fetch(process(body), context(tmp_path, env, child_env={"PATH": os.environ["PATH"]}))
        names = set(found.credentials.token.reveal_text().split(","))
        assert "AWSVAULT_DEPTH" in names
        assert "AWSVAULT_PASSPHRASE_FILE" not in names

    def test_loop_through_a_wrapper_ends(self, process, tmp_path):
        """If a wrapper runs awsvault-py and awsvault-py runs the wrapper, the third one stops."""
        with pytest.raises(errors.ConfigError, match="credential_process loop"):
            providers.fetch(process(printing(json.dumps(GOOD))), context(tmp_path, {"AWSVAULT_DEPTH": "3"}))


class TestWebIdentity:
    TEXT = "[profile a]\nregion = us-east-1\nrole_arn = {role}\nweb_identity_token_file = {path}\n"

    def source(self, aws, tmp_path, **more):
        path = tmp_path / "token"
        path.write_text(webidentity.make(aws.world, issuer=ISSUER, subject="repo:example", **more) + "\n")
        return source_of(
            self.TEXT.format(role=role("WebRole"), path=path), env={"AWS_ENDPOINT_URL_STS": aws.url}
        ), path

    def test_token_file(self, aws, tmp_path):
        """A token from a file gives a session of the role."""
        source, _ = self.source(aws, tmp_path)
        found = providers.fetch(source, context(tmp_path, {}))
        assert found.account_id == "222222222222"
        assert found.expiration - found.issued == pytest.approx(3600, abs=5)
        call = next(call for call in aws.calls if call.action == "AssumeRoleWithWebIdentity")
        assert call.parameters["RoleSessionName"] == "me@here"

    @pytest.mark.parametrize(
        "key", ["web_identity_token_file = {path}", "web_identity_token_process = touch {path}.ran"]
    )
    def test_token_goes_only_to_trusted_hosts(self, aws, tmp_path, key):
        """Anyone who has it has the role: exit 6 before the file is read or the command runs."""
        _, path = self.source(aws, tmp_path)
        text = f"[profile a]\nrole_arn = {role('WebRole')}\n{key.format(path=path)}\n"
        for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"):
            source = source_of(text, env={variable: aws.url})
            with pytest.raises(errors.Untrusted, match="it would receive the web identity token") as caught:
                providers.fetch(source, context(tmp_path, {"PATH": os.environ["PATH"]}, trusted=()))
            assert caught.value.message.startswith(f"{variable}: endpoint {aws.url}")
        assert not list(aws.calls)
        assert not os.path.exists(f"{path}.ran")

    def test_token_process(self, aws, tmp_path):
        """A token may come from a command, which AWS's tools do not know."""
        _, path = self.source(aws, tmp_path)
        text = f"[profile a]\nrole_arn = {role('WebRole')}\nweb_identity_token_process = cat {path}\nduration_seconds = 900\n"
        source = source_of(text, env={"AWS_ENDPOINT_URL_STS": aws.url})
        found = providers.fetch(source, context(tmp_path, {"PATH": os.environ["PATH"]}))
        assert found.expiration - found.issued == pytest.approx(900, abs=5)

    def test_invalid_token_process(self, tmp_path):
        """A command line with an open quotation mark does not run; its line is named."""
        text = f"[profile a]\nrole_arn = {role('WebRole')}\nweb_identity_token_process = cat 'x\n"
        said = (
            "config:3: web_identity_token_process is not a valid command line: a quotation mark is not closed"
        )
        with pytest.raises(errors.ConfigError, match=said):
            providers.fetch(source_of(text), context(tmp_path, {}))

    def test_expired_token(self, aws, tmp_path):
        """AWS's refusal of an old token is passed on."""
        source, _ = self.source(aws, tmp_path, seconds=-10)
        with pytest.raises(errors.Refused, match="ExpiredToken"):
            providers.fetch(source, context(tmp_path, {}))

    @pytest.mark.parametrize("content", ["", "\n", "a b\x00", "x" * 30_000])
    def test_invalid_token(self, aws, tmp_path, content):
        """A file that cannot be a token is an error before any call."""
        source, path = self.source(aws, tmp_path)
        path.write_text(content)
        with pytest.raises(errors.ConfigError, match="config:4"):
            providers.fetch(source, context(tmp_path, {}))
        assert not list(aws.calls)

    def test_missing_file(self, aws, tmp_path):
        """The error names the token file and the line that names it."""
        source, path = self.source(aws, tmp_path)
        path.unlink()
        with pytest.raises(errors.ConfigError, match=r"config:4: web_identity_token_file names .*/token"):
            providers.fetch(source, context(tmp_path, {}))

    def test_file_that_others_may_write(self, aws, tmp_path):
        """A token that any user could have written is not sent."""
        source, path = self.source(aws, tmp_path)
        path.chmod(0o666)
        assert path.stat().st_mode & stat.S_IWOTH
        with pytest.raises(errors.UnsafeFile):
            providers.fetch(source, context(tmp_path, {}))


def test_vault_key_is_not_fetched(tmp_path):
    """No process and no service is asked for it."""
    source = chain_of("a", "[profile a]\ncredential_process = awsvault-py export a\n", entries=("a",)).source
    with pytest.raises(errors.Internal):
        providers.fetch(source, context(tmp_path, {}))


class TestMachine:
    TEXT = "[profile a]\nrole_arn = arn:aws:iam::222222222222:role/R\ncredential_source = {source}\n"

    def test_environment(self, tmp_path):
        """Keys of the environment, with or without a session."""
        source = source_of(self.TEXT.format(source="Environment"))
        env = {"AWS_ACCESS_KEY_ID": GOOD["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": GOOD["SecretAccessKey"]}
        assert providers.fetch(source, context(tmp_path, env)).expiration is None
        env |= {"AWS_SESSION_TOKEN": "t", "AWS_CREDENTIAL_EXPIRATION": "2999-01-01T00:00:00Z"}
        assert providers.fetch(source, context(tmp_path, env)).credentials.token.reveal_text() == "t"

    @pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    def test_half_an_environment(self, tmp_path, missing):
        """A missing variable is named."""
        source = source_of(self.TEXT.format(source="Environment"))
        env = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "s"}
        del env[missing]
        with pytest.raises(errors.ConfigError, match=f"config:3: .*{missing} is not set"):
            providers.fetch(source, context(tmp_path, env))

    def instance(self, aws, env=None):
        text = self.TEXT.format(source="Ec2InstanceMetadata")
        return source_of(text, env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": aws.url, **(env or {})})

    def test_instance(self, aws, tmp_path):
        """Version 2 of the instance metadata: a token first, then the role's name, then its credentials."""
        found = providers.fetch(self.instance(aws), context(tmp_path, {"HTTP_PROXY": "http://127.0.0.1:9"}))
        assert found.credentials.token is not None
        assert [call.action for call in aws.calls] == [
            "PutToken", "GetInstanceCredentials", "GetInstanceCredentials"
        ]  # fmt: skip

    def test_instance_without_role(self, aws, tmp_path):
        """An instance without a role has no credentials."""
        aws.world.metadata_role = None
        with pytest.raises(errors.Unreachable, match="answered 404"):
            providers.fetch(self.instance(aws), context(tmp_path, {}))

    def test_metadata_switched_off(self, aws, tmp_path):
        """AWS_EC2_METADATA_DISABLED counts, and is named."""
        with pytest.raises(errors.ConfigError, match="AWS_EC2_METADATA_DISABLED"):
            providers.fetch(self.instance(aws), context(tmp_path, {"AWS_EC2_METADATA_DISABLED": "TRUE"}))

    @pytest.mark.parametrize("mode", [{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, {}])
    def test_default_address(self, mode):
        """Without a configured URL it is the link-local address of the mode."""
        source = source_of(self.TEXT.format(source="Ec2InstanceMetadata"), env=mode)
        assert source.endpoint == ("http://[fd00:ec2::254]" if mode else "http://169.254.169.254")

    def test_metadata_elsewhere(self, tmp_path):
        """Plain http to another machine is refused: it could answer with anything."""
        source = self.instance(type("", (), {"url": "http://metadata.example"}))
        with pytest.raises(errors.ConfigError, match="over plain http"):
            providers.fetch(source, context(tmp_path, {}))

    def test_container(self, aws, tmp_path):
        """Container credentials, with the token from a variable or a file."""
        source = source_of(self.TEXT.format(source="EcsContainer"))
        env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.url}/container/credentials"}
        token = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "example-container-token"}
        assert providers.fetch(source, context(tmp_path, {**env, **token})).credentials.token is not None
        path = tmp_path / "token"
        path.write_text("example-container-token")
        file = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(path)}
        assert providers.fetch(source, context(tmp_path, {**env, **file})).credentials.token is not None
        with pytest.raises(errors.Unreachable, match="answered 401"):
            providers.fetch(source, context(tmp_path, env))

    def test_container_elsewhere(self, tmp_path):
        """Plain http goes only to a container's own addresses."""
        source = source_of(self.TEXT.format(source="EcsContainer"))
        env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.169.254/latest"}
        with pytest.raises(errors.ConfigError, match="over plain http"):
            providers.fetch(source, context(tmp_path, env))

    def test_no_container(self, tmp_path):
        """Outside a container, the error names the missing variables."""
        source = source_of(self.TEXT.format(source="EcsContainer"))
        with pytest.raises(errors.ConfigError, match="AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
            providers.fetch(source, context(tmp_path, {}))
