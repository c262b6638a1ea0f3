"""Networks: one file per family; ``NETWORKS`` finds them by name."""

from kd_core.networks.auxiliary import (
    Auxiliary,
    EarlyExits,
    OutputPair,
    Projections,
    Regressor,
    pointwise,
    with_features,
)
from kd_core.networks.base import Architecture, Dropout, Network, Shape, by_depth, seed_dropout
from kd_core.networks.second_head import SecondHead
from kd_core.networks.views import ThroughView, pictured, view_shape
from kd_core.settings import Registry

NETWORKS: Registry[Architecture] = Registry("network", __name__, Architecture)


__all__ = [
    "NETWORKS",
    "Architecture",
    "Auxiliary",
    "Dropout",
    "EarlyExits",
    "Network",
    "OutputPair",
    "Projections",
    "Regressor",
    "SecondHead",
    "Shape",
    "ThroughView",
    "by_depth",
    "pictured",
    "pointwise",
    "seed_dropout",
    "view_shape",
    "with_features",
]
