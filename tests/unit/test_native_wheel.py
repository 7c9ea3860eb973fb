"""The wheel with and without the native front: what the build takes, and an installation that changes while the agent runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig

import pytest

from scripts.releasing import builds, trial
from tests.home import Home
from tests.unit.agent.at_home import UNLOCK, pid_of, stop, told, with_agent
from vault import __version__

pytestmark = pytest.mark.usefixtures("unmeasured")

PLATFORM = sysconfig.get_platform().replace("-", "_")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The tracked files."""
    folder = str(tmp_path_factory.mktemp("tree") / "tree")
    builds.copy_tracked(folder, private=False)
    return folder


def build(tree, target, **env):
    """One wheel, as hatchling builds it from this environment."""
    given = {name: value for name, value in os.environ.items() if name != "AWSVAULT_NATIVE"}
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=tree, env={**given, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def made(target):
    (name,) = os.listdir(target)
    return name.partition(f"{__version__}-")[2]


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({}, f"py3-none-{PLATFORM}.whl"),
        ({"AWSVAULT_NATIVE": "0"}, "py3-none-any.whl"),
        ({"PATH": "/there is none"}, "py3-none-any.whl"),
    ],
)
def test_the_front_is_built_where_a_compiler_is(tree, tmp_path, env, name):
    """Unless it is forbidden; without a compiler the wheel is that of every system."""
    done = build(tree, tmp_path / "dist", **env)
    assert done.returncode == 0, done.stderr
    assert made(tmp_path / "dist") == name
    assert ("no C compiler" in done.stdout + done.stderr) == ("PATH" in env)


@pytest.mark.parametrize(
    ("env", "said"),
    [({"AWSVAULT_NATIVE": "1", "PATH": "/there is none"}, "there is no C compiler"), ({"AWSVAULT_NATIVE": "yes"}, "set it to 0 or 1"),
     ({"AWSVAULT_NATIVE": "1", "CC": "false"}, "false failed"), ({"AWSVAULT_NATIVE": "1", "CC": "/there/is/none"}, "No such file")],
)  # fmt: skip
def test_a_front_that_is_demanded_and_cannot_be_built_ends_the_build(tree, tmp_path, env, said):
    """With the reason."""
    done = build(tree, tmp_path / "dist", **env)
    assert done.returncode != 0
    assert said in done.stderr


@pytest.fixture(scope="module")
def wheels(tree, tmp_path_factory):
    """The pure wheel, and the one with the native front."""
    target = str(tmp_path_factory.mktemp("wheels"))
    for wish in ("0", "1"):
        assert build(tree, target, AWSVAULT_NATIVE=wish).returncode == 0
    pure, native = sorted(os.listdir(target), key=lambda name: not name.endswith(builds.PURE))
    return os.path.join(target, pure), os.path.join(target, native)


@pytest.fixture
def install(tmp_path):
    """``install(wheel)`` into one environment; the libraries are those of this one."""
    env = str(tmp_path / "env")
    trial.uv("venv", "-q", "--python", sys.executable, env)
    python = os.path.join(env, "bin", "python")
    site = os.path.join(env, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    with open(os.path.join(site, "libraries.pth"), "w", encoding="utf-8") as file:
        file.write(sysconfig.get_path("purelib") + "\n")

    def run(wheel):
        trial.uv(
            "pip",
            "install",
            "-q",
            "--python",
            python,
            "--no-deps",
            "--offline",
            "--no-cache",
            "--reinstall",
            wheel,
        )
        return os.path.join(env, "bin", "awsvault-py")

    return run


def test_an_upgrade_to_the_native_front_and_back_beside_an_agent(wheels, install, aws, tmp_path_factory):
    """The agent of the Python front answers the native one, and the other way around: no call to STS, no other agent."""
    pure, native = wheels
    home = with_agent(Home(tmp_path_factory.mktemp("h"), url=aws.url))
    home.use(install(pure))
    assert home.run("unlock", **UNLOCK).returncode == 0
    try:
        assert home.run("--version").stdout == f"awsvault-py {__version__}\n"
        first, pid = home.export("dev"), pid_of(home)
        assert home.run("exec", "dev", "--", "true").returncode == 0
        calls = len(aws.calls)
        for wheel, front in ((native, "(native front) "), (pure, ""), (native, "(native front) ")):
            install(wheel)
            assert os.path.exists(home.command + "-full") == (wheel is native)
            assert home.run("--version").stdout == f"awsvault-py {front}{__version__}\n"
            shown = home.run("doctor", "--notes").stderr
            assert f"Front: {'native' if front else 'Python'} ({home.command})\n" in shown
            assert home.export("dev") == first
            done = home.run(
                "exec", "dev", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID", AWSVAULT_PASSPHRASE=None
            )
            assert done.stdout == first["AccessKeyId"] + "\n"
            assert [row["profile"] for row in told(home)["sessions"]] == ["dev"]
            assert (len(aws.calls), pid_of(home)) == (calls, pid)
    finally:
        stop(home)


def test_a_profile_calls_the_native_front(wheels, install, tmp_path_factory):
    """setup writes the path of the command, not that of the program behind it."""
    home = Home(tmp_path_factory.mktemp("h"))
    home.use(install(wheels[1]))
    home.make_vault()
    home.config("[profile shared-services]\nregion = us-east-1\n")
    done = home.run("setup", "--yes")
    assert done.returncode == 0, done.stderr
    with open(home.config_path, encoding="utf-8") as file:
        assert f"credential_process = {home.command} export shared-services\n" in file.read()


def test_an_installation_without_a_compiler(wheels, install, tree, tmp_path):
    """No `cc` on the PATH when the package is built, and none when it is used: the Python front is the command."""
    tools = tmp_path / "tools"
    tools.mkdir()
    os.symlink(shutil.which("git"), tools / "git")
    assert build(tree, tmp_path / "dist", PATH=str(tools)).returncode == 0
    command = install(str(tmp_path / "dist" / os.listdir(tmp_path / "dist")[0]))
    done = subprocess.run(
        [command, "version", "--json"],
        env={"HOME": str(tmp_path), "PATH": str(tools)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"version": __version__}
