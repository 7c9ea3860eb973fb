"""The fingerprint changes with everything that may change an answer, and holds no secret."""

from __future__ import annotations

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vault.profiles.aws_files import locations
from vault.system import paths as places
from vault.system.paths import PLAIN, URLS, aws_files, fingerprint


@pytest.fixture
def env(tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / "v").mkdir()
    for name in (".aws/config", ".aws/credentials", "v/vault.avlt", "v/config.toml"):
        (tmp_path / name).write_text("one")
    return {"HOME": str(tmp_path), "AWSVAULT_HOME": str(tmp_path / "v")}


def of(env):
    return fingerprint(env, paths=places.from_env(env))


def test_the_same_state_gives_the_same_bytes(env):
    """Two processes of one caller agree, or nothing would ever be warm."""
    assert of(env) == of(dict(env))


def test_inside_an_exec_it_is_that_of_outside(env):
    """What was warm outside is warm inside too, and a region of the user's own counts in both."""
    hidden = {"AWS_CONFIG_FILE": os.devnull, "AWSVAULT_OUTER_AWS_CONFIG_FILE": env["HOME"] + "/.aws/config"}
    named = {"AWS_CONFIG_FILE": env["HOME"] + "/.aws/config"}
    inner = {
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWSVAULT_OUTER_REGION": "us-west-2",
    }
    assert of({**env, **inner, "AWSVAULT_PROFILE": "dev"}) == of(env)
    assert of({**env, **inner, **hidden}) == of({**env, **named})
    own = {"AWS_REGION": "eu-west-1"}
    assert of({**env, **own, "AWSVAULT_OUTER_REGION": "us-west-2"}) == of({**env, **own}) != of(env)


@pytest.mark.parametrize("name", [".aws/config", ".aws/credentials", "v/vault.avlt", "v/config.toml"])
def test_each_file_counts(env, tmp_path, name):
    """A write in place, a replacement, an mtime set back and a removal each show, for each of the four files."""
    path = tmp_path / name
    seen = [of(env)]
    path.write_text("two, longer")
    seen.append(of(env))
    before = path.stat()
    path.write_text("TWO, LONGER")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    seen.append(of(env))
    other = tmp_path / "other"
    other.write_text("TWO, LONGER")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    seen.append(of(env))
    path.unlink()
    seen.append(of(env))
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("name", PLAIN + URLS)
def test_each_variable_counts(env, name):
    """Setting, changing and emptying one gives a fingerprint of its own."""
    states = [env, env | {name: "http://a"}, env | {name: "http://b"}, env | {name: ""}]
    assert len({of(e) for e in states}) == len(states)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@proxy:8080/x",
        "user:hunter2@proxy:8080",
        "http://user:p@hunter2@proxy",
        "//user:hunter2@proxy",
        "http://hunter2@proxy",
    ],
)
def test_a_proxy_password_stays_out(env, url):
    """What a URL carries before its host is not kept, in whatever form it is written."""
    assert b"hunter2" not in of(env | {"HTTPS_PROXY": url})
    assert b"proxy" in of(env | {"HTTPS_PROXY": url})


def test_two_lists_never_join_to_the_same_bytes(env):
    """A value that looks like another variable is still a value."""
    assert of(env | {"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}) != of(
        env | {"AWS_REGION": "a\nAWS_DEFAULT_REGION=b"}
    )


def test_bytes_that_are_not_utf8_are_taken(env):
    """An environment may hold any bytes; they reach the fingerprint as they were."""
    assert b"\xff" in of(env | {"AWS_REGION": os.fsdecode(b"\xff")})


def test_an_unreadable_path_is_a_state_of_its_own(env, tmp_path):
    """A path that cannot be looked at differs from one that is missing."""
    missing = of(env | {"AWS_CONFIG_FILE": str(tmp_path / "none")})
    assert of(env | {"AWS_CONFIG_FILE": str(tmp_path / ".aws/config/below")}).split(b"\0")[1] == b"?20"
    assert missing.split(b"\0")[1] == b"-"


@given(st.text(alphabet="$~{}ab_/\\1é-", max_size=12))
@example("${b$a}")
@example("~\\a")
def test_the_files_looked_at_are_those_that_are_read(text):
    """A fingerprint of other files would hold on to an answer whose configuration has changed."""
    env = {"HOME": "/h", "a": "A", "ab": "B$a", "_1": "/", "AWS_CONFIG_FILE": text}
    assert aws_files(env, home="/h")[0] == locations(env, home="/h").config


@given(st.text(alphabet="$~{}ab_/1é-", max_size=12))
@example("${b$a}")
def test_paths_expand_as_the_standard_library_does(text):
    """Our own expansion exists to spare an import, not to differ."""
    env = {"HOME": "/h", "a": "A", "ab": "B$a", "_1": "/"}
    with pytest.MonkeyPatch.context() as patch:
        for key in list(os.environ):
            patch.delenv(key)
        for key, value in env.items():
            patch.setenv(key, value)
        expected = os.path.expanduser(os.path.expandvars(text)) if text else "/h/.aws/config"
    assert aws_files(env | {"AWS_CONFIG_FILE": text}, home="/h")[0] == expected
