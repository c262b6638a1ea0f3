"""Identity: cookies that only the servers of one store can write, and the lecturer's secret."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from kd_core.errors import StoreUnusable
from kd_core.visitors.visitor import Mode, Visitor

ROLES = {"v": False, "l": True}
"""What stands in a cookie, by whether its visitor is the lecturer."""


class Identity:
    """What proves who a visitor is, on every server of one store.

    Args:
        home: the store's folder, where the key and a secret that nobody chose are kept, readable by their owner alone.
        mode: of the server.
        lecturer: the lecturer's secret; where it is empty, one is drawn.

    Attributes:
        cookie_name: two stores on one host do not overwrite each other's cookie.
        secret: the lecturer's.

    Raises:
        StoreUnusable: the key can be neither read nor written.
    """

    def __init__(self, home: Path, mode: Mode, lecturer: str = "") -> None:
        self.mode = mode
        self.key = _kept_secret(home / "secrets" / "visitors.key", secrets.token_hex(32))
        self.secret = lecturer or _kept_secret(home / "secrets" / "lecturer.txt", secrets.token_urlsafe(9))
        self.cookie_name = f"kd_visitor_{self._sign('name')[:8]}"

    def newcomer(self) -> Visitor:
        """Return somebody who was never here."""
        return self.visitor(secrets.token_hex(8))

    def visitor(self, visitor: str, lecturer: bool = False) -> Visitor:
        """Return a visitor by id; on a server for one person they may change everything."""
        return Visitor(visitor, oversees=lecturer or self.mode == "solo")

    def signed_in(self, subject: str, issuer: str = "") -> Visitor:
        """Return the visitor of whom an identity provider says who they are, wherever they sit."""
        return self.visitor("u" + hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()[:16])

    def cookie(self, visitor: Visitor) -> str:
        """Return what a visitor's browser keeps."""
        role = "l" if visitor.oversees and self.mode == "class" else "v"
        return f"{visitor.id}.{role}.{self._signature(visitor.id, role)}"

    def read(self, cookie: str) -> Visitor | None:
        """Return the visitor of a cookie; None where no server of this store wrote it, or the secret has changed."""
        parts = cookie.split(".")
        if len(parts) != 3 or not cookie.isascii() or parts[1] not in ROLES:
            return None
        visitor, role, signature = parts
        if not hmac.compare_digest(signature, self._signature(visitor, role)):
            return None
        return self.visitor(visitor, lecturer=ROLES[role])

    def is_secret(self, text: str) -> bool:
        """Tell whether somebody knows the lecturer's secret."""
        return hmac.compare_digest(text.strip().encode(), self.secret.encode())

    def _signature(self, visitor: str, role: str) -> str:
        return self._sign(f"visitor\n{visitor}\n{role}\n{self.secret if ROLES[role] else ''}")

    def _sign(self, text: str) -> str:
        return hmac.new(self.key.encode(), text.encode(), "sha256").hexdigest()[:32]


def _kept_secret(path: Path, drawn: str) -> str:
    """Return what a file holds; where there is none, it is written whole before any server can see it.

    Raises:
        StoreUnusable: it can be neither read nor written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            partial = path.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}.partial")
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(drawn)
            with suppress(FileExistsError):  # another server was first: its secret counts for both
                os.link(partial, path)
            partial.unlink(missing_ok=True)
        return path.read_text().strip() or drawn
    except OSError as error:
        raise StoreUnusable(home=path.parent, reason=error.strerror or str(error)) from error
