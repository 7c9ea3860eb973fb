"""The machine around us as a source, where what answers there is not what an instance or a container has."""

from __future__ import annotations

import json

import pytest

from tests.unit.aws.provider_context import around, source_of
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
def test_a_token_that_no_instance_gives_goes_into_no_header(line, tmp_path):
    """Somebody's web page at that address is not asked any further."""
    with Recorder(bodies=[line]) as server:
        with pytest.raises(errors.Unreachable, match="not from an instance"):
            providers.fetch(instance(server.url), around(tmp_path, {}))
        assert [asked.split()[0] for _, asked, _ in server.asked] == ["PUT"]


def test_a_role_that_cannot_be_assumed_is_told(tmp_path):
    """The instance says why it has no credentials: its code is passed on."""
    answer = json.dumps({"Code": "AssumeRoleUnauthorizedAccess"}).encode()
    with Recorder(bodies=[b"token", b"role", answer]) as server:
        with pytest.raises(
            errors.Unreachable, match="has no credentials: AssumeRoleUnauthorizedAccess"
        ) as raised:
            providers.fetch(instance(server.url), around(tmp_path, {}))
        assert server.asked[-1][1].split()[1].endswith("/security-credentials/role")
    assert raised.value.message.startswith("config:3: ")


@pytest.mark.parametrize(
    ("url", "hint"),
    [("http://127.0.0.1:9", "start the server"), ("http://169.254.169.254:9", "inside AWS")],
)
def test_the_hint_fits_where_nobody_answers(tmp_path, monkeypatch, url, hint):
    """An address of AWS's own exists inside AWS; one of this machine's has a server that somebody starts."""

    def refused(*_, **__):
        raise errors.Unreachable("no connection to it: Connection refused")

    monkeypatch.setattr(transport, "send", refused)
    with pytest.raises(errors.Unreachable, match="config:3: the instance metadata: no connection") as raised:
        providers.fetch(instance(url), around(tmp_path, {}))
    assert hint in raised.value.hint


def test_an_address_that_is_none_is_a_mistake_of_configuration(tmp_path):
    """The line of the profile is named with what it leads to."""
    with pytest.raises(errors.ConfigError, match="config:3: ftp://x is not the URL of a host"):
        providers.fetch(instance("ftp://x"), around(tmp_path, {}))


@pytest.mark.parametrize("token", ["é", "two\nlines"])
def test_a_containers_token_that_no_header_takes_is_not_sent(tmp_path, token):
    """A header with a line break would be two."""
    with Recorder() as server:
        env = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/x",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
        }
        with pytest.raises(errors.ConfigError, match="authorization token has characters") as raised:
            providers.fetch(source_of(TEXT.format(source="EcsContainer")), around(tmp_path, env))
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
def test_a_containers_token_goes_to_the_machine_itself_or_a_trusted_host(
    tmp_path, monkeypatch, url, trusted, goes, variable
):
    """It is a bearer's token: an address that a variable names does not get it by being https, and no file is read for it."""
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
        assert providers.fetch(source, around(tmp_path, env, trusted=trusted)).credentials.token is not None
        assert [token for _, token in sent] == ["example-container-token"]
        return
    path.unlink()
    with pytest.raises(errors.Untrusted, match="authorization token") as raised:
        providers.fetch(source, around(tmp_path, env, trusted=trusted))
    assert sent == []
    assert "trusted_hosts" in raised.value.hint
