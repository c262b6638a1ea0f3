"""The loop, and what it is made of: trainer, batches, cached teacher outputs, evaluator, loss meter."""

from kd_core.training.batches import Batch, Lesson, steps_per_epoch
from kd_core.training.evaluator import Judge, judged
from kd_core.training.loop import course, fit
from kd_core.training.predict import predict_logits, predict_outputs
from kd_core.training.teacher_outputs import Heard, hear, hears_once
from kd_core.training.trainer import Learner, applied_values, bridge_between, build_optimiser

__all__ = [
    "Batch",
    "Heard",
    "Judge",
    "Learner",
    "Lesson",
    "applied_values",
    "bridge_between",
    "build_optimiser",
    "course",
    "fit",
    "hear",
    "hears_once",
    "judged",
    "predict_logits",
    "predict_outputs",
    "steps_per_epoch",
]
