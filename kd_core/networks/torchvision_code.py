"""Torchvision's models in plain PyTorch: classes that are written into files, with what differs left open."""

RESNET_SOURCE = """\
from torch import nn
from torchvision import models


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        network = models.{constructor}(num_classes={classes})
        self.conv1 = {first}
        self.bn1, self.relu = network.bn1, network.relu
        self.maxpool = {pool}
        self.layer1, self.layer2 = network.layer1, network.layer2
        self.layer3, self.layer4 = network.layer3, network.layer4
        self.avgpool, self.fc = network.avgpool, network.fc

    def forward(self, images):
        values = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        values = self.layer4(self.layer3(self.layer2(self.layer1(values))))
        return self.fc(self.avgpool(values).flatten(1))
"""

MOBILENET_SOURCE = """\
from torch import nn
from torchvision import models


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        network = models.{constructor}(num_classes={classes})
        network.features[0][0] = {first}
        self.features, self.classifier = network.features, network.classifier

    def forward(self, images):
        return self.classifier(self.features(images).mean((2, 3)))
"""

RESNET_FORWARD = """\
    def forward(self, images):
        early = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(images)))))
        middle = self.layer2(early)
        late = self.layer4(self.layer3(middle))
        embedding = self.avgpool(late).flatten(1)
        return self.fc(embedding), {"early": early, "middle": middle, "late": late, "embedding": embedding}
"""

MOBILENET_FORWARD = """\
    def forward(self, images):
        maps = []
        for stage in self.features:
            maps.append(images := stage(images))
        embedding = images.mean((2, 3))
        features = {{"early": maps[{early}], "middle": maps[{middle}], "late": images, "embedding": embedding}}
        return self.classifier(embedding), features
"""
