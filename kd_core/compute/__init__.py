"""On what, how fast and how large: devices, plans of a step, latency, size."""

from kd_core.compute.autotune import fastest, time_plans
from kd_core.compute.device import chosen_device, device_line, synchronize, use_threads
from kd_core.compute.execution import describe_execution
from kd_core.compute.latency import latencies
from kd_core.compute.memory import keep_memory
from kd_core.compute.plan import PLAIN, StepPlan, suggested_threads
from kd_core.compute.profile import cost, macs

__all__ = [
    "PLAIN",
    "StepPlan",
    "chosen_device",
    "cost",
    "describe_execution",
    "device_line",
    "fastest",
    "keep_memory",
    "latencies",
    "macs",
    "suggested_threads",
    "synchronize",
    "time_plans",
    "use_threads",
]
