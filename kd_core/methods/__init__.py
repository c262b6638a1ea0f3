"""Methods: one file per way of teaching; ``METHODS`` finds them by name."""

from kd_core.methods.base import Distillation, Method
from kd_core.settings import Registry

METHODS: Registry[Method] = Registry("method", __name__, Method)

__all__ = ["METHODS", "Distillation", "Method"]
