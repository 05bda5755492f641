"""Batch normalisation over the batches of all processes, so that their number does not change the training."""

import torch
from torch import Tensor, distributed, nn


class SyncedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation with mean and variance over all processes; PyTorch's own needs GPUs."""

    def __init__(self, other: nn.BatchNorm2d) -> None:
        super().__init__(other.num_features, other.eps, other.momentum)
        # The normalisation of timm's encoders has dropout and activation in it.
        self.drop, self.act = getattr(other, "drop", nn.Identity()), getattr(other, "act", nn.Identity())

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        result: Tensor = self.act(self.drop(self._normalised(x) if self.training else super().forward(x)))
        return result

    def _normalised(self, x: Tensor) -> Tensor:
        precise = x.float()
        total = _summed(torch.cat([precise.sum((0, 2, 3)), precise.new_tensor([x.numel() / x.shape[1]])]))
        count = total[-1]
        mean = total[:-1] / count
        centred = precise - mean[:, None, None]
        variance = _summed(centred.square().sum((0, 2, 3))) / count
        with torch.no_grad():
            self._follow(mean, variance * count / (count - 1).clamp(min=1))
        scaled = centred * (variance + self.eps).rsqrt()[:, None, None]
        return (scaled * self.weight[:, None, None] + self.bias[:, None, None]).to(x.dtype)

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class _Sum(torch.autograd.Function):
    """Sum over all processes; as each result depends on each input, gradients are summed too."""

    @staticmethod
    def forward(_: object, local: Tensor) -> Tensor:
        total = local.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_: object, *gradients: Tensor) -> Tensor:
        return _Sum.forward(_, gradients[0])


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
            other = SyncedBatchNorm2d(child)
            other.load_state_dict(child.state_dict())
            setattr(network, name, other)
        else:
            synced(child, device)
    return network
