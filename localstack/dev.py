"""Watches the sources and reloads changed services in the emulator: `make dev`.

`python -m localstack.dev [STATE]`. A change of a service reloads that service. A change of the kernel reloads
every service. A change of a declaration (a route, a subscription, a step), of a grant, or of anything else in
`infrastructure/` needs a deployment.
"""

import contextlib
import sys
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from localstack.machine import deploy, emulator, environment
from localstack.machine.reload import DeployedFunction, DoesNotLoad, declares_anew, deployed, reload

EVERY_SECONDS = 0.3
Look = dict[str, tuple[int, int]]


class NothingToReload(SystemExit):
    """No emulator is running, or nothing is deployed to it."""


def look() -> Look:
    """Time and size of each source, by its path in the repository."""
    found: Look = {}
    for file in deploy.files():
        with contextlib.suppress(FileNotFoundError):  # deleted since it was listed
            said = file.stat()
            found[file.relative_to(environment.REPOSITORY).as_posix()] = (said.st_mtime_ns, said.st_size)
    return found


def changed(before: Look, after: Look) -> list[str]:
    """The paths of files that were added, deleted or changed."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


def concerned(paths: Iterable[str], services: Collection[str]) -> set[str]:
    """The deployed services whose functions hold one of these files."""
    shipped = (path.split("/") for path in paths if path.endswith(".py"))
    packages = {parts[1] for parts in shipped if parts[0] == "functions"}
    return set(services) if "kernel" in packages else packages & set(services)


def undeployed(paths: Iterable[str], services: Collection[str]) -> list[str]:
    """The paths whose change no reload can bring to the emulator."""
    known = tuple(f"functions/{package}/" for package in (*services, "kernel"))
    return [path for path in paths if not path.startswith(known)]


def say(line: str) -> None:
    print(line, flush=True)


class Watch:
    """The sources as they were last seen, and the services that have changed and could not be loaded yet."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.seen = look()
        self.waiting: set[str] = set()

    def begin(self) -> None:
        """Reloads everything if these sources are not the ones that were deployed. Raises NothingToReload."""
        endpoint, functions = self._machine()
        say(f"Watching functions/ for {endpoint}. Other changes need a deployment. Ctrl-C ends this.")
        if deploy.recorded(endpoint, self.state) is None:
            say("The sources are not the ones that were deployed.")
            self.waiting = {function.service for function in functions}
            self._reload(endpoint, functions)

    def turn(self) -> None:
        """Reloads the services that have changed since the last turn. Raises NothingToReload."""
        now = look()
        paths, self.seen = changed(self.seen, now), now
        if not paths:
            return
        endpoint, functions = self._machine()
        services = {function.service for function in functions}
        for path in undeployed(paths, services):
            say(f"{path} has changed: that needs a deployment (make demo).")
        if found := concerned(paths, services):
            self.waiting |= found
            self._reload(endpoint, functions)

    def _machine(self) -> tuple[str, list[DeployedFunction]]:
        machine = emulator.running(self.state)
        if machine is None:
            raise NothingToReload("No emulator is running: `make demo` starts one and deploys to it.")
        functions = deployed(machine.endpoint)
        if not functions:
            raise NothingToReload(f"Nothing is deployed to {machine.endpoint}: `make demo` does that.")
        return machine.endpoint, functions

    def _reload(self, endpoint: str, functions: list[DeployedFunction]) -> None:
        """Reloads the waiting services. If one cannot be loaded, they wait for the change that repairs it."""
        wanted = [function for function in functions if function.service in self.waiting]
        try:
            reload(wanted, endpoint, self.state)
        except DoesNotLoad as error:
            say(f"Not reloaded, {', '.join(sorted(self.waiting))} as before: {error}")
            return
        for service in sorted(self.waiting):
            count = sum(function.service == service for function in wanted)
            say(f"{service}: reloaded, {count} function{'s' if count > 1 else ''}")
        self.waiting = set()
        if declares_anew():
            say("Something is declared anew, which needs `make contracts` and a deployment (make demo).")


def main(state: Path = emulator.STATE) -> None:
    watch = Watch(state.resolve())
    try:
        watch.begin()
        while True:
            time.sleep(EVERY_SECONDS)
            watch.turn()
    except KeyboardInterrupt:
        say("Watching has ended; the emulator is still up (make stop ends it).")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
