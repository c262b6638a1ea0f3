"""The script's own text: what is alike in all of them, with marked lines that only some need."""

from __future__ import annotations

import re
from collections.abc import Collection

RANDOMNESS = '''\
def generator(*purpose):
    """Return random numbers that depend on the seed and on what they are for, and on nothing that ran before."""
    return torch.Generator().manual_seed(first_number(*purpose))


def first_number(*purpose):
    """Return a seed for ``generator``, the same on every machine."""
    text = "/".join(map(str, purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def stratified_order(labels, random):
    """Return a random order of the images in which every beginning holds each class in its share."""
    order = torch.randperm(len(labels), generator=random)
    shuffled = labels[order]
    sizes = torch.bincount(shuffled)
    by_class = shuffled.argsort(stable=True)
    rank = torch.empty_like(order)
    rank[by_class] = torch.arange(len(order)) - (sizes.cumsum(0) - sizes)[shuffled[by_class]]
    priority = (rank.double() + 0.5) / sizes[shuffled]
    priority[rank == 0] = 0
    return order[priority.argsort(stable=True)]


def split(labels, count, random):
    """Return the positions of ``count`` images, each class in its share, and those of the others."""
    order = stratified_order(labels, random)
    return order[:count].sort().values, order[count:].sort().values
'''

SEEN = '''\
def normalised(images):
    """Return float images as the networks see them."""
    return (images.float() / 255 - MEAN) / SD


IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = load_images()
IMAGES, TEST_IMAGES = normalised(IMAGES), normalised(TEST_IMAGES)


def learning_images(seed, labelled=None{seen}):
    """Return the images that a network learns from, and their labels; validation images are held out."""
    _, pool = split(LABELS, VALIDATION, generator(seed, "validation"))
    images, labels = IMAGES[pool], LABELS[pool]
    order = stratified_order(labels, generator(seed, "labelled"))
    order = order[~torch.isin(labels[order], torch.tensor(dropped))]  #? dropped
    index = order[:labelled].sort().values
    if keep_unlabelled:  # the others stay, without a label (-1), so that a teacher can speak about them  #? keep
        withheld = torch.full_like(labels, -1)  #? keep
        withheld[index] = labels[index]  #? keep
        labels, index = withheld, order.sort().values  #? keep
    labels = labels[index]
    if noise:  #? noise
        labels = noisy(labels, noise, generator(seed, "label_noise"))  #? noise
    return images[index], labels


def held_out_images(seed):  #? patience
    """Return validation images and labels, by which early stopping chooses."""  #? patience
    index, _ = split(LABELS, VALIDATION, generator(seed, "validation"))  #? patience
    return IMAGES[index], LABELS[index]  #? patience
'''

TRAINING = '''\
def build(kind, seed, purpose="initialisation"):
    """Return a fresh network; one seed gives the same first weights every time."""
    torch.manual_seed(first_number(seed, purpose))
    return kind()


def batches(data, seed, epoch, size, augment=None):  #? augment
def batches(data, seed, epoch, size):  #? not augment
    """Yield images and labels in this epoch's order; a last batch of one joins the one before."""
    images, labels = data
    order = torch.randperm(len(labels), generator=generator(seed, "order", epoch))
    random = generator(seed, "augmentation", epoch)  #? augment
    parts = list(order.split(size))
    if len(parts) > 1 and len(parts[-1]) == 1 < size:
        parts[-2:] = [torch.cat(parts[-2:])]
    for index in parts:
        yield augment(images[index], random) if augment else images[index], labels[index]  #? augment
        yield images[index], labels[index]  #? not augment


def train(network, loss, data, seed, *, epochs, batch, optimizer, teacher=None{parameters}):
    """Train a network to its end: the same loop for teacher, student alone and student with a teacher."""
    if copies:  #? copies
        copy_weights(teacher, network, batch_norm=copies == "teacher")  #? copies
    trained = list(network.parameters())
    if bridge:  # built from one look, trained with the student, thrown away afterwards  #? bridge
        with torch.no_grad():  #? bridge
            look = data[0][:2]  #? bridge
            bridge = bridge(network.eval()(look), teacher(look) if teacher else None)  #? bridge
        trained += bridge.parameters()  #? bridge
    optimizer = optimizer(trained)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs) if cosine else None  #? cosine
    best = None  #? patience
    for epoch in range(epochs):
        network.train()
        settings = moved(epoch) if moved else {}  #? moved
        for images, labels in batches(data, seed, epoch, batch{augments}):
            student = network(images)
            with torch.no_grad():
                answer = teacher(images) if teacher else None  # the teacher is in evaluation mode, and stays as it is
            if bridge:  #? bridge
                student, answer = bridge(student, answer)  #? bridge
            optimizer.zero_grad()
            loss(student, answer, labels{settings}).backward()
            optimizer.step()
        if schedule:  #? cosine
            schedule.step()  #? cosine
        if patience:  #? patience
            score = quality(network, *held_out_images(seed))  #? patience
            if best is None or score > best[0]:  #? patience
                best = score, epoch, copy.deepcopy(network.state_dict())  #? patience
            if epoch - best[1] >= patience:  #? patience
                break  #? patience
    if patience:  #? patience
        network.load_state_dict(best[2])  #? patience
    return network.eval()
'''

EVALUATION = '''\
@torch.no_grad()
def answers(network, images):
    """Return logits (N, K) in evaluation mode: no dropout, fixed batch statistics."""
    network.eval()
    return torch.cat([network(part) for part in images.split(512)])  #? not features
    return torch.cat([network(part)[0] for part in images.split(512)])  #? features


def accuracy(network):
    """Return how often a network's first choice is right on the test images, which nobody has learned from."""
    return (answers(network, TEST_IMAGES).argmax(1) == TEST_LABELS).double().mean().item()


def quality(network, images, labels):  #? patience
    """Return accuracy, and for ties the log-likelihood."""  #? patience
    logits = answers(network, images)  #? patience
    right = (logits.argmax(1) == labels).double().mean().item()  #? patience
    return right, -F.cross_entropy(logits, labels).item()  #? patience
'''

MAIN = '''\
def race(seed):
    """Train everybody from one seed; return test accuracy by who it is."""
{teacher}
    alone = train(build(Student, seed), labels_loss, learning_images(seed, **SEEN), seed, **STUDENT)
{distilled}
    networks = {"teacher": teacher, "student alone": alone, "distilled": distilled}  #? teacher
    networks = {"student alone": alone, "distilled": distilled}  #? not teacher
    return {name: accuracy(network) for name, network in networks.items()}


if __name__ == "__main__":
    seeds = [int(seed) for seed in sys.argv[1:]] or SEEDS
    races = []
    for seed in seeds:
        races.append(race(seed))
        print(f"seed {seed}:", ", ".join(f"{name} {100 * right:.2f} %" for name, right in races[-1].items()))
    for name in races[0] if len(seeds) > 1 else []:
        right = torch.tensor([100 * result[name] for result in races])
        print(f"{name}: {right.mean():.2f} ± {right.std():.2f} % (n = {len(seeds)})")
'''

TEACHER = """\
    seen = learning_images(seed, **TEACHER_SEEN)
    teacher = train(build(Teacher, seed), {teacher_loss}, seen, seed, **TEACHER).requires_grad_(False)
"""

_MARK = re.compile(r"  #\? (not )?(\w+)$")


def chosen(text: str, wanted: Collection[str]) -> str:
    """Return a text with the marked lines that are wanted, and without marks."""
    lines = []
    for line in text.splitlines():
        mark = _MARK.search(line)
        if mark is None:
            lines.append(line)
        elif (mark[2] in wanted) != bool(mark[1]):
            lines.append(line[: mark.start()])
    return "\n".join(lines).rstrip() + "\n"
