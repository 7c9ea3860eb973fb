"""exec --server for longer than a session lasts, with the real SDKs: no call fails, and the sessions follow each other.

The stand-in's roles give 16 seconds here, by AWS's own clock and refused afterwards, so that three lives are a short test.
"""

from __future__ import annotations

import json
import os
import sys

import pytest

from tests.clients import builds

pytestmark = pytest.mark.usefixtures("unmeasured")

LIFE = 16  # seconds: refreshed 6 before expiry, served to the last
LONG = 36  # more than two lives
ROLE = "arn:aws:sts::222222222222:assumed-role/DeveloperRole/"

BOTO = (
    "import boto3, json, sys, time\n"
    "session = boto3.Session()\n"
    "client, ends, keys, arns = session.client('sts'), time.time() + float(sys.argv[1]), [], []\n"
    "while time.time() < ends:\n"
    "    arns.append(client.get_caller_identity()['Arn'])\n"
    "    keys.append(session.get_credentials().get_frozen_credentials().access_key)\n"
    "    time.sleep(0.5)\n"
    "print(json.dumps({'calls': len(arns), 'keys': list(dict.fromkeys(keys)), 'first': arns[0], 'last': arns[-1]}))\n"
)
# Fifty at once, all the time: each answer is a session that still lives when it comes.
CROWD = (
    "import http.client, json, os, sys, threading, time, urllib.parse\n"
    "from datetime import datetime\n"
    "url = urllib.parse.urlsplit(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'])\n"
    "token = os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN']\n"
    "ends, bad, keys, lock = time.time() + float(sys.argv[1]), [], set(), threading.Lock()\n"
    "total = [0]\n"
    "def work():\n"
    "    while time.time() < ends:\n"
    "        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)\n"
    "        connection.request('GET', url.path, headers={'Authorization': token})\n"
    "        answer = connection.getresponse()\n"
    "        status, body = answer.status, answer.read()\n"
    "        connection.close()\n"
    "        found = json.loads(body)\n"
    "        with lock:\n"
    "            total[0] += 1\n"
    "            keys.add(found.get('AccessKeyId'))\n"
    "            if status != 200 or datetime.fromisoformat(found['Expiration']).timestamp() <= time.time():\n"
    "                bad.append(found)\n"
    "        time.sleep(float(sys.argv[2]))\n"
    "crowd = [threading.Thread(target=work) for _ in range(50)]\n"
    "[one.start() for one in crowd]\n"
    "[one.join() for one in crowd]\n"
    "print(json.dumps({'calls': total[0], 'keys': sorted(keys), 'bad': bad}))\n"
)


@pytest.fixture
def short(home, aws):
    """The README's home, whose roles last for ``LIFE`` seconds."""
    home.scenario()
    home.make_vault()
    aws.world.role_seconds = LIFE
    return home


def test_longer_than_a_session_lasts(short, aws):
    """boto3, the JavaScript SDK and a crowd beside them under one exec --server, for more than two sessions' lives."""
    node, _, identity = builds.javascript()
    script = os.path.join(os.path.dirname(identity), "endpoint.mjs")
    places = {name: short.file(name) for name in ("boto3", "javascript", "crowd")}
    together = (
        f'{sys.executable} -c "$BOTO" {LONG} > {places["boto3"]} & one=$!\n'
        f"{node} --no-warnings {script} {LONG} > {places['javascript']} & two=$!\n"
        f'{sys.executable} -c "$CROWD" {LONG} 1 > {places["crowd"]} & three=$!\n'
        "wait $one && wait $two && wait $three"
    )
    done = short.run("exec", "--server", "dev", "--", "sh", "-c", together, BOTO=BOTO, CROWD=CROWD)
    assert done.returncode == 0, done.stderr
    found = {}
    for name, path in places.items():
        with open(path) as file:
            found[name] = json.load(file)
    for name in ("boto3", "javascript"):
        assert found[name]["first"].startswith(ROLE), name
        assert found[name]["last"].startswith(ROLE), name
        assert len(found[name]["keys"]) >= 3, name
    assert found["crowd"]["bad"] == []
    assert len(found["crowd"]["keys"]) >= 3
    assert not [call for call in aws.calls if call.status != 200]
    made = aws.calls.of("AssumeRole")
    assert len(made) >= 3
    # One refresh for each TTL, however many ask: at 6 s before expiry, so every ten seconds.
    assert len(made) <= LONG // 10 + 3
    assert aws.calls.actions().count("GetSessionToken") == 1
    said = short.run("log", "--json", "--verify")
    assert said.returncode == 0, said.stderr
    logged = [r for r in json.loads(said.stdout)["records"] if r["use"] == "serve"]
    assert {r["program"] for r in logged} == {"sh"}
    assert set(found["boto3"]["keys"]) <= {r["access_key_id"] for r in logged}
