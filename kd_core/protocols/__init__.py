"""Protocols: one file per way of arranging networks; ``PROTOCOLS`` finds them by name."""

from kd_core.protocols.base import Protocol, ProtocolCode
from kd_core.protocols.context import ProtocolContext
from kd_core.settings import Registry

PROTOCOLS: Registry[Protocol] = Registry("protocol", __name__, Protocol)

__all__ = ["PROTOCOLS", "Protocol", "ProtocolCode", "ProtocolContext"]
