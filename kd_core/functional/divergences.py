"""Pure maths on logits: softening, entropy and the divergences between two networks' logits.

Everything works in log space and in float32 or better: log-softmax on both sides, a sum over classes, a mean over the
batch. No branch looks at a tensor, so that ``torch.func.vmap`` can trace all of it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import log_softmax


def soften(logits: Tensor, temperature: float | Tensor = 1.0) -> Tensor:
    """Return softmax(z / T), shape (..., K); an infinite temperature gives the uniform distribution.

    Args:
        logits: (..., K).
        temperature: above 0; a number, or a tensor that broadcasts.

    Source: Hinton, Vinyals, Dean 2015, equation 1.
    """
    return log_soften(logits, temperature).exp()


def log_soften(logits: Tensor, temperature: float | Tensor = 1.0) -> Tensor:
    """Return log softmax(z / T), shape (..., K), in at least float32."""
    # Along a last dimension of ten classes torch computes one number at a time; along the first, a whole vector.
    scaled = (
        at_least_float32(logits)
        if isinstance(temperature, float) and temperature == 1
        else at_least_float32(logits) / temperature
    )
    softened = log_softmax(scaled.movedim(-1, 0), dim=0)
    return softened.movedim(0, -1)


def entropy(probabilities: Tensor) -> Tensor:
    """Return -sum p ln p of (..., K) probabilities, shape (...), in nats; 0 ln 0 counts as 0."""
    terms: Tensor = torch.special.entr(at_least_float32(probabilities))
    return terms.sum(-1)


def cross_entropy(teacher_logits: Tensor, student_logits: Tensor, temperature: float | Tensor = 1.0) -> Tensor:
    """Return CE(p_t, p_s) in nats, mean over the batch, no T² factor; logits are (N, K)."""
    return -(soften(teacher_logits, temperature) * log_soften(student_logits, temperature)).sum(-1).mean()


def kl_divergence(teacher_logits: Tensor, student_logits: Tensor, temperature: float | Tensor = 1.0) -> Tensor:
    """Return KL(p_t || p_s) in nats, mean over the batch, no T² factor; logits are (N, K).

    It is 0 for identical logits and never negative. Source: Hinton, Vinyals, Dean 2015, section 2.
    """
    teacher, student = log_soften(teacher_logits, temperature), log_soften(student_logits, temperature)
    # The mean is taken on the teacher's side, where no gradient passes: a small step is mostly calls.
    return (teacher.exp() / len(teacher) * (teacher - student)).sum()


def kl_per_sample(teacher_logits: Tensor, student_logits: Tensor, temperature: float | Tensor = 1.0) -> Tensor:
    """Return KL(p_t || p_s) in nats for every sample, shape (N,), no T² factor; logits are (N, K)."""
    teacher, student = log_soften(teacher_logits, temperature), log_soften(student_logits, temperature)
    return (teacher.exp() * (teacher - student)).sum(-1)


def js_divergence(
    teacher_logits: Tensor, student_logits: Tensor, temperature: float | Tensor = 1.0, beta: float | Tensor = 0.5
) -> Tensor:
    """Return beta KL(p_t || m) + (1 - beta) KL(p_s || m) in nats with m = beta p_t + (1 - beta) p_s, batch mean.

    It is never negative and at most ln 2, 0 at both ends of beta, and symmetric at beta = .5. Divided by beta it tends
    to KL(p_t || p_s) as beta falls to 0.

    Args:
        teacher_logits: (N, K).
        student_logits: (N, K).
        temperature: of both; no T² factor.
        beta: the teacher's share of the mixture, 0 to 1.

    Source: Lin 1991; Agarwal et al. 2024, equation 1.
    """
    teacher, student = log_soften(teacher_logits, temperature), log_soften(student_logits, temperature)
    middle = _log_mixture(teacher, student, beta)
    from_teacher = (teacher.exp() * (teacher - middle)).sum(-1)
    from_student = (student.exp() * (student - middle)).sum(-1)
    return (beta * from_teacher + (1 - beta) * from_student).mean()


def skew_kl_divergence(
    first_logits: Tensor, second_logits: Tensor, temperature: float | Tensor = 1.0, alpha: float | Tensor = 0.1
) -> Tensor:
    """Return KL(p || alpha p + (1 - alpha) q) in nats, batch mean, for p of the first logits and q of the second.

    It is at most -ln alpha, however little q gives to what p holds likely; alpha = 0 is the plain divergence.

    Args:
        first_logits: (N, K).
        second_logits: (N, K).
        temperature: of both; no T² factor.
        alpha: the first one's share of the mixture, from 0 to below 1.

    Source: Lee 2001; Ko et al. 2024, section 3.1.
    """
    first, second = log_soften(first_logits, temperature), log_soften(second_logits, temperature)
    return (first.exp() * (first - _log_mixture(first, second, alpha))).sum(-1).mean()


def _log_mixture(first: Tensor, second: Tensor, share: float | Tensor) -> Tensor:
    """Return ln(share p + (1 - share) q) of log-probabilities of any shape, without leaving log space."""
    weight = torch.as_tensor(share, dtype=first.dtype, device=first.device)
    return torch.logaddexp(first + weight.log(), second + torch.log1p(-weight))


def label_cross_entropy(logits: Tensor, labels: Tensor, smoothing: float | Tensor = 0.0) -> Tensor:
    """Return the cross-entropy with hard labels in nats, mean over the labelled samples.

    Args:
        logits: (N, K).
        labels: (N,), int64; -1 marks an image without a label, which adds nothing.
        smoothing: share of the probability that is spread evenly over all K classes (Müller et al. 2019).
    """
    log_p = log_soften(logits)
    labelled = labels >= 0
    log_likelihood = log_p.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    if isinstance(smoothing, Tensor) or smoothing:
        log_likelihood = (1 - smoothing) * log_likelihood + smoothing * log_p.mean(-1)
    return (log_likelihood * (labelled / -labelled.sum().clamp(min=1))).sum()


def at_least_float32(values: Tensor) -> Tensor:
    """Return ``values`` of any shape in float32, or in float64 where they are that: no maths in half precision."""
    return values if values.dtype == torch.float64 else values.float()
