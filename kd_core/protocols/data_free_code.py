"""The generator of data-free distillation in plain PyTorch, for the script that a person takes along."""

GENERATOR_CODE = """\
class Generator(nn.Module):
    \"\"\"From noise to images with mean 0 and spread 1: two doublings of a quarter-size plane.\"\"\"

    def __init__(self):
        super().__init__()
        self.channels, self.height, self.width = {shape}
        self.small = -(-self.height // 4), -(-self.width // 4)
        self.first = nn.Linear({noise}, 128 * self.small[0] * self.small[1])
        self.layers = nn.Sequential(
            nn.BatchNorm2d(128),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 128, 3, padding=1),
            nn.BatchNorm2d(128, 0.8),
            nn.LeakyReLU(0.2),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 64, 3, padding=1),
            nn.BatchNorm2d(64, 0.8),
            nn.LeakyReLU(0.2),
            nn.Conv2d(64, self.channels, 3, padding=1),
            nn.Tanh(),
            nn.BatchNorm2d(self.channels, affine=False),
        )

    def forward(self, noise):
        planes = self.layers(self.first(noise).reshape(-1, 128, *self.small))
        return planes[:, :, : self.height, : self.width]


def generator_loss(logits, embedding):
    \"\"\"Small where the teacher is sure of every image, names all classes alike, and is excited.\"\"\"
    certainty = F.cross_entropy(logits, logits.argmax(1))
    balance = -torch.special.entr(logits.softmax(1).mean(0)).sum()
    excitement = -embedding.abs().mean()
    return {weights}


def train_without_images(network, teacher, loss, seed, *, epochs, batch, optimizer{together}):
    \"\"\"Train a network on made-up images alone; their generator learns from what the teacher says about them.\"\"\"
    if copies:  #? copies
        copy_weights(teacher, network, batch_norm=copies == "teacher")  #? copies
    maker = build(Generator, seed, "generator")
    maker_optimizer = torch.optim.Adam(maker.parameters(), lr={lr})
    optimizer = optimizer(network.parameters())
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs) if cosine else None  #? cosine
    withheld = torch.full((batch,), -1)  # nobody knows a label
    for epoch in range(epochs):
        network.train()
        settings = moved(epoch) if moved else {}  #? moved
        random = generator(seed, "noise", epoch)
        for _ in range({steps}):
            maker.train()
            images = maker(torch.randn(batch, {noise}, generator=random))
            logits, features = teacher(images)
            maker_optimizer.zero_grad()
            generator_loss(logits, features["embedding"]).backward()
            maker_optimizer.step()
            optimizer.zero_grad()
            answer = logits.detach(), {}
            loss(network(images.detach()), answer, withheld{settings}).backward()
            optimizer.step()
        if schedule:  #? cosine
            schedule.step()  #? cosine
    return network.eval()
"""
