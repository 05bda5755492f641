"""The plain U-Net."""

import pytest
import torch

from train.networks.unet import UNet


@pytest.mark.parametrize(("height", "width"), [(16, 16), (96, 96), (17, 31), (50, 23)])
def test_logits_have_the_size_of_the_image(height: int, width: int) -> None:
    network = UNet(classes=5, width=4, depth=4).eval()
    assert network(torch.zeros(2, 3, height, width)).shape == (2, 5, height, width)


def test_every_weight_gets_a_gradient() -> None:
    network = UNet(classes=3, width=4, depth=3)
    network(torch.randn(2, 3, 32, 32)).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in network.parameters())


def test_an_output_pixel_sees_far_around_itself() -> None:
    network = UNet(classes=2, width=4, depth=4).eval()
    image = torch.randn(1, 3, 192, 192, requires_grad=True)
    network(image)[0, 0, 96, 96].backward()
    assert image.grad is not None
    rows = image.grad.abs().sum(dim=(0, 1, 3)).nonzero()
    assert int(rows.max() - rows.min()) > 100
