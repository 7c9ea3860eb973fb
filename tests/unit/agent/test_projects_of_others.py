"""Modules in a project's folder are never run by awsvault-py, whatever its Python settings, except what Python itself runs first."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.home import COMMAND, Home, uncounted
from tests.patience import PATIENCE
from tests.unit.agent.at_home import UNLOCK, pid_of, stop, with_agent

pytestmark = pytest.mark.usefixtures("unmeasured")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
THIEF = "import os\nopen(os.environ['HOME'] + '/stolen', 'a').write(__name__)\n"


@pytest.fixture
def home(tmp_path_factory, aws):
    made = with_agent(Home(tmp_path_factory.mktemp("h"), url=aws.url))
    yield made
    stop(made)


@pytest.fixture
def project(tmp_path):
    """A folder with modules that are named like awsvault-py's, the standard library's and the dependencies'."""
    for name in ("awsvault_warm", "json", "click", "hmac", "keyring", "boto3"):
        tmp_path.joinpath(f"{name}.py").write_text(THIEF)
    for name in ("vault", "cryptography"):
        tmp_path.joinpath(name).mkdir()
        for file in ("__init__.py", "__main__.py"):
            tmp_path.joinpath(name, file).write_text(THIEF)
    return tmp_path


@pytest.mark.parametrize("path", ["", ":", ".", "{project}", "{project}:/opt/lib"])
def test_a_projects_python_path_is_searched_last(home, project, path):
    """An empty element, as `PYTHONPATH=$PYTHONPATH:/x` leaves, is the current folder."""
    env = uncounted(home.with_env({**UNLOCK, "PYTHONPATH": path.format(project=project)}))

    def run(*words):
        done = subprocess.run(
            [COMMAND, *words], env=env, cwd=project, capture_output=True, timeout=PATIENCE, check=False
        )
        assert (done.returncode, os.path.exists(home.root + "/stolen")) == (0, False), done.stderr
        return done.stdout

    run("unlock")
    assert json.loads(run("export", "dev"))["AccountId"] == "222222222222"
    assert json.loads(run("export", "dev", "--fresh"))["AccountId"] == "222222222222"
    assert pid_of(home) is not None
    run("status")


def test_the_documents_name_what_python_runs_first(home, tmp_path):
    """An installed script cannot keep a sitecustomize out, so docs/security.md names it beside the PATH."""
    tmp_path.joinpath("sitecustomize.py").write_text(THIEF)
    env = uncounted(home.with_env({"PYTHONPATH": str(tmp_path)}))
    subprocess.run([COMMAND, "--version"], env=env, capture_output=True, timeout=PATIENCE, check=True)
    assert os.path.exists(home.root + "/stolen")
    with open(os.path.join(ROOT, "docs", "security.md"), encoding="utf-8") as file:
        row = next(line for line in file if line.startswith("| malware running as you"))
    for word in ("`PATH`", "`PYTHONPATH`", "`sitecustomize`"):
        assert word in row


def test_a_relative_home_is_the_same_for_the_agent(home):
    """HOME=. leads the agent, which runs in another folder, to the same vault."""
    env = home.with_env({**UNLOCK, "HOME": ".", "AWSVAULT_HOME": None})
    os.makedirs(home.root + "/.local/share", mode=0o700)
    os.rename(home.awsvault_home, home.root + "/.local/share/awsvault-py")
    for words in (["unlock"], ["export", "dev"]):
        done = subprocess.run(
            [COMMAND, *words], env=env, cwd=home.root, capture_output=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
    ended = subprocess.run(
        [COMMAND, "status", "--json"],
        env=env,
        cwd=home.root,
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    assert json.loads(ended.stdout)["state"] == "open"
    os.kill(json.loads(ended.stdout)["pid"], 15)
