"""Optimizers."""

import torch
from torch import nn

from train.config.config import Config


def build_optimizer(network: nn.Module, config: Config) -> torch.optim.Optimizer:
    """AdamW, Adam, or SGD with Nesterov momentum; biases and normalisation do not decay.

    "No bias decay" of He et al. 2018 (Bag of Tricks, section 3.1,
    https://arxiv.org/abs/1812.01187).
    """
    decayed = [weight for weight in network.parameters() if weight.ndim > 1]
    others = [weight for weight in network.parameters() if weight.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": config.decay}, {"params": others, "weight_decay": 0.0}]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, config.peak_lr, momentum=0.9, nesterov=True)
    if config.optimizer == "adam":
        return torch.optim.Adam(groups, config.peak_lr)
    return torch.optim.AdamW(groups, config.peak_lr)
