"""The set-up: locks, environments, Makefile, Binder, the wheel."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DEPENDENCIES = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]
REPOSITORY = PROJECT["project"]["urls"]["Repository"]
BUILT = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "work")

Lock = Mapping[str, tuple[str, frozenset[str]]]


def lock(name: str) -> Lock:
    """Read the version and the hashes of each package of a lock."""
    entry = r"^([\w.-]+)==([^\s;]+)[^\\\n]*\\\n((?:    --hash=\S+(?: \\)?\n?)+)"
    found = re.findall(entry, (ROOT / name).read_text(), flags=re.MULTILINE)
    return {package: (version, frozenset(hashes.split())) for package, version, hashes in found}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy what the set-up reads: no .venv, no code."""
    root = tmp_path / "a copy"
    root.mkdir()
    for name in ("Makefile", "README.md", "environment.yml", "hatch_build.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    for path in ROOT.glob("requirements*.lock"):
        shutil.copy(path, root)
    shutil.copytree(ROOT / "tools", root / "tools", ignore=BUILT)
    shutil.copytree(ROOT / ".ci", root / ".ci")
    return root


class Machine:
    """A machine with the usual commands and only those programs that it was given."""

    usual = ("awk", "bash", "cat", "cksum", "cp", "dirname", "head", "id", "ls", "make", "mkdir")
    usual += ("rm", "sh", "uname")

    def __init__(self, bin_: Path) -> None:
        self.bin = bin_
        self.bin.mkdir()
        for command in self.usual:
            path = shutil.which(command)
            assert path is not None, command
            (self.bin / command).symlink_to(path)

    def has(self, name: str, script: str) -> None:
        """Give the machine a program, or another in its place."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command there, without standard input."""
        return subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=cwd,
            env={"PATH": str(self.bin), "HOME": str(cwd)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Start with a machine that has neither Python nor uv."""
    return Machine(tmp_path / "bin")


NEW_PYTHON = "exit 0"
OLD_PYTHON = 'case "$1" in --version) echo Python 3.9.2 ;; *) exit 1 ;; esac'
NO_ENSUREPIP = 'case "$2" in *version_info*) exit 0 ;; *) exit 1 ;; esac'
UV = """\
echo "$@" >> uv.log
if [ "$1" = venv ]; then mkdir -p .venv/bin; cp "${0%/*}/python3" .venv/bin/python; fi"""


# --- the locks and environment.yml ----------------------------------------------------------------


def test_the_small_lock_is_part_of_the_large_one() -> None:
    """A learner and a test run have the same packages: version and hashes agree."""
    small, large = lock("requirements.lock"), lock("requirements-dev.lock")
    assert {} == {name: pin for name, pin in small.items() if large.get(name) != pin}
    assert "pytest" in set(large) - set(small)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("requirements.lock", DEPENDENCIES),
        ("requirements.lock", GROUPS["setup"]),
        ("requirements.lock", PROJECT["build-system"]["requires"]),
        ("requirements-dev.lock", GROUPS["dev"]),
        *(("requirements-dev.lock", extra) for extra in EXTRAS.values()),
    ],
)
def test_the_locks_have_what_pyproject_asks_for(name: str, wanted: list[str]) -> None:
    """A dependency that was added or raised without `make lock` is named here."""
    versions = {package: version for package, (version, _) in lock(name).items()}
    unmet = [
        str(requirement)
        for requirement in map(Requirement, wanted)
        if not requirement.specifier.contains(
            versions.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    ]
    assert [] == unmet


@pytest.mark.parametrize(
    ("folder", "declared"),
    [
        ("src", [*DEPENDENCIES, *chain(*EXTRAS.values())]),
        ("tests", [*DEPENDENCIES, *chain(*EXTRAS.values()), *GROUPS["dev"], *GROUPS["torch"]]),
    ],
)
def test_what_the_code_imports_is_declared(folder: str, declared: list[str]) -> None:
    """No import works only because some other package happens to bring it."""
    modules = set()
    for path in ROOT.glob(f"{folder}/**/*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules.add(str(node.module))
    imported = {module.partition(".")[0] for module in modules}
    names = {canonicalize_name(Requirement(text).name) for text in declared}
    from_names = {
        module
        for module, packages in packages_distributions().items()
        if not names.isdisjoint(map(canonicalize_name, packages))
    }
    assert set() == imported - from_names - sys.stdlib_module_names - {"pitfalls", "tests"}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "environment.yml"])
def test_the_locks_name_no_host(name: str) -> None:
    """Where packages come from is the user's setting."""
    assert None is re.search(r"https?:|--(extra-)?index|--find-links", (ROOT / name).read_text())


def test_environment_yml_has_the_versions_of_the_lock() -> None:
    """Conda, Binder and pip install the same: each pin is exact and none is left out."""
    *from_conda, with_pip = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert ["python=3.11"] == [pin for pin in from_conda if pin.startswith("python=")]
    conda = dict(pin.split("=") for pin in from_conda if not pin.startswith("python="))
    conda["matplotlib"] = conda.pop("matplotlib-base")
    pip = dict(re.split(r"==| ; ", pin)[:2] for pin in with_pip["pip"])
    assert not set(conda) & set(pip)
    assert {
        name: version for name, (version, _) in lock("requirements.lock").items()
    } == conda | pip
    assert {"pip", "jupyterlab", "numpy", "scipy", "pandas", "scikit-learn"} < set(conda)


def test_environment_yml_is_what_make_lock_writes(copy: Path) -> None:
    """Nobody edited environment.yml by hand, or forgot it."""
    (copy / "environment.yml").unlink()
    subprocess.run([sys.executable, "tools/lock.py", "--offline"], cwd=copy, check=True)
    assert (ROOT / "environment.yml").read_bytes() == (copy / "environment.yml").read_bytes()


# --- make setup -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("python", "command", "sentence"),
    [
        ("exit 1", ["make", "setup"], "needs Python 3.11 or newer (found: none)"),
        (OLD_PYTHON, ["make", "setup"], "needs Python 3.11 or newer (found: Python 3.9.2)"),
        (OLD_PYTHON, ["make", "lab"], "apt-get install python3 python3-venv), or install uv"),
        (NO_ENSUREPIP, ["make", "setup"], "its module ensurepip is missing"),
        (NEW_PYTHON, ["make", "setup", "PYTHON=/no/python"], "PYTHON=/no/python is older than"),
    ],
)
def test_setup_says_what_is_missing(
    python: str, command: list[str], sentence: str, machine: Machine, copy: Path
) -> None:
    """Where no environment can be made, one sentence says why and what to do."""
    machine.has("python3", python)
    done = machine.run(*command, cwd=copy)
    assert 0 != done.returncode
    said, makes_own = done.stderr.strip().splitlines()
    assert sentence in said
    assert makes_own.startswith("make: ***")
    assert not (copy / ".venv").exists()


def test_setup_runs_again_only_for_a_change(machine: Machine, copy: Path) -> None:
    """The second run does nothing; a new lock, and a folder that moved, are noticed."""
    machine.has("python3", NEW_PYTHON)
    machine.has("uv", UV)

    def calls() -> list[str]:
        done = machine.run("make", "setup", cwd=copy)
        assert 0 == done.returncode, done.stderr
        log = copy / "uv.log"
        made = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return made

    venv, packages, project = calls()
    assert "venv --quiet --python python3 .venv" == venv
    assert "--require-hashes" in packages
    assert packages.endswith("-r requirements.lock")
    assert project.endswith("--no-deps --no-build-isolation -e .")
    assert [] == calls()

    with (copy / "requirements.lock").open("a") as file:
        file.write("# changed\n")
    assert [packages, project] == calls()
    assert [] == calls()

    copy = copy.rename(copy.with_name("moved"))
    assert [venv, packages, project] == calls()


def test_the_large_environment_is_the_small_one_too(machine: Machine, copy: Path) -> None:
    """After make setup-dev, make setup has nothing to do; not the other way round."""
    machine.has("python3", NEW_PYTHON)
    machine.has("uv", UV)
    sizes = []
    for target in ("setup", "setup-dev", "setup", "setup-dev"):
        assert 0 == machine.run("make", target, cwd=copy).returncode
        sizes.append(len((copy / "uv.log").read_text().splitlines()))
    assert [3, 5, 5, 5] == sizes


def test_a_failed_install_is_not_taken_for_done(machine: Machine, copy: Path) -> None:
    """The next make setup goes on where the network broke off."""
    machine.has("python3", NEW_PYTHON)
    machine.has("uv", UV + '\nif [ "$2" = install ]; then exit 2; fi')
    done = machine.run("make", "setup", cwd=copy)
    assert 0 != done.returncode
    assert "packages of requirements.lock could not be installed" in done.stderr
    machine.has("uv", UV)
    done = machine.run("make", "setup", cwd=copy)
    assert 0 == done.returncode
    assert "Installing requirements.lock" in done.stdout


# --- the other targets ----------------------------------------------------------------------------


def test_make_lab_hands_its_options_on(machine: Machine, copy: Path) -> None:
    """Lab starts with the environment's programs first on PATH: nbgrader looks for them there."""
    machine.has("python3", NEW_PYTHON)
    machine.has("uv", UV)
    assert 0 == machine.run("make", "setup", cwd=copy).returncode
    (copy / ".venv/bin/pitfalls").write_text('#!/bin/sh\necho "$PATH"\nprintf "%s|" "$@"\n')
    (copy / ".venv/bin/pitfalls").chmod(0o755)
    done = machine.run("make", "lab", "ARGS=--no-browser --port 8899", cwd=copy)
    path, options = done.stdout.splitlines()
    assert f"{copy}/.venv/bin:{machine.bin}" == path
    assert "lab|--no-browser|--port|8899|" == options


def test_make_help_lists_every_target(machine: Machine, copy: Path) -> None:
    """Each target has its line."""
    listed = re.findall(
        r"^make ([\w-]+)  +\w", machine.run("make", "help", cwd=copy).stdout, re.MULTILINE
    )
    targets = re.findall(r"^([\w-]+):(?!=)", (copy / "Makefile").read_text(), re.MULTILINE)
    assert sorted(targets) == sorted(listed)
    assert {"lab", "setup", "test", "test-core"} < set(listed)


def test_missing_programs_stop_make_test_with_the_line_that_installs_them(
    machine: Machine, copy: Path
) -> None:
    """Who may not install is told what to type; nothing is skipped."""
    machine.has("apt-get", "exit 1")
    machine.has("id", "echo 1000")
    done = machine.run("make", "test", cwd=copy)
    assert 0 != done.returncode
    line = r"^sudo apt-get update && sudo apt-get install .* chromium bubblewrap( postgresql)?$"
    assert re.search(line, done.stderr, re.MULTILINE)
    assert not (copy / ".venv").exists()


def test_root_gets_missing_programs_installed(machine: Machine, copy: Path) -> None:
    """What is there is left alone; what apt could not bring stops the run."""
    machine.has("id", "echo 0")
    machine.has("bwrap", "exit 0")
    machine.has("initdb", "exit 0")
    machine.has("apt-get", 'echo "apt-get $*"')
    done = machine.run("make", "programs", cwd=copy)
    assert 0 != done.returncode
    assert "their programs are not on PATH: chromium." in done.stderr
    machine.has("apt-get", f'echo "apt-get $*"; cp {machine.bin}/bwrap {machine.bin}/chromium')
    done = machine.run("make", "programs", cwd=copy)
    assert 0 == done.returncode, done.stderr
    install = done.stdout.splitlines()[-1]
    assert "apt-get install --yes --quiet --no-install-recommends chromium" == install


def test_ci_runs_make_test_from_anywhere(machine: Machine, copy: Path, tmp_path: Path) -> None:
    """`.ci/run` works from any folder without input, and fails as make test fails."""
    machine.has("python3", NEW_PYTHON)
    machine.has("make", 'pwd; echo "$@"; exit 7')
    machine.has("env", 'exec "$@"')
    done = machine.run("bash", str(copy / ".ci/run"), cwd=tmp_path)
    assert [str(copy), "test"] == done.stdout.splitlines()
    assert 7 == done.returncode
    assert os.access(ROOT / ".ci/run", os.X_OK)


# --- Binder ---------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:pythonjsonlogger.jsonlogger has been moved:DeprecationWarning")
def test_binder_takes_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """repo2docker picks conda and Python 3.11, caches the environment, runs postBuild."""
    from repo2docker.app import Repo2Docker
    from repo2docker.buildpacks import CondaBuildPack

    monkeypatch.chdir(ROOT)
    app = Repo2Docker(repo=str(ROOT), dry_run=True)
    found = (buildpack(base_image=app.base_image) for buildpack in app.buildpacks)
    picked = next(buildpack for buildpack in found if buildpack.detect())
    assert CondaBuildPack is type(picked)
    assert "3.11" == picked.python_version

    app.build()
    dockerfile = capsys.readouterr().out
    update = dockerfile.index('env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"')
    assert update < dockerfile.index(" src/ ${REPO_DIR}/") < dockerfile.index("RUN ./postBuild")


def test_post_build_makes_the_binder_ready(tmp_path: Path) -> None:
    """Offline, postBuild installs the project, quiets Lab, and lays out what the badge opens."""
    root = tmp_path / "home"
    shutil.copytree(ROOT, root, ignore=BUILT)
    prefix = tmp_path / "prefix"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    [site] = prefix.glob("lib/python3*/site-packages")
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "the_packages.pth").write_text(packages)
    env = {**os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}", "HOME": str(root)}
    env |= {"PIP_NO_INDEX": "1", "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    done = subprocess.run(["./postBuild"], cwd=root, env=env, capture_output=True, text=True)
    assert 0 == done.returncode, done.stderr

    ask = "import pitfalls; print(pitfalls.__file__)"
    here = subprocess.check_output([prefix / "bin/python", "-c", ask], env=env, text=True)
    assert f"{root}/src/pitfalls/__init__.py" == here.strip()
    assert (root / "work/00_start_here.ipynb").is_file()
    ask = """\
import json
from jupyterlab_server.config import ConfigManager
print(json.dumps(ConfigManager(config_dir_name="labconfig").get("default_setting_overrides")))"""
    settings = subprocess.check_output([prefix / "bin/python", "-c", ask], env=env, text=True)
    news = json.loads(settings)["@jupyterlab/apputils-extension:notification"]
    assert {"checkForUpdates": False, "fetchNews": "false"} == news


# --- the repository's address ---------------------------------------------------------------------


def addresses(text: str) -> set[str]:
    """Find the repositories that a text takes for this one."""
    name = re.escape(REPOSITORY.rsplit("/", 1)[1])
    on_github = re.findall(rf"github\.com/([\w.-]+/{name})\b", text)
    return {*on_github, *re.findall(r"mybinder\.org/v2/gh/([\w.-]+/[\w.-]+)", text)}


def test_the_readme_has_the_address_of_pyproject(copy: Path) -> None:
    """`make links` would change nothing, and the badge is there to be clicked."""
    shutil.copytree(ROOT / "notebooks", copy / "notebooks")
    subprocess.run([sys.executable, "tools/links.py"], cwd=copy, check=True)
    readme = (ROOT / "README.md").read_text()
    assert readme == (copy / "README.md").read_text()
    assert {REPOSITORY.removeprefix("https://github.com/")} == addresses(readme)
    assert "][binder]" in readme


def test_a_new_address_is_set_in_one_place(copy: Path) -> None:
    """After the one setting changed, `make links` leaves no old address in the README."""
    (copy / "notebooks/1_fundamentals").mkdir(parents=True)
    (copy / "notebooks/1_fundamentals/linear_regression.ipynb").touch()
    (copy / "README.md").write_text(
        f"    git clone {REPOSITORY}\n    git clone {REPOSITORY}-data\n"
    )

    def relink() -> str:
        subprocess.run([sys.executable, "tools/links.py"], cwd=copy, check=True)
        return (copy / "README.md").read_text()

    assert REPOSITORY in relink()
    pyproject = copy / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(REPOSITORY, "https://github.com/me/kit"))
    readme = relink()
    assert {"me/kit"} == set(re.findall(r"/gh/(\S+?)/main", readme))
    assert "git clone https://github.com/me/kit\n" in readme
    assert f"git clone {REPOSITORY}-data\n" in readme
    opens = "main?urlpath=lab/tree/work/1_fundamentals/linear_regression.ipynb\n"
    assert f"[binder linear_regression]: https://mybinder.org/v2/gh/me/kit/{opens}" in readme
    assert readme == relink()


# --- the wheel ------------------------------------------------------------------------------------


def test_the_wheel_has_the_code_and_the_data_and_no_sources_of_notebooks(tmp_path: Path) -> None:
    """An installed copy loads every data set, far from the checkout; solutions stay at home."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", tmp_path], cwd=ROOT, check=True, capture_output=True)
    [path] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        files = {name for name in wheel.namelist() if ".dist-info/" not in name}
        wheel.extractall(tmp_path / "site")
    code = {path.relative_to(ROOT / "src").as_posix() for path in ROOT.glob("src/**/*.py")}
    data = {
        f"pitfalls/_{path.relative_to(ROOT).as_posix()}"
        for path in ROOT.glob("datasets/*/*")
        if path.suffix in {".md", ".parquet"}
    }
    assert code | data <= files
    assert [] == [name for name in files - code if re.search(r"\.(py|ipynb)$|autograder", name)]

    ask = """\
import pitfalls.data as data
print(data.__file__, *(f"{name}:{len(data.load(name)) > 0}" for name in data.names()))"""
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    said = subprocess.check_output([sys.executable, "-c", ask], cwd=tmp_path, env=env, text=True)
    names = sorted(path.parent.name for path in ROOT.glob("datasets/*/DATASHEET.md"))
    wanted = [f"{name}:True" for name in names]
    assert [f"{tmp_path}/site/pitfalls/data/__init__.py", *wanted] == said.split()
