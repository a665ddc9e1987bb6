"""From a fresh checkout to a running app, or to tested code, in one command.

    python3 packaging/dev.py run  [arguments of atoll-gui]
    python3 packaging/dev.py test [fast | full | night | arguments of pytest]

Standard library only, on any system, as often as you like: what is there already is
left alone. Everything it downloads is named with its hash in `packaging/lock-*.txt`
and goes into `.venv`; only on Debian and Ubuntu, and only when it may, it also
installs the system libraries that Qt needs.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "atoll-stamp.txt"
WINDOWS = os.name == "nt"
LINUX = platform.system() == "Linux"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
LEVELS = ("fast", "full", "night")

# Each library that Qt loads, and the Debian package that brings it.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
# A font that covers some scripts: how its file may be called, and a small package with it.
FONTS = {
    ("DejaVuSans.ttf", "NotoSans-Regular.*"): "fonts-dejavu-core",
    ("*CJK*", "wqy-microhei*"): "fonts-wqy-microhei",
}
TEST_TOOLS = {
    "Xvfb": "xvfb",
    "git": "git",
    "rsync": "rsync",
    "ip": "iproute2",
    "strace": "strace",
    "unshare": "util-linux",
}
FAST_TOOLS = {"strace": "strace"}
OFFLINE_SIGNS = (
    "name resolution",
    "Max retries exceeded",
    "NewConnectionError",
    "NameResolutionError",
    "Network is unreachable",
    "getaddrinfo failed",
    "ConnectTimeout",
)


class CannotGoOn(Exception):
    """What stands in the way, and what the person can do."""


def main(arguments: list[str]) -> int:
    """Do what was asked and return the exit code."""
    os.chdir(ROOT)
    try:
        if arguments[:1] == ["run"]:
            return run(arguments[1:])
        if arguments[:1] == ["test"]:
            return test(arguments[1:])
    except CannotGoOn as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(__doc__)
    return 0 if arguments[:1] in (["-h"], ["--help"]) else 2


def run(arguments: list[str]) -> int:
    """Start the app; where there is no screen, show it in the terminal."""
    make_environment("run")
    if has_screen():
        need_packages({**missing_libraries(), **missing_fonts()}, "to show its window, Atoll")
        return call([script("atoll-gui"), *arguments])
    say("no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set): running `atoll demo`")
    return call([script("atoll"), "demo"])


def test(arguments: list[str]) -> int:
    """Check everything, or what was named."""
    make_environment("dev")
    level = arguments[0] if arguments[:1] and arguments[0] in LEVELS else ""
    missing = {**missing_libraries(), **missing_fonts()}
    missing.update(missing_tools(FAST_TOOLS if level == "fast" else TEST_TOOLS))
    need_packages(missing, "to be tested, Atoll")
    if level or not arguments:
        return call([str(PYTHON), "-m", "tests.check", level or "full", *arguments[1:]])
    return call([str(PYTHON), "-m", "pytest", *arguments])


# The environment


def make_environment(lock: str) -> None:
    """Have `.venv` hold exactly what the lock says, and this checkout."""
    if list(sys.version_info) < [3, 11]:
        raise CannotGoOn(
            f"Atoll needs Python 3.11 or newer; this is {sys.version.split()[0]}. "
            "Start it with a newer one, for example: python3.12 packaging/dev.py run"
        )
    wanted = stamp_of(lock)
    # What developers need holds all that the app needs, so it serves for both.
    if STAMP.is_file() and STAMP.read_text() in (wanted, stamp_of("dev")):
        return
    began = time.monotonic()
    make_venv()
    install(lock)
    STAMP.write_text(wanted)
    say(f"environment ready in {time.monotonic() - began:.0f} s")


def stamp_of(lock: str) -> str:
    """Return a text that changes whenever the environment must be made anew."""
    version = ".".join(map(str, sys.version_info[:3]))
    parts = [lock, version, sys.base_prefix, str(ROOT)]
    paths = (lock_path(lock), ROOT / "pyproject.toml")
    parts += [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return "\n".join(parts) + "\n"


def lock_path(lock: str) -> Path:
    """Return where a lock is."""
    return ROOT / "packaging" / f"lock-{lock}.txt"


def make_venv() -> None:
    """Make an empty environment, in place of an older one."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        need_packages({"the venv module": package}, "to make its environment, Atoll")
    say("making the environment in .venv")
    STAMP.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotGoOn(f"No environment could be made:\n{done.stdout}{done.stderr}")


def install(lock: str) -> None:
    """Install what the lock names, checked by hash, then this checkout as editable."""
    path = lock_path(lock)
    count = sum("==" in line for line in path.read_text().splitlines())
    say(f"installing {count} packages from packaging/{path.name} (fetched once, then cached)")
    pip("--require-hashes", "--only-binary", ":all:", "--no-binary", from_source(), "-r", str(path))
    say("installing this checkout")
    pip("--no-deps", "--no-build-isolation", "--no-index", "-e", str(ROOT))


def from_source() -> str:
    """Return the packages that have no wheel on this machine and are built here."""
    intel_mac = platform.system() == "Darwin" and platform.machine() == "x86_64"
    return "cbor2" if intel_mac else ":none:"


def pip(*arguments: str) -> None:
    """Install something, quietly unless it fails."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    last = "\n".join(done.stdout.splitlines()[-15:])
    if any(sign in done.stdout for sign in OFFLINE_SIGNS):
        raise CannotGoOn(
            "The network could not be reached. The first start has to fetch the packages "
            "Atoll is made of; later starts need no network. Connect and try again."
        )
    raise CannotGoOn(f"{last}\n\nThe packages could not be installed; the reason stands above.")


def script(name: str) -> str:
    """Return the path of one of our commands."""
    return str(BIN / (f"{name}.exe" if WINDOWS else name))


# The system


def has_screen() -> bool:
    """Say whether a window can be shown."""
    if LINUX:
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def missing_libraries() -> dict[str, str]:
    """Return what Qt would not find here, each with its Debian package."""
    if not LINUX:
        return {}
    return {name: package for name, package in QT_LIBRARIES.items() if not loads(name)}


def loads(library: str) -> bool:
    """Say whether the system has a library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_fonts() -> dict[str, str]:
    """Return which scripts would show as boxes, each with a package that helps."""
    if not LINUX:
        return {}
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts"]
    return {
        f"a font like {names[0]}": package
        for names, package in FONTS.items()
        if not any(found for folder in folders for name in names for found in folder.rglob(name))
    }


def missing_tools(tools: dict[str, str]) -> dict[str, str]:
    """Return which programs the tests start and this machine lacks."""
    if not LINUX:
        return {} if shutil.which("git") else {"git": "git"}
    places = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"
    return {
        tool: package for tool, package in tools.items() if shutil.which(tool, path=places) is None
    }


def need_packages(missing: dict[str, str], whom: str) -> None:
    """Install what is missing where we may; else say exactly what to install."""
    if not missing:
        return
    packages = sorted(set(missing.values()))
    admin = administrator()
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        raise CannotGoOn(
            f"{whom} needs what is missing here: {', '.join(missing)}.\n"
            f"On Debian it comes with: {' '.join(packages)}"
        )
    if admin is None:
        raise CannotGoOn(f"{whom} needs a few system packages:\n  sudo {' '.join(command)}")
    say(f"installing system packages: {' '.join(packages)}")
    apt([*admin, "apt-get", "update"])
    apt([*admin, "env", "DEBIAN_FRONTEND=noninteractive", *command])


def administrator() -> list[str] | None:
    """Return what to put before a command to run it as root, or None where we may not."""
    if not hasattr(os, "geteuid"):  # Windows
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)  # noqa: S607
    return ["sudo", "-n"] if asked.returncode == 0 else None


def apt(command: list[str]) -> None:
    """Run one step of the system's package tool, quietly unless it fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-15:])
        raise CannotGoOn(f"{last}\n\nThis failed: {' '.join(command)}")


# The terminal


def say(line: str) -> None:
    """Tell the person what is going on."""
    print(f"· {line}", flush=True)


def call(command: list[str]) -> int:
    """Run a program in our place: signals reach it, and its exit code is ours."""
    sys.stdout.flush()
    if not WINDOWS:
        os.execv(command[0], command)  # noqa: S606 -- one of our own
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the program by itself
    return subprocess.call(command, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
