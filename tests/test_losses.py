"""The loss against torch's own mean, and where that has none."""

import torch
import torch.nn.functional as F

from train.losses import cross_entropy


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 5, 7, generator=generator, requires_grad=True)
    masks = torch.randint(0, 3, (2, 5, 7), generator=generator).to(torch.uint8)
    masks[0, :2] = 255
    return logits, masks


def test_equals_torch_with_and_without_weights() -> None:
    logits, masks = batch()
    weights = torch.tensor([0.1, 2.0, 1.0])
    for chosen in (None, weights):
        expected = F.cross_entropy(logits, masks.long(), chosen, ignore_index=255)
        torch.testing.assert_close(cross_entropy(logits, masks, chosen), expected)


def test_a_batch_of_ignored_pixels_is_zero_with_zero_gradients() -> None:
    logits, masks = batch()
    for weights in (None, torch.ones(3)):
        loss = cross_entropy(logits, torch.full_like(masks, 255), weights)
        (gradient,) = torch.autograd.grad(loss, logits)
        assert loss.item() == 0
        assert not gradient.any()
