"""Writes a lock file as it is without CUDA: ``cpu_lock.py LOCK >CPU_LOCK``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

INDEX = "--extra-index-url https://download.pytorch.org/whl/cpu"
CUDA = re.compile(r"(nvidia|cuda)-|triton=")
"""What only PyTorch's CUDA build asks for."""


BUILDS = {
    "torch": "sys_platform == 'linux'",
    "torchvision": "platform_machine == 'x86_64' and sys_platform == 'linux'",
}
"""Where a package's CPU build has a name of its own; elsewhere its one build is that."""


def without_cuda(lock: str) -> str:
    """Return a lock with PyTorch's CPU build, by name: where its index cannot be reached, nothing else will do."""
    lines = [INDEX]
    for line in lock.splitlines():
        build = BUILDS.get(line.partition("==")[0])
        if build is not None:
            lines += [f"{line}+cpu ; {build}", f"{line} ; {opposite(build)}"]
        elif not CUDA.match(line):
            lines.append(line)
    return "\n".join(lines) + "\n"


def opposite(marker: str) -> str:
    """Return the marker that holds where this one does not."""
    return marker.replace("==", "!=").replace(" and ", " or ")


if __name__ == "__main__":
    print(without_cuda(Path(sys.argv[1]).read_text("utf-8")), end="")
