"""Allocator: lets the C library keep freed memory for the next step instead of handing it back to the system."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
"""``mallopt``'s names for them, from malloc.h."""
LARGEST, KEPT = 2**25, 2**30
"""Blocks up to 32 MiB come from memory that is kept, up to 1 GiB of it."""


@cache
def keep_memory() -> bool:
    """Ask glibc to keep memory; return whether it agreed. A step's large tensors then need no fresh pages each time.

    Without it evaluating 192 lanes takes twice as long, most of it in the kernel, clearing pages.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(MMAP_THRESHOLD, LARGEST)) and bool(mallopt(TRIM_THRESHOLD, KEPT))
