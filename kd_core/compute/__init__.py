"""On what, how fast and how large: devices, plans of a step, latency, size."""

from kd_core.compute.autotune import fastest, probed
from kd_core.compute.device import chosen_device, device_line
from kd_core.compute.execution import describe_execution
from kd_core.compute.latency import latencies
from kd_core.compute.memory import keep_memory
from kd_core.compute.plan import PLAIN, Speed, suggested_threads
from kd_core.compute.profile import cost, macs

__all__ = [
    "PLAIN",
    "Speed",
    "chosen_device",
    "cost",
    "describe_execution",
    "device_line",
    "fastest",
    "keep_memory",
    "latencies",
    "macs",
    "probed",
    "suggested_threads",
]
