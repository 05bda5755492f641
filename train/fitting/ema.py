"""A running mean of a network's weights, which often scores better than the weights themselves."""

import copy

import torch
from torch import nn


class MeanWeights:
    """Exponential moving average of weights, https://arxiv.org/abs/1903.03575; running statistics are taken over.

    decay: share of the old mean that stays at each step; early on less, so that random weights are soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after step number `step`, counted from 1."""
        keep = min(self.decay, step / (step + 9))
        mean = dict(self.network.named_parameters())
        for name, weight in network.named_parameters():
            mean[name].lerp_(weight, 1 - keep)
        buffers = dict(self.network.named_buffers())
        for name, buffer in network.named_buffers():
            buffers[name].copy_(buffer)
