"""Networks: one file per family; ``NETWORKS`` finds them by name."""

from kd_core.networks.base import Architecture, Dropout, Network, Shape, by_depth, seed_dropout
from kd_core.registry import Registry

NETWORKS: Registry[Architecture] = Registry("network", __name__, Architecture)

__all__ = ["NETWORKS", "Architecture", "Dropout", "Network", "Shape", "by_depth", "seed_dropout"]
