"""The machine's folder of certificates: read where it serves, and never the last word where it does not."""

from __future__ import annotations

import os

import pytest

from tests.certificates import refused_for_servers, self_signed, subject_hash
from tests.clients.tunnel import Tunnel
from tests.fakes.aws import StandIn
from tests.unit.aws import dials
from tests.unit.aws.exchange import send
from tests.vaults import soon
from vault import errors
from vault.aws import ca_trust, connections
from vault.aws.connections import ConnectionPool
from vault.http import certificate_folder
from vault.http.target import parse_target


class Machine:
    """A machine whose certificates are in a file and a folder of this test's, by OpenSSL's own variables."""

    def __init__(self, root, monkeypatch):
        self.file, self.folder = root / "bundle.pem", root / "certs"
        self.folder.mkdir()
        self.dialed = dials.recorded(monkeypatch)
        self._patch = monkeypatch
        for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("SSL_CERT_DIR", str(self.folder))

    def in_folder(self, certificate, *, name=None):
        """The certificate in the folder, under its hash or another name."""
        with open(certificate, "rb") as file:
            (self.folder / (name or f"{subject_hash(certificate)}.0")).write_bytes(file.read())

    def in_file(self, certificate):
        with open(certificate, "rb") as file:
            self.file.write_bytes(file.read())
        self._patch.setenv("SSL_CERT_FILE", str(self.file))

    def never_whole(self):
        """Fail where the whole file would be read."""

        def fail(_chosen):
            raise AssertionError("the whole file was read")

        self._patch.setattr(ca_trust, "ssl_context", fail)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """A certificate and its key, and a stand-in that shows it."""
    certificate = self_signed(tmp_path_factory.mktemp("right"))
    with StandIn(certificate=certificate) as aws:
        yield certificate[0], aws.url


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """Another certificate of the same name."""
    return self_signed(tmp_path_factory.mktemp("wrong"))[0]


def accepted(url):
    """Whether the server is: STS answers an unsigned request with a refusal of its own."""
    try:
        return send(url).status > 0
    except errors.Unreachable as error:
        assert "is not trusted" in error.message
        return False


def test_a_certificate_in_the_folder_is_enough(machine, right):
    """The file is not read, and of the folder only what this server needs."""
    machine.in_folder(right[0])
    context = ca_trust.folder_context()
    assert context.get_ca_certs() == []
    machine.never_whole()
    assert accepted(right[1])
    assert len(machine.dialed) == 1


def test_a_certificate_in_the_file_alone_is_found_too(machine, right, wrong):
    """A company's, appended to the file and to nothing else. It takes one more connection."""
    machine.in_folder(wrong)
    machine.in_file(right[0])
    assert accepted(right[1])
    assert len(machine.dialed) == 2


def test_the_file_once_needed_is_used_for_the_rest_of_the_run(machine, right, wrong):
    """Each further connection would take two otherwise."""
    machine.in_folder(wrong)
    machine.in_file(right[0])
    by = connections.route(parse_target(right[1]), env={}, ca_bundle=None)
    pool = ConnectionPool()
    for count in (2, 3):
        connections.connect(by, pool=pool, deadline=soon()).close()
        assert len(machine.dialed) == count
    assert pool.fuller_context(None, pool.ssl_context(None)) is None


def test_two_connections_that_the_folder_refused_at_once_get_one_context(machine, right, wrong):
    """One is opened ahead in a thread. The second refusal comes after the first one has read the file."""
    machine.in_folder(wrong)
    machine.in_file(right[0])
    pool = ConnectionPool()
    by_folder = pool.ssl_context(None)
    whole = pool.fuller_context(None, by_folder)
    assert whole is not None
    assert pool.fuller_context(None, by_folder) is whole
    assert pool.fuller_context(None, whole) is None


def test_a_stale_folder_is_not_the_last_word(machine, right):
    """A link to a certificate that an update removed."""
    os.symlink("/nowhere.pem", machine.folder / f"{subject_hash(right[0])}.0")
    machine.in_file(right[0])
    assert accepted(right[1])


def test_another_certificate_under_the_right_hash_is_not_trusted(machine, right, wrong):
    """Nor does it keep the right one from being found in the file."""
    machine.in_folder(wrong, name=f"{subject_hash(right[0])}.0")
    assert not accepted(right[1])
    machine.in_file(right[0])
    assert accepted(right[1])


def test_an_issuer_that_is_in_neither_is_refused(machine, right, wrong):
    """After both were asked."""
    machine.in_folder(wrong)
    machine.in_file(wrong)
    assert not accepted(right[1])
    assert len(machine.dialed) == 2


@pytest.mark.parametrize("place", ["folder", "file"])
@pytest.mark.parametrize("fault", [{"ended": True}, {"for_clients": True}])
def test_a_certificate_that_is_trusted_and_not_good_is_refused(machine, tmp_path, wrong, place, fault):
    """Its time has ended, or it is for another purpose."""
    certificate = self_signed(tmp_path, **fault)
    machine.in_folder(certificate[0] if place == "folder" else wrong)
    machine.in_file(certificate[0] if place == "file" else wrong)
    with StandIn(certificate=certificate) as aws:
        assert not accepted(aws.url)


def test_a_certificate_that_the_file_refuses_is_refused(machine, right, tmp_path):
    """Although it is in the folder, where OpenSSL looks after the file."""
    machine.in_folder(right[0])
    machine.in_file(refused_for_servers(right[0], tmp_path / "refused.pem"))
    assert not accepted(right[1])
    assert len(machine.dialed) == 1


def test_a_file_that_is_too_large_to_look_through_is_read_at_once(machine, right, wrong, monkeypatch):
    """It may refuse what the folder trusts."""
    machine.in_folder(right[0])
    machine.in_file(wrong)
    assert ca_trust.folder_context() is not None
    monkeypatch.setattr(certificate_folder, "_MOST", 10)
    assert ca_trust.folder_context() is None


@pytest.mark.parametrize("place", ["folder", "file"])
def test_a_certificate_of_another_host_is_refused(machine, right, wrong, place):
    """Its issuer is trusted, and the name is not the host's."""
    machine.in_folder(right[0] if place == "folder" else wrong)
    if place == "file":
        machine.in_file(right[0])
    with Tunnel(right[1]) as tunnel, pytest.raises(errors.Unreachable, match="ostname mismatch"):
        send("https://sts.example.com", env={"HTTPS_PROXY": tunnel.url})


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_bundle_that_is_named_is_the_only_one(machine, right, wrong, variable):
    """What the folder trusts does not count then, and no second connection is tried."""
    machine.in_folder(right[0])
    by = connections.route(parse_target(right[1]), env={variable: wrong}, ca_bundle=None)
    with pytest.raises(errors.Unreachable, match="is not trusted"):
        connections.connect(by, pool=None, deadline=soon())
    assert len(machine.dialed) == 1


@pytest.mark.parametrize(
    "name", ["right.pem", "5ad8a5d6", "5ad8a5d6.", "5ad8a5d6.r0", "5AD8A5D6.0", "ad8a5d6.0"]
)
def test_a_folder_without_names_by_hash_does_not_count(machine, right, name):
    """OpenSSL finds nothing there: the whole file is read at once, as if there were no folder."""
    machine.in_folder(right[0], name=name)
    assert ca_trust.folder_context() is None
    machine.in_file(right[0])
    assert accepted(right[1])
    assert len(machine.dialed) == 1


@pytest.mark.parametrize("value", ["", "/nowhere", "/dev/null", ":", "a\udc80b"])
def test_a_folder_that_cannot_be_read_does_not_count(machine, monkeypatch, value):
    """No error: the file may have everything."""
    monkeypatch.setenv("SSL_CERT_DIR", value)
    assert ca_trust.folder_context() is None


def test_several_folders_are_searched(machine, right, monkeypatch):
    """As OpenSSL does, each for a name by hash."""
    machine.in_folder(right[0])
    monkeypatch.setenv("SSL_CERT_DIR", f"/nowhere:{machine.folder}")
    machine.never_whole()
    assert accepted(right[1])


def test_a_file_alone_is_where_to_look(machine, right, monkeypatch):
    """Anyone who sets SSL_CERT_FILE and no folder has the certificates in that file."""
    machine.in_folder(right[0])
    machine.in_file(right[0])
    assert ca_trust.folder_context() is not None
    monkeypatch.delenv("SSL_CERT_DIR")
    assert ca_trust.folder_context() is None


def test_a_pipe_as_file_is_reported_as_without_a_folder(machine, right, monkeypatch):
    """OpenSSL would wait for it."""
    machine.in_folder(right[0])
    os.mkfifo(machine.file)
    monkeypatch.setenv("SSL_CERT_FILE", str(machine.file))
    with pytest.raises(errors.ConfigError, match="SSL_CERT_FILE: cannot read certificates"):
        send(right[1])
    assert machine.dialed == []


def test_both_contexts_verify_alike(machine, right):
    """They differ in the certificates alone."""
    machine.in_folder(right[0])
    by_folder, whole = ca_trust.folder_context(), ca_trust.ssl_context(None)
    for name in (
        "check_hostname", "verify_mode", "verify_flags", "minimum_version", "maximum_version", "options", "_host_flags"
    ):  # fmt: skip
        assert getattr(by_folder, name) == getattr(whole, name), name
    assert by_folder.get_ciphers() == whole.get_ciphers()
