"""Instance and container credentials if something else answers at their address."""

from __future__ import annotations

import json

import pytest

from tests.unit.aws.provider_context import context, source_of
from tests.unit.aws.recorder import Recorder
from vault import errors, limits
from vault.aws import providers, transport

TEXT = "[profile a]\nrole_arn = arn:aws:iam::222222222222:role/R\ncredential_source = {source}\n"


CONTAINER = {
    "AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "s" * 40, "Token": "t", "Expiration": "2999-01-01T00:00:00Z",
}  # fmt: skip


def instance(url):
    return source_of(
        TEXT.format(source="Ec2InstanceMetadata"), env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": url}
    )


@pytest.mark.parametrize("line", [b"", b"two words", b"x" * (limits.MAX_METADATA_LINE + 1), b"\xff", b"a\tb"])
def test_invalid_token_is_not_used(line, tmp_path):
    """If a web page answers at that address, it gets no further request."""
    with Recorder(bodies=[line]) as server:
        with pytest.raises(errors.Unreachable, match="not from an instance"):
            providers.fetch(instance(server.url), context(tmp_path, {}))
        assert [asked.split()[0] for _, asked, _ in server.asked] == ["PUT"]


def test_error_code_of_the_instance_is_shown(tmp_path):
    """The instance says why it has no credentials."""
    answer = json.dumps({"Code": "AssumeRoleUnauthorizedAccess"}).encode()
    with Recorder(bodies=[b"token", b"role", answer]) as server:
        with pytest.raises(
            errors.Unreachable, match="has no credentials: AssumeRoleUnauthorizedAccess"
        ) as raised:
            providers.fetch(instance(server.url), context(tmp_path, {}))
        assert server.asked[-1][1].split()[1].endswith("/security-credentials/role")
    assert raised.value.message.startswith("config:3: ")


@pytest.mark.parametrize(
    ("url", "hint"),
    [("http://127.0.0.1:9", "start the server"), ("http://169.254.169.254:9", "inside AWS")],
)
def test_hint_if_nothing_answers(tmp_path, monkeypatch, url, hint):
    """AWS's link-local address exists only inside AWS; a loopback address needs a server on this machine."""

    def refused(*_, **__):
        raise errors.Unreachable("no connection to it: Connection refused")

    monkeypatch.setattr(transport, "send", refused)
    with pytest.raises(errors.Unreachable, match="config:3: the instance metadata: no connection") as raised:
        providers.fetch(instance(url), context(tmp_path, {}))
    assert hint in raised.value.hint


def test_invalid_address_is_a_config_error(tmp_path):
    """The error names the line and the URL."""
    with pytest.raises(errors.ConfigError, match="config:3: ftp://x is not the URL of a host"):
        providers.fetch(instance("ftp://x"), context(tmp_path, {}))


@pytest.mark.parametrize("token", ["é", "two\nlines"])
def test_token_with_invalid_characters_is_not_sent(tmp_path, token):
    """A line break would begin another header."""
    with Recorder() as server:
        env = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/x",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
        }
        with pytest.raises(errors.ConfigError, match="authorization token has characters") as raised:
            providers.fetch(source_of(TEXT.format(source="EcsContainer")), context(tmp_path, env))
        assert server.asked == []
    assert token not in raised.value.message


@pytest.mark.parametrize(
    ("url", "trusted", "goes"),
    [
        ("https://other.example/x", (), False),
        ("https://169.254.169.254/x", (), False),  # an instance's, and no container's
        ("https://127.0.0.1.other.example/x", (), False),
        ("https://other.example/x", ("other.example",), True),
        ("http://127.0.0.1:9/x", (), True),
        ("http://localhost:9/x", (), True),
        ("http://[::1]:9/x", (), True),
        ("http://169.254.170.23/v1/credentials", (), True),
        ("http://[fd00:ec2::23]/v1/credentials", (), True),
    ],
)
@pytest.mark.parametrize(
    "variable", ["AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
)
def test_token_goes_only_to_this_machine_or_a_trusted_host(
    tmp_path, monkeypatch, url, trusted, goes, variable
):
    """Anyone who has it can use it: https is not enough, and its file is not even read."""
    sent = []

    def answered(to, *, headers, **_):
        sent.append((to.name, headers["authorization"]))
        return transport.Reply(200, {}, json.dumps(CONTAINER).encode())

    monkeypatch.setattr(transport, "send", answered)
    path = tmp_path / "token"
    path.write_text("example-container-token")
    value = str(path) if variable.endswith("_FILE") else path.read_text()
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url, variable: value}
    source = source_of(TEXT.format(source="EcsContainer"))
    if goes:
        assert providers.fetch(source, context(tmp_path, env, trusted=trusted)).credentials.token is not None
        assert [token for _, token in sent] == ["example-container-token"]
        return
    path.unlink()
    with pytest.raises(errors.Untrusted, match="authorization token") as raised:
        providers.fetch(source, context(tmp_path, env, trusted=trusted))
    assert sent == []
    assert "trusted_hosts" in raised.value.hint
