"""Every member of every registry, with the section of the catalogue that has its words."""

from typing import get_args

from kd_core.datasets import DATASETS
from kd_core.methods import METHODS
from kd_core.networks import NETWORKS
from kd_core.protocols import PROTOCOLS
from kd_core.recipe.schedules import AnySchedule
from pages.parts.text import member_text

SCHEDULES = {member_text.name(one): one for one in get_args(get_args(AnySchedule)[0])}
SECTIONS = {
    "methods": METHODS, "networks": NETWORKS, "datasets": DATASETS, "protocols": PROTOCOLS, "schedules": SCHEDULES,
}  # fmt: skip
MEMBERS = [(section, member) for section, known in SECTIONS.items() for member in known.values()]
