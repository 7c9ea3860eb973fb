"""GitHub's workflows and the Dockerfile: what they run is what the scripts here offer, and nothing of others moves under them."""

from __future__ import annotations

import glob
import os
import re
import shlex
import subprocess
import sys
import tomllib

import pytest
import yaml

from scripts.loop.steps import STEPS
from scripts.releasing import main, papers
from tests.patience import PATIENCE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORKFLOWS = sorted(glob.glob(".github/workflows/*.yml", root_dir=ROOT))
VERSIONED = re.compile(r"^ +(?:- )?uses: ([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")


def text_of(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def jobs(name):
    return yaml.safe_load(text_of(name))["jobs"]


def commands(steps):
    """Each command line of a job, as words."""
    for step in steps:
        for line in step.get("run", "").replace("\\\n", " ").splitlines():
            yield shlex.split(line)


def subcommands():
    """What scripts/test knows as its first word."""
    cases = re.search(r"^case \$what in\n(.*?)^esac", text_of("scripts/test"), re.DOTALL | re.MULTILINE)[1]
    return set(re.findall(r"^ +([a-z]+)\)", cases, re.MULTILINE)) | set(
        re.findall(r'"\$what" != (\w+)', text_of("scripts/test"))
    )


def test_there_are_two():
    """CI and release."""
    assert WORKFLOWS == [".github/workflows/ci.yml", ".github/workflows/release.yml"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned(name):
    """By the hash of a commit, the version beside it; the same one everywhere."""
    lines = [line for line in text_of(name).splitlines() if re.search(r"\buses:", line)]
    assert lines
    pins = {}
    for line in lines:
        found = VERSIONED.match(line)
        assert found, line
        assert pins.setdefault(found[1], found.groups()) == found.groups()
    for other in WORKFLOWS:
        for line in text_of(other).splitlines():
            found = VERSIONED.match(line)
            assert not found or pins.get(found[1], found.groups()) == found.groups()


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_little(name):
    """No stored secret, no trigger that runs a stranger's code with rights, every right named at its job, an end for each job."""
    text = text_of(name)
    assert "secrets." not in text
    assert "pull_request_target" not in text
    assert yaml.safe_load(text)["permissions"] in ({}, {"contents": "read"})
    for job in jobs(name).values():
        assert job["timeout-minutes"] <= 60
        assert not [
            line for line in commands(job["steps"]) if any("${{" in word for word in line)
        ]  # no value becomes code
        for step in job["steps"]:
            if "checkout" in step.get("uses", "") and job.get("permissions", {}).get("contents") != "write":
                assert step["with"]["persist-credentials"] is False


def test_ci_runs_the_test_script_as_this_repository_does():
    """On each Python of the metadata, on Linux and on macOS, by subcommands that the script has."""
    pythons = {
        name.rpartition(" ")[2]
        for name in tomllib.loads(text_of("pyproject.toml"))["project"]["classifiers"]
        if re.search(r":: 3\.\d+$", name)
    }
    found = jobs(".github/workflows/ci.yml")
    for name in ("linux", "macos"):
        assert set(found[name]["strategy"]["matrix"]["python"]) == pythons
        for step in found[name]["steps"]:
            if "scripts/test" in step.get("run", "") and "sudo" not in step["run"]:
                assert step["env"]["PYTHON"] == "python"
    assert "macos" in found["macos"]["runs-on"]
    assert [line for line in commands(found["linux"]["steps"]) if "sudo" not in line] == [["scripts/test"]]
    assert "exec ./scripts/test\n" in text_of(".ci/run")
    for job in found.values():
        for line in commands(job["steps"]):
            words = line[1:] if line[0] == "sudo" else line
            if words[0] == "scripts/test" and len(words) > 1:
                assert words[1] in subcommands()
                assert all(os.path.isdir(os.path.join(ROOT, folder)) for folder in words[2:])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_scripts_that_are_named_exist(name):
    """Each can be run, and scripts/release has each mode."""
    seen = set()
    for job in jobs(name).values():
        for line in commands(job["steps"]):
            for at, word in enumerate(line):
                if not word.startswith("scripts/"):
                    continue
                assert os.access(os.path.join(ROOT, word), os.X_OK), word
                if word == "scripts/release":
                    seen.add(line[at + 1] if line[at + 1].startswith("-") else "FOLDER")
    assert seen
    for mode in seen:
        assert mode in main.USAGE


def test_a_release_publishes_all_that_is_written():
    """Packages, bill of materials, formula, checksums, notes; the index gets packages alone, with no password."""
    found = jobs(".github/workflows/release.yml")
    text = text_of(".github/workflows/release.yml")
    for name in (papers.SBOM, papers.FORMULA, papers.SUMS, papers.NOTES):
        assert f"dist/{name}" in text
    assert found["index"]["permissions"] == {"id-token": "write"}
    assert found["index"]["steps"][-1]["with"] == {"packages-dir": "dist/packages/"}
    assert all(found[job]["environment"] == "release" for job in ("index", "image", "images"))
    (build,) = (job for name, job in found.items() if "needs" not in job)
    modes = [line[2] for line in commands(build["steps"]) if "scripts/release" in line]
    assert modes == ["--tag", "--check", "dist"]


def test_the_dockerfile_takes_only_what_its_context_has():
    """Each file that it copies is let in by .dockerignore and exists, or is written by scripts/release; libraries have hashes."""
    text, allowed = text_of("Dockerfile"), re.findall(r"^!(.*)$", text_of(".dockerignore"), re.MULTILINE)
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert sorted(copied) == sorted(allowed)
    for name in copied:
        assert name.startswith("dist/packages/") or os.path.exists(os.path.join(ROOT, name))
    assert text.count("pip install") == text.count("--require-hashes") + text.count("--no-deps")
    assert re.search(r"^USER (?!root)\w+$", text, re.MULTILINE)


def check(*words, **env):
    return subprocess.run(
        [sys.executable, os.path.join(ROOT, "scripts", "check-workflows"), *words],
        env={**os.environ, **env}, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_actionlint_is_one_of_the_checks():
    """In scripts/check, scripts/test and the hooks."""
    assert STEPS["workflows"] == (("python", "scripts/check-workflows"),)
    assert re.search(r"scripts/check style .*\bworkflows\b", text_of("scripts/test"))
    assert "entry: scripts/check workflows\n" in text_of(".pre-commit-config.yaml")


@pytest.mark.long
def test_actionlint_finds_what_is_wrong(tmp_path):
    """A job that needs one that is not there, by its line."""
    bad = tmp_path / "bad.yml"
    bad.write_text(
        "on: push\njobs:\n  a:\n    needs: b\n    runs-on: ubuntu-24.04\n    steps:\n      - run: true\n"
    )
    assert check().returncode == 0
    done = check(str(bad))
    assert done.returncode == 1
    assert "bad.yml:3:" in done.stdout
