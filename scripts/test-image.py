#!/usr/bin/env python3
"""Does what the Dockerfile does, without a container engine, and starts what comes out as an engine would.

    scripts/test-image.py                              all stages; takes as long as a release build
    scripts/test-image.py --program PROGRAM            with a program that is built already

Needs root, mmdebstrap and a network for Debian's packages. Base images are made by mmdebstrap out of the same Debian; the one with
Rust gets this machine's toolchain. Each RUN is run by a chroot of its own; what is started at the end has namespaces of its own, a
root file system that can only be read, and the user, entrypoint, command and health check that the Dockerfile names.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
PLACE = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target")) / "image"
# What the image rust:…-bookworm has besides Rust and is needed here.
COMPILER = "build-essential,pkg-config,curl,git"
SECONDS_TO_START = 90
SECONDS_TO_STOP = 30


def say(text):
    print(f"image: {text}", flush=True)


def die(text):
    sys.exit(f"image: {text}")


def instructions(text):
    """Names and arguments, with continued lines put together and comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


class Stage:
    """A root folder, and what the Dockerfile says of how to start it."""

    def __init__(self, root, parent=None):
        self.root = root
        self.env = dict(parent.env) if parent else {"PATH": "/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        self.user = parent.user if parent else "0:0"
        self.folder = parent.folder if parent else "/"
        self.volumes = list(parent.volumes) if parent else []
        self.entrypoint, self.command, self.health = (parent.entrypoint, parent.command, parent.health) if parent else ([], [], None)

    def run(self, command, host=()):
        """A RUN: as the stage's user, in its folder. `host` are paths of this machine that are seen under other names."""
        mounts = ["mount --rbind /dev dev", "mount -t proc proc proc", "mount --bind /etc/resolv.conf etc/resolv.conf"]
        mounts += [f"mkdir -p .{there}; mount --bind {shlex.quote(str(here))} .{there}" for here, there in host]
        inside = f"cd {shlex.quote(self.folder)} && {command}"
        script = f"set -e; cd {shlex.quote(str(self.root))}; touch etc/resolv.conf; {'; '.join(mounts)}; exec chroot --userspec={self.user} . /bin/sh -c {shlex.quote(inside)}"
        subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script], env=self.env, check=True)


class Builder:
    def __init__(self, program):
        self.program = program
        self.stages = {}
        # Stages with Rust in them: only those build.
        self.with_rust = set()
        # The context, as .dockerignore leaves it.
        lines = (HERE / ".dockerignore").read_text().split()
        assert lines[0] == "*", ".dockerignore is read as a list of what is let in"
        self.context = [line.removeprefix("!") for line in lines[1:]]

    def base(self, image):
        """A Debian without more than its image has."""
        root = PLACE / "bases" / re.sub(r"[^a-z0-9.]", "-", image)
        if not (root / "ready").exists():
            say(f"making the base {image}")
            shutil.rmtree(root, ignore_errors=True)
            root.parent.mkdir(parents=True, exist_ok=True)
            suite = re.search(r"(bookworm|trixie)", image)[1]
            more = [f"--include={COMPILER},ca-certificates"] if image.startswith("rust:") else []
            # As in Debian's own slim images.
            slim = ["--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*"]
            subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", *slim, *more, suite, root], check=True)
            (root / "ready").touch()
        return Stage(root)

    def start(self, image, name):
        parent = self.stages.get(image) or self.base(image)
        stage = Stage(PLACE / "stages" / name, parent)
        shutil.rmtree(stage.root, ignore_errors=True)
        stage.root.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", "--reflink=auto", parent.root, stage.root], check=True)
        self.stages[name] = stage
        return stage

    def host(self, stage, with_rust):
        """What a build may see of this machine: where packages come from, and the toolchain."""
        seen = [("/etc/apt", "/etc/apt")]
        if with_rust:
            cargo = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
            rustup = pathlib.Path(os.environ.get("RUSTUP_HOME", pathlib.Path.home() / ".rustup"))
            stage.env |= {"CARGO_HOME": "/usr/local/cargo", "RUSTUP_HOME": "/usr/local/rustup", "HOME": "/root"}
            seen += [(cargo, "/usr/local/cargo"), (rustup, "/usr/local/rustup"), ("/etc/ssl/certs", "/etc/ssl/certs")]
        return seen

    def copy(self, stage, arguments):
        source, mode, paths = HERE, None, []
        for word in shlex.split(arguments):
            if word.startswith("--from="):
                built = self.stages.get(word.removeprefix("--from="))
                source = built.root if built else None
            elif word.startswith("--chmod="):
                mode = word.removeprefix("--chmod=")
            else:
                paths.append(word)
        *paths, target = paths
        into = stage.root / (stage.folder if not target.startswith("/") else "").lstrip("/") / target.lstrip("/")
        for path in paths:
            if source == HERE and not any(path == let_in or path.startswith(f"{let_in}/") for let_in in self.context):
                die(f"COPY {path}: .dockerignore keeps it out")
            found = source / path.lstrip("/") if source else self.program
            if found.is_dir():
                shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True)
            else:
                place = into / found.name if target.endswith(("/", ".")) else into
                place.parent.mkdir(parents=True, exist_ok=True)
                subprocess.run(["install", "-m", mode or ("0755" if os.access(found, os.X_OK) else "0644"), found, place], check=True)

    def build(self, text):
        for name, arguments in instructions(text):
            if name == "FROM":
                image, _, stage_name = arguments.partition(" AS ")
                with_rust = image.startswith("rust:") or image in self.with_rust
                if with_rust:
                    self.with_rust.add(stage_name)
                if with_rust and self.program:
                    stage = None
                    continue
                say(f"stage {stage_name}")
                stage = self.start(image, stage_name)
            elif stage is None:
                # A program is at hand: nothing is built.
                continue
            elif name == "RUN":
                say(f"  RUN {arguments[:100]}")
                stage.run(arguments, self.host(stage, with_rust))
            elif name == "COPY":
                self.copy(stage, arguments)
            elif name == "WORKDIR":
                stage.folder = arguments
                (stage.root / arguments.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif name == "ENV":
                stage.env |= dict(pair.split("=", 1) for pair in shlex.split(arguments))
            elif name == "USER":
                stage.user = arguments
            elif name == "VOLUME":
                stage.volumes.append(arguments)
            elif name == "ENTRYPOINT":
                stage.entrypoint = json.loads(arguments)
            elif name == "CMD":
                stage.command = json.loads(arguments)
            elif name == "HEALTHCHECK":
                stage.health = json.loads(arguments[arguments.index("CMD") + 3 :])
            elif name != "EXPOSE":
                die(f"{name} is not known here; teach this script what it does")
        return self.stages


class Container:
    """A stage that runs, like `docker run --read-only --tmpfs /tmp --network none`."""

    def __init__(self, stage, command=None, env=None, files=None):
        self.stage = stage
        self.held = tempfile.TemporaryDirectory(prefix="shortsai-image-")
        held = pathlib.Path(self.held.name)
        held.chmod(0o755)
        # What is mounted over a folder is only seen by who comes in again.
        root = shlex.quote(str(stage.root))
        mounts = [f"mount --bind {root} {root}", f"cd {root}", "mount -t proc proc proc", "mount --rbind /dev dev"]
        for number, volume in enumerate(stage.volumes):
            here = held / f"volume{number}"
            here.mkdir()
            # As a volume of an engine's: it begins with the owner that the image's folder has.
            owner = (stage.root / volume.lstrip("/")).stat()
            os.chown(here, owner.st_uid, owner.st_gid)
            mounts.append(f"mount --bind {here} .{volume}")
        secrets = held / "secrets"
        secrets.mkdir()
        for name, content in (files or {}).items():
            (secrets / name).write_text(content)
        (stage.root / "run/secrets").mkdir(parents=True, exist_ok=True)
        mounts += [f"mount --bind {secrets} run/secrets", "mount -t tmpfs -o mode=1777 tmpfs tmp", "mount -o remount,bind,ro ."]
        words = shlex.join([*stage.entrypoint, *(command if command is not None else stage.command)])
        script = f"set -e; ip link set lo up; {'; '.join(mounts)}; exec chroot --userspec={stage.user} . {words}"
        self.env = stage.env | (env or {})
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "sh", "-c", script], env=self.env
        )

    def first(self):
        """The process that is the first one inside."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def inside(self, command, quiet=False):
        user, group = self.stage.user.split(":")
        enter = ["nsenter", "--target", str(self.first()), "--mount", "--pid", "--net", "--root", "--wd", "--setuid", user, "--setgid", group]
        output = subprocess.DEVNULL if quiet else None
        return subprocess.run([*enter, "--", *command], env=self.env, stdout=output, stderr=output, check=False).returncode

    def wait_until_healthy(self):
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:
            if self.process.poll() is not None:
                die(f"it ended with {self.process.returncode} instead of getting healthy")
            if self.first() and self.inside(self.stage.health, quiet=True) == 0:
                return
            time.sleep(0.5)
        die(f"it is not healthy after {SECONDS_TO_START} s: {shlex.join(self.stage.health)}")

    def stop(self):
        begun = time.monotonic()
        os.kill(self.first(), signal.SIGTERM)
        try:
            code = self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            die(f"it is still there {SECONDS_TO_STOP} s after SIGTERM")
        if code != 0:
            die(f"it ended with {code} after SIGTERM")
        return time.monotonic() - begun

    def end(self):
        code = self.process.wait()
        if code != 0:
            die(f"it ended with {code}")


def size_of(root):
    out = subprocess.run(["du", "-sm", "--one-file-system", root], capture_output=True, text=True, check=True).stdout
    return int(out.split()[0])


def try_any(stage, name):
    say(f"{name}: doctor, and a short, as user {stage.user} with a root that can only be read")
    Container(stage, ["doctor", "--offline"]).end()
    script = "# Two\n\nOne sentence is enough.\n"
    Container(stage, ["make", "/run/secrets/script.md", "-o", "/tmp/short.mp4", "--set", "size=270x480"], files={"script.md": script}).end()


def try_service(stage, name, env, files):
    say(f"{name}: start, health check, stop")
    container = Container(stage, env=env, files=files)
    container.wait_until_healthy()
    if container.inside(["sh", "-c", f"test $(id -u) = {stage.user.split(':')[0]}"]) != 0:
        die(f"{name} is another user than {stage.user}")
    if container.inside(["touch", "/usr/written"], quiet=True) == 0:
        die(f"{name} can write to its system")
    seconds = container.stop()
    say(f"{name}: healthy, and gone {seconds:.1f} s after SIGTERM; {size_of(stage.root)} MB with all layers")


def main():
    arguments = argparse.ArgumentParser(description="Does what the Dockerfile does, without a container engine.")
    arguments.add_argument("--program", type=pathlib.Path, help="a program that is built already, on a Debian that is not newer")
    program = arguments.parse_args().program
    if os.geteuid() != 0:
        die("needs root, to make file systems: sudo scripts/test-image.py")
    for needed in ["mmdebstrap", "unshare", "nsenter", "ip"]:
        if not shutil.which(needed):
            die(f"{needed} is missing; scripts/setup.sh --image installs it")
    if program and not program.is_file():
        die(f"there is no program {program}")
    stages = Builder(program and program.resolve()).build((HERE / "Dockerfile").read_text())

    for name in ["worker", "api"]:
        try_any(stages[name], name)
    try_service(stages["worker"], "worker", {"WORKER_SECRET_FILE": "/run/secrets/worker_secret"}, {"worker_secret": "0123456789abcdef" * 2})
    env = {
        "AUTH_URL": "https://shorts.example",
        "GOOGLE_CLIENT_ID": "an-id",
        "GOOGLE_CLIENT_SECRET_FILE": "/run/secrets/google",
        "AUTH_SECRET_FILE": "/run/secrets/auth",
    }
    try_service(stages["api"], "api", env, {"google": "a-secret-of-googles", "auth": "fedcba9876543210" * 4})
    stages["api"].run("pg_dump --version")
    say("all that the Dockerfile does was done")


if __name__ == "__main__":
    main()
