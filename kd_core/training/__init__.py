"""The loop, and what it is made of: trainer, batches, cached teacher outputs, evaluator, loss meter."""

from kd_core.training.batches import Batch, DistillationLoader, steps_per_epoch
from kd_core.training.evaluator import Evaluator, judged
from kd_core.training.loop import course, fit
from kd_core.training.predict import predict_logits, predict_outputs
from kd_core.training.teacher_outputs import TeacherOutputs, cache_teacher_outputs, can_cache_teacher
from kd_core.training.trainer import Trainer, build_auxiliary, build_optimizer, scheduled_values

__all__ = [
    "Batch",
    "DistillationLoader",
    "Evaluator",
    "TeacherOutputs",
    "Trainer",
    "build_auxiliary",
    "build_optimizer",
    "cache_teacher_outputs",
    "can_cache_teacher",
    "course",
    "fit",
    "judged",
    "predict_logits",
    "predict_outputs",
    "scheduled_values",
    "steps_per_epoch",
]
