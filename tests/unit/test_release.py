"""scripts/release: packages that anyone can reproduce, with what belongs in them, and the papers that go with them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts.releasing import builds, papers, trial
from vault import __version__

pytestmark = pytest.mark.usefixtures("unmeasured")

ROOT = builds.ROOT


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """Sdist and wheel with their digests, after two builds of each and a third from the sdist had the same bytes."""
    return builds.twice(str(tmp_path_factory.mktemp("builds")))


def names(packages, end):
    (path,) = (path for path in packages if path.endswith(end))
    return [name for name, _, _ in builds.entries(path)]


def test_two_builds_have_the_same_bytes(packages):
    """In folders with other paths, modes, times, languages and hash seeds; and the wheel of the sdist is the wheel."""
    platform = sysconfig.get_platform().replace("-", "_")
    assert [os.path.basename(path) for path in packages] == [
        f"awsvault_py-{__version__}.tar.gz",
        f"awsvault_py-{__version__}-py3-none-any.whl",
        f"awsvault_py-{__version__}-py3-none-{platform}.whl",
    ]
    builds.contents(packages)


def test_what_the_packages_hold(packages):
    """The sdist has tests and documents, and nothing of this repository's own running; the wheel has what a user needs."""
    source, wheel = names(packages, ".tar.gz"), names(packages, builds.PURE)
    inside = {name.partition("/")[2] for name in source}
    assert {
        "tests/conftest.py",
        "docs/format.md",
        "scripts/test",
        "requirements/run.txt",
        "LICENSE",
        "NOTICE",
    } <= inside
    assert not [name for name in inside if name.startswith((".ci", ".github", ".work", ".venv"))]
    assert not [name for name in wheel if name.startswith(("tests", "scripts/", "docs"))]
    for name in builds.SDIST:
        assert os.path.exists(os.path.join(ROOT, name))


def test_each_file_has_the_time_of_the_last_commit(packages):
    """Not that of the build."""
    (path,) = (path for path in packages if path.endswith(".tar.gz"))
    with tarfile.open(path) as archive:
        assert {member.mtime for member in archive} == {int(builds.commit_time())}


def wheel(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return str(path)


def test_a_difference_is_named_by_its_file(tmp_path):
    """The first one; or the archive around the files."""
    one = wheel(tmp_path / "one.whl", {"a": "1", "b": "2"})
    assert builds.difference(one, wheel(tmp_path / "two.whl", {"a": "1", "b": "3"})) == "b"
    assert builds.difference(one, wheel(tmp_path / "three.whl", {"a": "1", "c": "2"})) == "b and c"
    assert "archive" in builds.difference(one, one)


def test_a_build_that_depends_on_its_folder_is_refused(tmp_path, monkeypatch):
    """With the file's name."""
    real = builds.copy_tracked

    def copy(target, *, private):
        real(target, private=private)
        with open(os.path.join(target, "vault", "__init__.py"), "a") as file:
            file.write(f"# {private}\n")

    monkeypatch.setattr(builds, "copy_tracked", copy)
    with pytest.raises(builds.Unfit, match=r"tar\.gz differ: .*vault/__init__\.py"):
        builds.twice(str(tmp_path))


def test_a_wheel_that_lacks_or_has_too_much_is_refused(tmp_path):
    """Each file is named."""
    files = dict.fromkeys(["vault/__init__.py", "tests/a.py", "awsvault_py-1.dist-info/RECORD"], "")
    with pytest.raises(builds.Unfit) as caught:
        builds.contents({wheel(tmp_path / "a.whl", files): ""})
    for name in ("awsvault_warm.py", "licenses/LICENSE", "awsvault_py-1.data/scripts/awsvault-py", "tests"):
        assert name in str(caught.value)


def test_the_tag_is_that_of_the_version():
    """And the changelog has it."""
    papers.same_version(f"v{__version__}")
    for wrong in (__version__, "v0.0.1"):
        with pytest.raises(builds.Unfit, match=re.escape(f"must be v{__version__}")):
            papers.same_version(wrong)
    with pytest.raises(builds.Unfit, match=r"no section for 99\.0\.0"):
        papers.changes("99.0.0")


@pytest.fixture(scope="module")
def written(packages, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("papers"))
    papers.write(folder, packages, __version__)
    return folder


def text_of(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def test_the_bill_of_materials(written):
    """Valid CycloneDX; each pin of requirements/run.txt with its hashes; who needs whom."""
    text = text_of(written, papers.SBOM)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    pins = re.findall(r"^([\w.-]+)==", text_of(ROOT, "requirements/run.txt"), re.MULTILINE)
    assert sorted(each["name"] for each in bill["components"]) == sorted(pins)
    assert all(each["properties"] for each in bill["components"])
    needs = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    own = needs[bill["metadata"]["component"]["bom-ref"]]
    assert {ref.split("@")[0] for ref in own} >= {"pkg:pypi/boto3", "pkg:pypi/click", "pkg:pypi/cryptography"}
    (boto,) = (ref for ref in needs if ref.startswith("pkg:pypi/boto3@"))
    assert any(ref.startswith("pkg:pypi/botocore@") for ref in needs[boto])


def test_the_papers_are_the_same_each_time(written, packages, tmp_path):
    """No time of today, no random number."""
    papers.write(str(tmp_path), packages, __version__)
    for name in os.listdir(written):
        assert text_of(written, name) == text_of(tmp_path, name)


def test_the_checksums_are_those_of_the_files(written, packages, tmp_path):
    """As sha256sum checks them, in the folder where a user has all files."""
    for path in [*packages, *(os.path.join(written, name) for name in os.listdir(written))]:
        shutil.copy(path, tmp_path)
    done = subprocess.run(
        ["sha256sum", "-c", papers.SUMS], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert len(done.stdout.splitlines()) == len(packages) + 2


def test_the_notes_have_the_changes_and_the_lines_to_install(written):
    """Only here: the repository names no index while the name is on none."""
    notes = text_of(written, papers.NOTES)
    assert notes.startswith(papers.changes(__version__))
    assert notes.count(f" install awsvault-py=={__version__}\n") == 2


NAMED = re.compile(
    r"\b(?:pip3?|pipx|uvx?(?: tool)?|brew)(?: -\S+)* (?:install|run|add|tap)(?: -\S+)* +['\"]?awsvault-py\b"
)


def test_no_text_installs_the_name_from_an_index():
    """The name is on no index yet, so somebody else could register it. Only what the release workflow puts in may name it."""
    assert NAMED.search("uv tool " + "install awsvault-py")
    assert NAMED.search("pip " + "install -U awsvault-py==1")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
            text = file.read()
        assert not NAMED.search(papers.PUBLISHED.sub("", text) if name == "README.md" else text), name


def test_after_publishing_the_lines_and_the_formula_are_put_in(written, tmp_path, monkeypatch):
    """Between two marks of the README, each time again; without the marks nothing is changed."""
    with open(os.path.join(ROOT, "pyproject.toml"), encoding="utf-8") as file:
        (tmp_path / "pyproject.toml").write_text(file.read())
    monkeypatch.setattr(papers, "ROOT", str(tmp_path))
    readme = tmp_path / "README.md"
    readme.write_text("a\n<!-- published -->\n<!-- /published -->\nb\n")
    for _ in range(2):
        papers.publish(written, __version__)
    assert (
        readme.read_text()
        == f"a\n<!-- published -->\n{papers.install_lines(__version__)}<!-- /published -->\nb\n"
    )
    assert text_of(tmp_path, "Formula/awsvault-py.rb") == text_of(written, papers.FORMULA)
    readme.write_text("a\n")
    with pytest.raises(builds.Unfit, match="published"):
        papers.publish(written, __version__)
    assert readme.read_text() == "a\n"


def test_the_formula_installs_the_sdist_with_pins(written, packages):
    """Its address, its digest, and pip with hashes for everything else."""
    formula = text_of(written, papers.FORMULA)
    (sdist,) = (path for path in packages if path.endswith(".tar.gz"))
    assert f'/releases/download/v{__version__}/{os.path.basename(sdist)}"' in formula
    assert f'sha256 "{packages[sdist]}"' in formula
    assert formula.count('"pip", "install"') == formula.count("--require-hashes") + formula.count("--no-deps")


def test_a_package_that_does_not_work_is_refused(tmp_path):
    """The command that failed, with its code."""
    with pytest.raises(builds.Unfit, match="ended with 3"):
        trial.answer([sys.executable, "-c", "raise SystemExit(3)"], {})


@pytest.mark.parametrize("words", [[], ["--tag"], ["--what"], ["--tag", "v0.0.1"]])
def test_a_wrong_call_says_why(words):
    """And ends with 1."""
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, "scripts", "release"), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "release" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_whole_check():
    """scripts/release --check: both packages, installed into empty environments, export a role's credentials."""
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, "scripts", "release"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("works in an empty environment") == 3


@pytest.mark.long
def test_ruby_reads_the_formula(written):
    """Without a warning; Homebrew's own checks need Homebrew."""
    done = subprocess.run(
        ["ruby", "-wc", os.path.join(written, papers.FORMULA)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
