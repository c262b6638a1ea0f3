"""Functions that snippets may call: each stands in a script where its name occurs."""

from __future__ import annotations

import re

FUNCTIONS = {
    "cross_entropy": '''\
def cross_entropy(logits, labels, smoothing=0.0):
    """Return the cross-entropy with hard labels, mean over the images that have one (-1 marks the others)."""
    total = F.cross_entropy(logits, labels, ignore_index=-1, label_smoothing=smoothing, reduction="sum")
    return total / (labels >= 0).sum().clamp(min=1)
''',
    "kl_divergence": '''\
def kl_divergence(teacher, student, temperature):
    """Return KL(teacher || student) of the softened probabilities, in nats, mean over the batch (not over classes)."""
    log_p, log_q = (F.log_softmax(logits / temperature, 1) for logits in (teacher, student))
    return F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
''',
    "match_sizes": '''\
def match_sizes(first, second):
    """Return two features as what both can be: of two maps the larger is pooled; a map beside a vector is averaged."""
    if first.dim() == 4 and second.dim() == 4:
        size = [min(sides) for sides in zip(first.shape[2:], second.shape[2:])]
        return F.adaptive_avg_pool2d(first, size), F.adaptive_avg_pool2d(second, size)
    return [feature.mean((2, 3)) if feature.dim() == 4 else feature for feature in (first, second)]
''',
    "pointwise": '''\
def pointwise(dimensions, before, after):
    """Return a layer that works at every position alike: a 1 x 1 convolution for maps, a linear one for vectors."""
    return nn.Conv2d(before, after, 1) if dimensions == 4 else nn.Linear(before, after)
''',
    "shift": '''\
def shift(images, random, margin=None):
    """Return images that are each moved by up to ``margin`` pixels (7 % of the height), black where nothing was."""
    count, channels, height, width = images.shape
    margin = max(1, round(height * 0.07)) if margin is None else margin
    padded = BLACK.expand(count, channels, height + 2 * margin, width + 2 * margin).clone()
    padded[:, :, margin : margin + height, margin : margin + width] = images
    down, right = (torch.randint(0, 2 * margin + 1, (count,), generator=random)[:, None] for _ in range(2))
    rows, columns = down + torch.arange(height), right + torch.arange(width)
    padded = padded.gather(2, rows[:, None, :, None].expand(-1, channels, -1, padded.shape[3]))
    return padded.gather(3, columns[:, None, None, :].expand(-1, channels, height, -1))
''',
    "flip_crop": '''\
def flip_crop(images, random):
    """Return images of which half are mirrored, all moved by up to an eighth of the height."""
    mirrored = torch.randint(0, 2, (len(images),), generator=random).bool()[:, None, None, None]
    return shift(torch.where(mirrored, images.flip(3), images), random, max(1, images.shape[2] // 8))
''',
    "strong": '''\
def strong(images, random):
    """Return images moved by up to 14 % of the height, in other contrast, each with a hidden square."""
    count, _, height, width = images.shape
    images = shift(images, random, 2 * max(1, round(height * 0.07)))
    images = BLACK + (images - BLACK) * (0.6 + 0.8 * torch.rand(count, generator=random)).reshape(-1, 1, 1, 1)
    side = max(1, height // 3)
    top, left = (torch.randint(0, size - side + 1, (count,), generator=random)[:, None] for size in (height, width))
    rows, columns = torch.arange(height), torch.arange(width)
    in_rows, in_columns = (rows >= top) & (rows < top + side), (columns >= left) & (columns < left + side)
    return torch.where((in_rows[:, :, None] & in_columns[:, None, :])[:, None], BLACK, images)
''',
    "noisy": '''\
def noisy(labels, share, random):
    """Return labels of which a share is replaced by another class that occurs, drawn at random."""
    visible = (labels >= 0).nonzero().squeeze(1)
    occurs = torch.bincount(labels[visible]) > 0
    classes = occurs.nonzero().squeeze(1)
    order = torch.randperm(len(visible), generator=random)
    steps = torch.randint(1, len(classes), (len(visible),), generator=random)
    replaced = order[: int(share * len(visible) + 0.5)]
    changed, place = labels.clone(), (occurs.cumsum(0) - 1)[labels[visible[replaced]]]
    changed[visible[replaced]] = classes[(place + steps[replaced]) % len(classes)]
    return changed
''',
    "copy_weights": '''\
@torch.no_grad()
def copy_weights(teacher, student, batch_norm):
    """Begin as the teacher wherever a layer has the same name and size, with or without what normalises."""
    known = teacher.state_dict()
    normalises = {name for name, layer in student.named_modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)}
    for name, values in student.state_dict().items():
        kept = not batch_norm and name.rpartition(".")[0] in normalises
        if not kept and name in known and known[name].shape == values.shape:
            values.copy_(known[name])
''',
}
"""Source by name."""


def functions_in(source: str) -> list[str]:
    """Return the source of every function whose name occurs in ``source``, and before it of those that it calls."""
    wanted: list[str] = []

    def add(text: str) -> None:
        for name, function in FUNCTIONS.items():
            if name not in wanted and function != text and re.search(rf"(?<![.\w]){name}\b", text):
                add(function)
                wanted.append(name)

    add(source)
    return [FUNCTIONS[name] for name in wanted]
