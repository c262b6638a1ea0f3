"""The loop, and what it is made of: trainer, batches, cached teacher outputs, evaluator, loss meter."""

from kd_core.training.batches import Batch, DistillationLoader, Loader, StatefulLoader, steps_per_epoch
from kd_core.training.early_stopping import EarlyStopping
from kd_core.training.evaluator import Evaluator, eval_splits
from kd_core.training.loop import Trainable, fit, fit_given, train
from kd_core.training.predict import predict_logits, predict_outputs
from kd_core.training.progress import Progress, epoch_of
from kd_core.training.teacher_outputs import cache_teacher_outputs, can_cache_teacher
from kd_core.training.trainer import (
    ComputeLosses,
    Trainer,
    TransformTeacher,
    build_auxiliary,
    build_optimizer,
    scheduled_values,
)

__all__ = [
    "Batch",
    "ComputeLosses",
    "DistillationLoader",
    "EarlyStopping",
    "Evaluator",
    "Loader",
    "Progress",
    "StatefulLoader",
    "Trainable",
    "Trainer",
    "TransformTeacher",
    "build_auxiliary",
    "build_optimizer",
    "cache_teacher_outputs",
    "can_cache_teacher",
    "epoch_of",
    "eval_splits",
    "fit",
    "fit_given",
    "predict_logits",
    "predict_outputs",
    "scheduled_values",
    "steps_per_epoch",
    "train",
]
