"""serve at a Unix socket, and a client in a network of its own, with the command and the Compose file of docs/how-to/containers.md."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile

import pytest
import yaml

from tests.home import Home
from tests.patience import PATIENCE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VOLUME = "~/.awsvault-share:/awsvault:ro"
# The two containers: one network of their own, and the volume. The relay's container runs socat as alpine/socat does.
INSIDE = """
ip link set lo up
mount --bind "$SHARE" "$POINT" && mount -o remount,bind,ro "$POINT"
eval "socat $RELAY &"
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
import botocore.session, json, os, socket
found = botocore.session.Session().get_credentials()
frozen = found.get_frozen_credentials()
try:
    socket.create_connection(("127.0.0.1", int(%d)), timeout=5)
    alone = False
except OSError:
    alone = True
token = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
read_only = bool(os.statvfs(token).f_flag & os.ST_RDONLY)
print(json.dumps({"key": frozen.access_key, "method": found.method, "alone": alone, "read_only": read_only}))
"""


def page(kind, having):
    """The block of a kind on the how-to's page that has a text."""
    with open(os.path.join(ROOT, "docs", "how-to", "containers.md"), encoding="utf-8") as file:
        blocks = re.findall(rf"```{kind}\n(.*?)```", file.read(), re.DOTALL)
    (found,) = [block for block in blocks if having in block]
    return found


@pytest.fixture
def services():
    """The Compose file's services, which share a network and the volume."""
    found = yaml.safe_load(page("yaml", "network_mode"))["services"]
    assert found["app"]["network_mode"] == "service:credentials"
    assert {volume for service in found.values() for volume in service["volumes"]} == {VOLUME}
    return found


@pytest.fixture
def home(aws):
    """A home with a name that is short enough for the socket in it."""
    with tempfile.TemporaryDirectory(prefix="home") as folder:
        yield Home(folder, url=aws.url)


@pytest.fixture
def share(home):
    """The folder that the page shares, once the page's commands have started a server for it."""
    home.scenario()
    home.make_vault()
    words = ["sh", "-c", page("sh", "--bind unix:").replace("awsvault-py serve", "exec awsvault-py serve")]
    running = subprocess.Popen(words, env=home.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert running.stdout.readline(), running.stderr.read()
    yield os.path.join(home.root, ".awsvault-share")
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=PATIENCE)
    assert running.returncode == 0


def inside(services, share, point, *command, **env):
    """Run ``command`` as ``app`` beside ``credentials``; nothing but their own loopback can be reached."""
    point.mkdir()
    here = lambda text: text.replace("/awsvault/", f"{point}/")  # noqa: E731
    relay = [here(word) for word in shlex.split(services["credentials"]["command"])]
    app = {name: here(value) for name, value in services["app"]["environment"].items()}
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}  # fmt: skip
    return subprocess.run(
        ["unshare", "--net", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)), "sh", "-c", INSIDE, "sh", *command],
        env={"PATH": os.environ["PATH"], "SHARE": share, "POINT": str(point), "RELAY": shlex.join(relay), **nowhere, **app, **env},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_a_program_in_another_network_gets_credentials_through_the_socket(
    home, aws, services, share, tmp_path
):
    """By AWS's own SDK, with the token from the file; nothing else of the host can be reached from there."""
    port = int(home.env["AWS_ENDPOINT_URL"].rpartition(":")[2])
    done = inside(services, share, tmp_path / "v", sys.executable, "-c", CLIENT % port)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["key"] in aws.world.sessions
    assert (found["method"], found["alone"], found["read_only"]) == ("container-role", True, True)


def test_without_the_token_it_gets_nothing(services, share, tmp_path):
    """A program that can reach the relay but not read the file."""
    (tmp_path / "wrong").write_text("wrong")
    wrong = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "wrong")}
    done = inside(services, share, tmp_path / "v", sys.executable, "-c", CLIENT % 1, **wrong)
    assert done.returncode != 0
    assert "401" in done.stderr
