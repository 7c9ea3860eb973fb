"""Where AWS's files are, how the two become one set of profiles, and the prefix."""

import json
import os

import pytest

from tests.data import path_of
from tests.unit.profiles.files import config_of
from vault import errors
from vault.profiles.aws_files import decode, load, locations, selected

with open(path_of("smithy-rs/file-location-tests.json"), encoding="utf-8") as found:
    LOCATIONS = json.load(found)["tests"]
BOTOCORE = sorted(os.listdir(path_of("botocore/cfg")))


@pytest.mark.parametrize("case", LOCATIONS, ids=lambda case: case["name"][:70])
def test_locations(case):
    """The nine shared cases: which two files are read, and for which profile."""
    at = locations(case["environment"], windows=case["platform"] == "windows")
    assert (at.config, at.credentials) == (case["configLocation"], case["credentialsLocation"])
    if "profile" in case:
        assert selected(case["environment"]) == case["profile"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("~/c", "/home/me/c"),
        ("~", "/home/me"),
        ("$X/c", "/x/c"),
        ("${X}/c", "/x/c"),
        ("$UNSET/c", "$UNSET/c"),
        ("${UNSET}/c", "${UNSET}/c"),
        ("a$", "a$"),
        ("${X", "${X"),
        ("", "/home/me/.aws/config"),
    ],
)
def test_variables_in_the_path(path, expected):
    """AWS_CONFIG_FILE may contain ~ and variables, as in botocore; an empty variable counts as unset."""
    env = {"HOME": "/home/me", "X": "/x", "AWS_CONFIG_FILE": path}
    assert locations(env, windows=False).config == expected


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({}, "default"),
        ({"AWS_DEFAULT_PROFILE": "a"}, "a"),
        ({"AWS_PROFILE": "b", "AWS_DEFAULT_PROFILE": "a"}, "b"),
        ({"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "a"}, "a"),
    ],
)
def test_selected_profile(env, name):
    """The order of AWS CLI v2 and of all SDKs but botocore."""
    assert selected(env) == name


def test_prefix_wins_in_either_file():
    """awsvault_K wins over K in any file; for the same name the credentials file wins."""
    config = config_of(
        "[profile a]\nawsvault_region = x1\nregion = x2\nmfa_serial = m1\n",
        "[a]\nregion = x3\nmfa_serial = m2\n",
    )
    profile = config.profile("a")
    assert str(profile.get("region").value) == "x1"
    assert (profile.get("mfa_serial").value, str(profile.get("mfa_serial").origin)) == ("m2", "credentials:3")
    assert profile.plain("region").value == "x3"
    assert profile.prefixed("mfa_serial") is None


def test_quoted_profile_finds_its_keys():
    """The AWS CLI writes [profile 'my dev'] into one file and [my dev] into the other: they are one profile."""
    config = config_of("[profile 'my dev']\nregion = x\n", "[my dev]\naws_access_key_id = k\n")
    assert list(config.profiles) == ["my dev"]
    assert config.profile("my dev").own("aws_access_key_id").value == "k"


class TestInclude:
    def test_missing_keys_come_from_there(self):
        """include_profile supplies what is not set, over several steps, nearest first; never keys and tokens."""
        config = config_of(
            "[profile a]\ninclude_profile = b\nregion = ra\n"
            "[profile b]\nawsvault_include_profile = c\nregion = rb\nmfa_serial = mb\naws_access_key_id = k\n"
            "[profile c]\nmfa_serial = mc\nexternal_id = ec\nawsvault_session = off\n"
        )
        profile = config.profile("a")
        values = [profile.get(key).value for key in ("region", "mfa_serial", "external_id")]
        assert values == ["ra", "mb", "ec"]
        assert profile.get("aws_access_key_id") is None
        assert profile.prefixed("session").value == "off"

    @pytest.mark.parametrize(
        "text",
        [
            "[profile a]\ninclude_profile = a\n",
            "[profile a]\ninclude_profile = b\n[profile b]\ninclude_profile = a\n",
            "[profile a]\ninclude_profile = b\n[profile b]\ninclude_profile = b\n",
        ],
    )
    def test_loop(self, text):
        """An error that shows the loop."""
        with pytest.raises(errors.ConfigError, match="include_profile loop: a -> "):
            config_of(text).profile("a")

    def test_missing(self):
        """An error with the line and the nearest name."""
        with pytest.raises(errors.ConfigError, match="config:2: include_profile names comon") as caught:
            config_of("[profile a]\ninclude_profile = comon\n[profile common]\n").profile("a")
        assert caught.value.hint == "did you mean common?"


def test_starting_with():
    """The exact name, otherwise all names that start with it."""
    config = config_of("[profile dev]\n[profile dev-admin]\n[profile prod]\n")
    assert config.starting_with("dev") == ("dev",)
    assert config.starting_with("de") == ("dev", "dev-admin")
    assert config.starting_with("p") == ("prod",)
    assert config.starting_with("x") == ()


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"[profile a]\nx = \xe9\n", "f:2: not UTF-8: byte 17"),
        (b"\xff\xfe[\x00", "f:1: not UTF-8: byte 1"),
        (b"\n\n\x80", "f:3: not UTF-8: byte 3"),
    ],
)
def test_other_encodings(data, place):
    """A file that is not UTF-8 is an error with line and byte."""
    with pytest.raises(errors.ConfigError, match=place):
        decode(data, path="f")


class TestLoad:
    def home(self, tmp_path, config=None, credentials=None):
        folder = tmp_path / ".aws"
        folder.mkdir()
        for name, text in (("config", config), ("credentials", credentials)):
            if text is not None:
                (folder / name).write_text(text)
        return {"HOME": str(tmp_path)}

    def test_missing_files_are_empty(self, tmp_path):
        """Without files there are no profiles."""
        assert load({"HOME": str(tmp_path)}).profiles == {}

    def test_both_files(self, tmp_path):
        """Profiles of both files; each value has the path of its file."""
        env = self.home(tmp_path, "[profile a]\nx = 1\n", "[b]\nx = 2\n")
        config = load(env)
        assert sorted(config.profiles) == ["a", "b"]
        assert str(config.profile("b").own("x").origin) == f"{tmp_path}/.aws/credentials:2"

    def test_file_that_all_may_write(self, tmp_path):
        """A file in which any user could have put a command is refused."""
        env = self.home(tmp_path, "[profile a]\n")
        (tmp_path / ".aws/config").chmod(0o666)
        with pytest.raises(errors.UnsafeFile, match="config"):
            load(env)

    def test_link_is_followed(self, tmp_path):
        """Users keep their configuration elsewhere and link to it."""
        (tmp_path / "dotfiles").write_text("[profile linked]\n")
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws/config").symlink_to(tmp_path / "dotfiles")
        assert "linked" in load({"HOME": str(tmp_path)}).profiles

    @pytest.mark.parametrize("name", BOTOCORE)
    def test_files_of_botocore(self, tmp_path, name):
        """Each of botocore's own files, some broken on purpose, is read, or refused with its line."""
        env = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": path_of(f"botocore/cfg/{name}")}
        broken = {"aws_config_bad", "aws_config_badbytes", "aws_config_nested_bad", "aws_credentials"}
        if name in broken:
            with pytest.raises(errors.ConfigError, match=rf"{name}:\d+: "):
                load(env)
        else:
            load(env)


def test_names_of_botocores_bad_file():
    """Of the file with bad headers, exactly the names that botocore accepts."""
    with open(path_of("botocore/cfg/aws_bad_profile"), encoding="utf-8") as file:
        config = config_of(file.read())
    assert sorted(config.profiles) == ["default", "my profile", "personal1"]
