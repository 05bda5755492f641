"""Networks by name, of any architecture and encoder."""

import pytest
import torch

from prep.core.errors import SegError
from train.config.config import Config
from train.networks.networks import architectures, build_network, decoder_channels, encoders, freeze_idle
from train.networks.unet import UNet

CNN_ARCHITECTURES = [name for name in architectures() if name not in ("dpt", "segformer", "upernet")]


def test_without_an_encoder_it_is_the_plain_unet() -> None:
    network = build_network(Config(width=4, depth=2), 3)
    assert isinstance(network, UNet)
    assert network.head.in_channels == 4


@pytest.mark.parametrize("arch", CNN_ARCHITECTURES)
def test_logits_have_the_size_of_the_image(arch: str) -> None:
    network = build_network(Config(arch=arch, encoder="resnet18"), 5).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 65, 50)).shape == (1, 5, 65, 50)


def test_any_network_of_timm_is_an_encoder() -> None:
    network = build_network(Config(encoder="tu-resnet10t"), 2).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 2, 64, 64)


def test_a_transformer_takes_any_size() -> None:
    network = build_network(Config(arch="dpt", encoder="tu-vit_tiny_patch16_224"), 3).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 33, 70)).shape == (1, 3, 33, 70)


def test_padding_does_not_change_sizes_that_fit() -> None:
    network = build_network(Config(encoder="resnet18"), 2).eval()
    image = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(network(image), network.network(image))  # type: ignore[operator]


def test_every_weight_of_the_atrous_unet_gets_a_gradient() -> None:
    network = build_network(Config(arch="atrous-unet", encoder="resnet18"), 3)
    network(torch.randn(2, 3, 64, 64)).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in network.parameters())


def test_the_atrous_decoder_has_the_published_widths_and_dilations() -> None:
    network = build_network(Config(arch="atrous-unet", encoder="resnet18"), 3)
    decoder = network.network.decoder  # type: ignore[union-attr]
    assert [block.mix[0].out_channels for block in decoder] == [1024, 512, 256, 64]  # type: ignore[union-attr, index]
    shapes = [(branch[0].kernel_size[0], branch[0].dilation[0]) for branch in decoder[0].branches]  # type: ignore[index, union-attr]
    assert shapes == [(1, 1), (3, 6), (3, 12), (3, 18)]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"arch": "unett"}, "--arch unett: did you mean unet"),
        ({"encoder": "resnet5"}, "--encoder resnet5: did you mean resnet"),
        ({"encoder": "tu-nothing_like_this"}, "--encoder tu-nothing_like_this"),
        ({"arch": "dpt", "encoder": "tu-resnet10t"}, "--arch dpt does not go with --encoder tu-resnet10t"),
        ({"arch": "atrous-unet", "encoder": "mit_b0"}, "--arch atrous-unet does not go with --encoder mit_b0"),
    ],
)
def test_names_that_do_not_exist_are_told_with_near_ones(settings: dict[str, str], words: str) -> None:
    with pytest.raises(SegError) as caught:
        build_network(Config(**settings), 2)  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_lists_hold_what_people_expect() -> None:
    assert {"unet", "atrous-unet", "deeplabv3", "deeplabv3plus", "fpn", "segformer"} <= set(architectures())
    assert {"resnet50", "mobilenet_v2", "efficientnet-b0"} <= set(encoders())


def test_layers_that_no_decoder_uses_wait_for_no_gradient() -> None:
    """smp's EfficientNet keeps the last layers of its classifier; processes that share gradients would wait."""
    network = freeze_idle(build_network(Config(encoder="efficientnet-b0"), 3))
    assert network.training
    frozen = {name.removeprefix("network.encoder.") for name, w in network.named_parameters() if not w.requires_grad}
    assert frozen == {"_conv_head.weight", "_bn1.weight", "_bn1.bias"}
    network(torch.randn(2, 3, 64, 64)).square().sum().backward()
    assert all((weight.grad is not None) == weight.requires_grad for weight in network.parameters())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("unet++", "unetplusplus"),
        ("U-Net++", "unetplusplus"),
        ("deeplabv3+", "deeplabv3plus"),
        ("DeepLabV3-Plus", "deeplabv3plus"),
        ("u-net", "unet"),
        ("atrous_unet", "atrous-unet"),
    ],
)
def test_an_architecture_has_the_name_that_papers_give_it(name: str, meant: str) -> None:
    ours, theirs = (build_network(Config(arch=arch, encoder="resnet18"), 2) for arch in (name, meant))
    assert type(ours.network) is type(theirs.network)
    assert ours.state_dict().keys() == theirs.state_dict().keys()


def test_the_plain_network_has_other_spellings_too() -> None:
    assert isinstance(build_network(Config(arch="U-Net", width=4, depth=2), 2), UNet)


@pytest.mark.parametrize("arch", ["unet", "unetplusplus", "manet"])
def test_a_narrower_decoder_halves_from_level_to_level(arch: str) -> None:
    assert decoder_channels(128) == [128, 64, 32, 16, 16]
    narrow, usual = (
        sum(weight.numel() for weight in build_network(Config(arch=arch, encoder="resnet18", **more), 2).parameters())
        for more in ({"decoder_width": 64}, {})
    )
    assert narrow < usual
    network = build_network(Config(arch=arch, encoder="resnet18", decoder_width=64), 2)
    assert network.network.segmentation_head[0].in_channels == 16  # type: ignore[union-attr, index]


def test_the_usual_decoder_is_that_of_the_library() -> None:
    smp = pytest.importorskip("segmentation_models_pytorch")
    theirs = smp.Unet("resnet18", encoder_weights=None, classes=2).state_dict()
    ours = build_network(Config(encoder="resnet18"), 2).network.state_dict()  # type: ignore[union-attr, operator]
    assert {name: value.shape for name, value in ours.items()} == {name: each.shape for name, each in theirs.items()}


@pytest.mark.parametrize(
    ("settings", "words"),
    [({}, "add --encoder NAME, or give --width"), ({"arch": "fpn", "encoder": "resnet18"}, "leave it out for fpn")],
)
def test_a_decoder_width_that_nothing_would_follow_is_refused(settings: dict[str, str], words: str) -> None:
    with pytest.raises(SegError, match=words):
        build_network(Config(decoder_width=64, **settings), 2)  # type: ignore[arg-type]
