"""Batch normalisation over the batches of all processes, so that their number does not change the training."""

from typing import cast

import torch
from torch import Tensor, distributed, nn


class SyncedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation with mean and variance over all processes; PyTorch's own needs GPUs."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        if not self.training:
            return super().forward(x)
        precise = x.float()
        sums: Tensor = torch.cat([precise.sum((0, 2, 3)), precise.new_tensor([x.numel() / x.shape[1]])])
        total = _summed(sums)
        count = total[-1]
        mean = total[:-1] / count
        centred = precise - mean[:, None, None]
        variance = _summed(centred.square().sum((0, 2, 3))) / count
        with torch.no_grad():
            self._follow(mean, variance * count / (count - 1).clamp(min=1))
        scaled = centred * (variance + self.eps).rsqrt()[:, None, None]
        result: Tensor = (scaled * self.weight[:, None, None] + self.bias[:, None, None]).to(x.dtype)
        return result

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class SyncedBatchNormAct2d(SyncedBatchNorm2d):
    """The same for timm's encoders, whose normalisation has dropout and activation in it."""

    def __init__(self, other: nn.BatchNorm2d) -> None:
        super().__init__(other.num_features, other.eps, other.momentum)
        self.drop, self.act = cast("nn.Module", other.drop), cast("nn.Module", other.act)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        result: Tensor = self.act(self.drop(super().forward(x)))
        return result


class _Sum(torch.autograd.Function):
    """Sum over all processes; as each result depends on each input, gradients are summed too."""

    @staticmethod
    def forward(_: object, local: Tensor) -> Tensor:
        total = local.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_: object, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        distributed.all_reduce(total)
        return total


def _summed(local: Tensor) -> Tensor:
    total: Tensor = _Sum.apply(local)
    return total


def synced(network: nn.Module, device: torch.device) -> nn.Module:
    """Replace every batch normalisation of a network by one over all processes; weights and names stay."""
    if device.type == "cuda":
        import timm.layers  # its conversion knows the normalisations of timm's encoders too

        converted: nn.Module = timm.layers.convert_sync_batchnorm(network)  # type: ignore[attr-defined, no-untyped-call]
        return converted
    for name, child in network.named_children():
        if isinstance(child, nn.BatchNorm2d):
            is_timm = hasattr(child, "act")
            other = (
                SyncedBatchNormAct2d(child)
                if is_timm
                else SyncedBatchNorm2d(child.num_features, child.eps, child.momentum)
            )
            other.load_state_dict(child.state_dict())
            setattr(network, name, other)
        else:
            synced(child, device)
    return network
