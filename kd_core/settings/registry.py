"""Registries: the members of a folder by name, found by looking into it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cached_property, reduce
from operator import or_
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

from kd_core.errors import UnknownName
from kd_core.settings.base import Settings
from kd_core.settings.paths import member_from_name

T = TypeVar("T", bound=Settings)


class Registry(Mapping[str, type[T]]):
    """Name -> class for every member of a package; a member is a subclass of ``base`` with a field ``name``.

    Args:
        kind: the noun for error sentences, e.g. "method".
        package: the package whose modules hold the members, e.g. "kd_core.methods".
        base: what every member derives from.
    """

    def __init__(self, kind: str, package: str, base: type[T]) -> None:
        self.kind, self.package, self.base = kind, package, base

    def __getitem__(self, name: str) -> type[T]:
        """Return the member of that name.

        Raises:
            UnknownName: with the names there are.
        """
        try:
            return self._members[name]
        except KeyError:
            raise UnknownName(kind=self.kind, name=name, known=self) from None

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def union(self) -> Any:
        """Return the annotation of a field that holds any member, chosen by ``name``; the bare name will do."""
        members = reduce(or_, self._members.values())
        if len(self._members) == 1:
            return Annotated[members, BeforeValidator(member_from_name)]
        return Annotated[members, Field(discriminator="name"), BeforeValidator(member_from_name)]

    @cached_property
    def _members(self) -> dict[str, type[T]]:
        package = importlib.import_module(self.package)
        by_name: dict[str, type[T]] = {}
        for module in pkgutil.iter_modules(package.__path__, f"{self.package}."):
            members = vars(importlib.import_module(module.name)).values()
            for member in members:
                if isinstance(member, type) and issubclass(member, self.base) and "name" in member.model_fields:
                    by_name[member.model_fields["name"].default] = member
        return dict(sorted(by_name.items()))
