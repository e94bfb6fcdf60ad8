"""Programs built from Go modules that are pinned, with their hashes, in folders of the tests.

For tools that no package index has. Each is built once, and kept in a cache, in a folder named for
what is pinned.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class GoNotFoundError(Exception):
    """Nothing can be built; the message is one line with the remedy."""


@dataclass(frozen=True, kw_only=True)
class GoProgram:
    """A program: the folder whose go.mod and go.sum pin it, and the path of its package.

    `variables` are for Go, beside those that are set already.
    """

    module: Path
    package: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the program is once it is built."""
        root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        pinned = hashlib.sha256((self.module / "go.sum").read_bytes()).hexdigest()[:12]
        name = self.package.rpartition("/")[2]
        return Path(root, "lambdalens", name, pinned, name)

    @property
    def remedy(self) -> str:
        """Which Go is needed, as the module says it: distributions often have an older one."""
        (needed,) = re.findall(r"^go (\S+)$", (self.module / "go.mod").read_text(), re.MULTILINE)
        return f"install Go {needed} or newer (https://go.dev/dl)"

    def built(self) -> Path:
        """Return where the program is, which is built if it is not there.

        Raises what `build` raises.
        """
        if not self.path.is_file():
            self.build()
        return self.path

    def build(self, *, link: str = "-s -w") -> None:
        """Build the program, with these flags for the linker.

        Raises GoNotFoundError, or CalledProcessError if Go, which prints why, can't build it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: the name comes last.
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        options = ("-trimpath", "-buildvcs=false", "-ldflags", link, "-o", str(draft))
        self.go("build", *options, self.package)
        # For everybody, such as Lambda's user in a container, whatever the umask is.
        draft.chmod(0o755)
        draft.rename(self.path)

    def go(self, *arguments: str) -> str:
        """Run a command of Go's in the module, and return what it prints.

        Raises GoNotFoundError, or CalledProcessError if the command fails.
        """
        try:
            done = subprocess.run(
                ["go", *arguments],  # noqa: S607 - the one on PATH is meant
                cwd=self.module,
                env={**os.environ, **self.variables},
                check=True,
                stdout=subprocess.PIPE,
            )
        except FileNotFoundError:
            raise GoNotFoundError(f"there is no `go` on PATH: {self.remedy}") from None
        return done.stdout.decode().strip()
