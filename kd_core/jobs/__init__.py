"""Jobs: every study in a process of its own, from a queue that one supervisor per store serves."""

from kd_core.jobs.client import ensure_supervisor, is_served, leave
from kd_core.jobs.forking import epoch_reached, fork
from kd_core.jobs.lost import mark_lost, wait_for_lost
from kd_core.jobs.queue import QueuePlace, pause, queue_places, resume, set_slots, slots, stop, submit
from kd_core.jobs.worker import carry_out

__all__ = [
    "QueuePlace",
    "carry_out",
    "ensure_supervisor",
    "epoch_reached",
    "fork",
    "is_served",
    "leave",
    "mark_lost",
    "pause",
    "queue_places",
    "resume",
    "set_slots",
    "slots",
    "stop",
    "submit",
    "wait_for_lost",
]
