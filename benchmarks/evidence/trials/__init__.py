"""The trials behind the evidence: which recipes are trained, and how their logits become the figures."""

from benchmarks.evidence.trials.base import Trial
from benchmarks.evidence.trials.few_images import DISTORTED
from benchmarks.evidence.trials.hinton import LONG
from benchmarks.evidence.trials.lines import LINES
from benchmarks.evidence.trials.on_gpu import ON_GPU
from benchmarks.evidence.trials.other_data import OTHER
from benchmarks.evidence.trials.photographs import PHOTOGRAPHS
from benchmarks.evidence.trials.source_text import SENTENCES
from benchmarks.evidence.trials.techniques import ON_DIGITS, ON_PHOTOGRAPHS

TRIALS = {**SENTENCES, **DISTORTED, **LINES, **OTHER, **ON_DIGITS, **LONG, **PHOTOGRAPHS, **ON_PHOTOGRAPHS, **ON_GPU}
"""Name -> trial, in the order in which they are trained: cheap ones first, and first what others use too."""

__all__ = ["TRIALS", "Trial"]
