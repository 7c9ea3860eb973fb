"""serve at a Unix socket, and a client in a network of its own: what docs/how-to/containers.md has in a Compose file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.patience import PATIENCE

# What runs in the container: a relay at its own loopback, and a program with AWS's SDK.
INSIDE = """
ip link set lo up
socat TCP-LISTEN:9911,bind=127.0.0.1,fork,reuseaddr UNIX-CONNECT:"$SOCKET" &
relay=$!
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  socat -u OPEN:/dev/null TCP:127.0.0.1:9911 2>/dev/null && break
  sleep 0.2
done
"$@"
code=$?
kill $relay
exit $code
"""
CLIENT = """
import botocore.session, json, socket
found = botocore.session.Session().get_credentials()
frozen = found.get_frozen_credentials()
try:
    socket.create_connection(("127.0.0.1", int(%d)), timeout=5)
    alone = False
except OSError:
    alone = True
print(json.dumps({"key": frozen.access_key, "method": found.method, "alone": alone}))
"""


@pytest.fixture
def served(home, tmp_path):
    """A server for dev at a Unix socket: what it printed."""
    home.scenario()
    home.make_vault()
    home.forks = False
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o700)
    running = home.start("serve", "dev", "--bind", f"unix:{folder / 'dev.sock'}", "--json")
    document = b""
    while not document.endswith(b"}\n"):
        line = running.stdout.readline()
        assert line, running.stderr.read()
        document += line
    yield json.loads(document)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=PATIENCE)


def inside(home, served, token_file, *command):
    """Run ``command`` in a network namespace in which nothing but its own loopback can be reached."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": home.root,
        "SOCKET": served["socket"],
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9911/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token_file,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    return subprocess.run(
        ["unshare", "--net", *(() if os.geteuid() == 0 else ("--map-root-user",)), "sh", "-c", INSIDE, "sh", *command],
        env=env, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_a_program_in_another_network_gets_credentials_through_the_socket(home, aws, served):
    """By AWS's own SDK, with the token from the file; nothing else of the host can be reached from there."""
    port = int(home.env["AWS_ENDPOINT_URL"].rpartition(":")[2])
    done = inside(home, served, served["token_file"], sys.executable, "-c", CLIENT % port)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["key"] in aws.world.sessions
    assert (found["method"], found["alone"]) == ("container-role", True)


def test_without_the_token_it_gets_nothing(home, served, tmp_path):
    """A program that can reach the relay but not read the file."""
    (tmp_path / "wrong").write_text("wrong")
    done = inside(home, served, str(tmp_path / "wrong"), sys.executable, "-c", CLIENT % 1)
    assert done.returncode != 0
    assert "401" in done.stderr
