"""Losses against torch's, against those of segmentation-models-pytorch, and against plain numpy."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from prep.core.errors import SegError
from train.config.loss_spec import EXAMPLE, LOSSES, parse_loss
from train.fitting.losses import build_loss, cross_entropy

SPECS = (
    "ce", "ce:smoothing=0.1", "bce", "dice", "dice:smooth=1", "focal", "focal:gamma=0.5", "tversky", "lovasz",
    "0.7*bce+0.3*dice",
)  # fmt: skip
WEIGHTS = (0.1, 2.0, 1.0)


def batch(dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = (3 * torch.randn(2, 3, 5, 7, generator=generator)).to(dtype).requires_grad_()
    masks = torch.randint(0, 3, (2, 5, 7), generator=generator).to(torch.uint8)
    masks[0, :2] = 255
    return logits, masks


def chosen_weights() -> tuple[torch.Tensor | None, ...]:
    return None, torch.tensor(WEIGHTS)


def counted(logits: torch.Tensor, masks: torch.Tensor) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(N, C) logits and (N,) classes of the pixels that are not ignored."""
    flat = logits.detach().double().permute(0, 2, 3, 1).reshape(-1, logits.shape[1]).numpy()
    classes = masks.reshape(-1).numpy().astype(np.int64)
    return flat[classes != 255], classes[classes != 255]


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(shares / shares.sum(1, keepdims=True))


def gradient(loss: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    (found,) = torch.autograd.grad(loss, logits)
    return found


# Each loss against its formula.


def test_cross_entropy_is_that_of_torch_to_the_last_bit_of_its_sum() -> None:
    logits, masks = batch()
    for weights in chosen_weights():
        expected = F.cross_entropy(logits, masks.long(), weights, ignore_index=255)
        torch.testing.assert_close(build_loss("ce", weights)(logits, masks), expected)
        assert torch.equal(build_loss("ce", weights)(logits, masks), cross_entropy(logits, masks, weights))
        smoothed = F.cross_entropy(logits, masks.long(), weights, ignore_index=255, label_smoothing=0.2)
        torch.testing.assert_close(build_loss("ce:smoothing=0.2", weights)(logits, masks), smoothed)


def test_bce_is_that_of_torch_on_one_hot_masks() -> None:
    logits, masks = batch()
    flat, classes = (torch.from_numpy(array) for array in counted(logits, masks))
    truth = F.one_hot(classes, 3).double()
    expected = F.binary_cross_entropy_with_logits(flat, truth)
    torch.testing.assert_close(build_loss("bce")(logits, masks).double(), expected, rtol=1e-5, atol=0)
    scale = torch.tensor(WEIGHTS, dtype=torch.float64)
    weighted = F.binary_cross_entropy_with_logits(flat, truth, weight=scale / scale.mean())
    found = build_loss("bce", scale.float())(logits, masks).double()
    torch.testing.assert_close(found, weighted, rtol=1e-5, atol=0)


def test_bce_of_two_classes_is_the_binary_one_for_a_difference_split_evenly() -> None:
    _, masks = batch()
    masks = masks.where(masks != 2, 1)
    score = torch.linspace(-4, 4, masks.numel()).reshape(masks.shape)
    binary = F.binary_cross_entropy_with_logits(score[masks != 255], masks[masks != 255].float())
    torch.testing.assert_close(build_loss("bce")(torch.stack([-score, score], 1), masks), binary)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_focal(gamma: float) -> None:
    logits, masks = batch()
    flat, classes = counted(logits, masks)
    p = softmax(flat)[np.arange(len(classes)), classes]
    losses = -((1 - p) ** gamma) * np.log(p)
    scale = np.array(WEIGHTS)[classes]
    for weights, expected in zip(chosen_weights(), (losses.mean(), (losses * scale).sum() / scale.sum()), strict=True):
        assert build_loss(f"focal:gamma={gamma}", weights)(logits, masks).item() == pytest.approx(expected, rel=1e-5)


def test_focal_with_gamma_0_is_cross_entropy() -> None:
    logits, masks = batch()
    for weights in chosen_weights():
        found = build_loss("focal:gamma=0", weights)(logits, masks)
        torch.testing.assert_close(found, cross_entropy(logits, masks, weights))


@pytest.mark.parametrize(("alpha", "beta", "smooth"), [(0.3, 0.7, 0.0), (0.5, 0.5, 1.0), (1.0, 1.0, 0.0)])
def test_tversky(alpha: float, beta: float, smooth: float) -> None:
    logits, masks = batch()
    masks = masks.where(masks != 1, 255)  # class 1 is absent
    flat, classes = counted(logits, masks)
    p = softmax(flat)
    losses = []
    for index in (0, 2):
        true = classes == index
        hits, false, missed = p[true, index].sum(), p[~true, index].sum(), (1 - p[true, index]).sum()
        losses.append(1 - (hits + smooth) / (hits + alpha * false + beta * missed + smooth))
    spec = f"tversky:alpha={alpha},beta={beta},smooth={smooth}"
    assert build_loss(spec)(logits, masks).item() == pytest.approx(np.mean(losses), rel=1e-5)
    weighted = (WEIGHTS[0] * losses[0] + WEIGHTS[2] * losses[1]) / (WEIGHTS[0] + WEIGHTS[2])
    assert build_loss(spec, torch.tensor(WEIGHTS))(logits, masks).item() == pytest.approx(weighted, rel=1e-5)
    if alpha == beta == 0.5:
        dice = build_loss(f"dice:smooth={2 * smooth}")(logits, masks)
        assert dice.item() == pytest.approx(np.mean(losses), rel=1e-5)


def test_lovasz_of_whole_errors_is_one_minus_iou() -> None:
    """At the corners of the cube, where each pixel is wholly right or wrong, the extension is the loss itself."""
    truth = torch.tensor([[[0, 0, 1, 1, 1, 255]]], dtype=torch.uint8)
    for answer in itertools.product((0, 1), repeat=6):
        logits = 60 * F.one_hot(torch.tensor(answer), 2).T.float()[None, :, None]
        iou = []
        for index in (0, 1):
            both = [(a == index, t == index) for a, t in zip(answer, truth[0, 0].tolist(), strict=True) if t != 255]
            iou.append(sum(a and t for a, t in both) / sum(a or t for a, t in both))
        assert build_loss("lovasz")(logits, truth).item() == pytest.approx(1 - np.mean(iou), abs=1e-6)


def test_dice_tversky_and_lovasz_are_those_of_segmentation_models_pytorch() -> None:
    from segmentation_models_pytorch import losses

    logits, masks = batch()
    target = masks.long()
    oracles: dict[str, torch.nn.Module] = {
        "dice": losses.DiceLoss("multiclass", ignore_index=255),
        "dice:smooth=3": losses.DiceLoss("multiclass", smooth=1.5, ignore_index=255),  # they halve the fraction
        "tversky": losses.TverskyLoss("multiclass", ignore_index=255, alpha=0.3, beta=0.7),
        "lovasz": losses.LovaszLoss("multiclass", ignore_index=255),
        "ce:smoothing=0.1": losses.SoftCrossEntropyLoss(reduction="mean", smooth_factor=0.1),
    }
    for spec, oracle in oracles.items():
        wanted = target.where(target != 255, 0) if spec.startswith("ce") else target
        ours = wanted.to(torch.uint8)
        torch.testing.assert_close(build_loss(spec)(logits, ours), oracle(logits, wanted))
        expected = gradient(oracle(logits, wanted), logits)
        torch.testing.assert_close(gradient(build_loss(spec)(logits, ours), logits), expected)


def test_a_sum_is_the_sum() -> None:
    logits, masks = batch()
    ce, dice = (build_loss(name)(logits, masks) for name in ("ce", "dice"))
    torch.testing.assert_close(build_loss("ce+dice")(logits, masks), ce + dice)
    torch.testing.assert_close(build_loss(" 0.25 * ce + 3*dice ")(logits, masks), 0.25 * ce + 3 * dice)


# What all have in common.


@pytest.mark.parametrize("spec", SPECS)
def test_a_batch_of_ignored_pixels_is_zero_with_zero_gradients(spec: str) -> None:
    logits, masks = batch()
    for weights in chosen_weights():
        loss = build_loss(spec, weights)(logits, torch.full_like(masks, 255))
        assert loss.item() == 0
        assert not gradient(loss, logits).any()


@pytest.mark.parametrize("spec", SPECS)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), ignored=st.floats(0.05, 0.9), size=st.integers(1, 6))
def test_what_is_predicted_for_ignored_pixels_changes_nothing(spec: str, seed: int, ignored: float, size: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    masks = torch.randint(0, 3, (2, size, size), generator=generator).to(torch.uint8)
    masks[torch.rand(masks.shape, generator=generator) < ignored] = 255
    hidden = (masks == 255)[:, None]
    logits = torch.randn(2, 3, size, size, generator=generator)
    other = torch.where(hidden, 30 * torch.randn(logits.shape, generator=generator), logits)
    for weights in chosen_weights():
        loss = build_loss(spec, weights)
        first, second = logits.clone().requires_grad_(), other.clone().requires_grad_()
        values = loss(first, masks), loss(second, masks)
        slopes = gradient(values[0], first), gradient(values[1], second)
        assert torch.equal(*values)
        assert torch.equal(*slopes)
        assert not slopes[0][hidden.expand_as(logits)].any()
        assert torch.isfinite(slopes[0]).all()


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec != "ce:smoothing=0.1"])
def test_sure_and_right_is_zero_and_sure_and_wrong_is_not(spec: str) -> None:
    _, masks = batch()
    truth = F.one_hot(masks.where(masks != 255, 0).long(), 3).permute(0, 3, 1, 2).float()
    right, wrong = (200 * (2 * answer - 1) for answer in (truth, truth.roll(1, 1)))
    for weights in chosen_weights():
        loss = build_loss(spec, weights)
        assert loss(right, masks).item() == pytest.approx(0, abs=1e-6)
        assert loss(wrong, masks).item() > 0.5
        for logits in (right.requires_grad_(), wrong.requires_grad_()):
            assert torch.isfinite(gradient(loss(logits, masks), logits)).all()


@pytest.mark.parametrize("spec", SPECS)
def test_gradients(spec: str) -> None:
    logits, masks = (whole[..., 1:4, :4] for whole in batch(torch.float64))
    for weights in chosen_weights():
        loss = build_loss(spec, weights)
        assert torch.autograd.gradcheck(lambda values, loss=loss: loss(values, masks), logits.detach().requires_grad_())


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_single(spec: str, precision: torch.dtype) -> None:
    logits, masks = batch(precision)
    loss = build_loss(spec, torch.tensor(WEIGHTS))
    expected = loss(logits.detach().float(), masks)
    with torch.autocast("cpu", dtype=precision):
        found = loss(logits, masks)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)
    assert gradient(found, logits).dtype == precision


@pytest.mark.parametrize("spec", SPECS)
def test_the_size_of_the_weights_does_not_matter_nor_do_equal_ones(spec: str) -> None:
    logits, masks = batch()
    weights = torch.tensor(WEIGHTS)
    torch.testing.assert_close(build_loss(spec, 8 * weights)(logits, masks), build_loss(spec, weights)(logits, masks))
    plain = build_loss(spec)(logits, masks)
    torch.testing.assert_close(build_loss(spec, torch.full((3,), 0.2))(logits, masks), plain)
    assert not torch.equal(build_loss(spec, weights)(logits, masks), plain)


@pytest.mark.parametrize("spec", SPECS)
def test_following_the_gradient_finds_the_masks(spec: str) -> None:
    _, masks = batch()
    logits = torch.zeros(2, 3, 5, 7, requires_grad=True)
    optimizer = torch.optim.Adam([logits], 0.1)
    loss = build_loss(spec)
    for _ in range(100):
        optimizer.zero_grad()
        loss(logits, masks).backward()
        optimizer.step()
    assert torch.equal(logits.argmax(1)[masks != 255], masks[masks != 255].long())


# The spec.


def test_every_loss_in_the_list_can_be_built_and_the_usual_values_are_those_listed() -> None:
    logits, masks = batch()
    for name, kind in LOSSES.items():
        values = ",".join(f"{key}={value}" for key, value in kind.defaults.items())
        written = build_loss(f"{name}:{values}" if values else name)(logits, masks)
        assert torch.equal(build_loss(name)(logits, masks), written)
        assert kind.description


def test_terms() -> None:
    first, second = parse_loss("0.7*tversky:alpha=0.4 , beta=1e-1 + lovasz")
    assert (first.factor, first.name) == (0.7, "tversky")
    assert first.parameters == {"alpha": 0.4, "beta": 0.1, "smooth": 0.0}
    assert (second.factor, second.name, second.parameters) == (1.0, "lovasz", {})
    assert len(parse_loss(EXAMPLE)) == 2


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("", "no loss is named ''"),
        ("jaccard", "no loss is named 'jaccard'"),
        ("ce+", "no loss is named ''"),
        ("ce+0.5*huber", "no loss is named 'huber'"),
        ("2*3*ce", "'2*3*ce' is not [FACTOR*]NAME[:PARAMETER=VALUE,...]"),
        ("half*ce", "a factor is a number; got 'half'"),
        ("0*ce", "a factor is above 0; got 0"),
        ("-1*ce", "a factor is above 0; got -1"),
        ("nan*ce", "a factor is a number; got 'nan'"),
        ("ce:gamma=2", "ce has no parameter 'gamma'"),
        ("ce:smoothing", "'smoothing' is not PARAMETER=VALUE"),
        ("ce:smoothing=1", "smoothing is 0 to below 1; got 1"),
        ("focal:gamma=-1", "gamma is 0 or more; got -1"),
        ("focal:gamma=much", "gamma is a number; got 'much'"),
        ("focal:gamma=1,gamma=2", "focal names gamma twice"),
        ("tversky:alpha=0,beta=0", "alpha and beta of tversky cannot both be 0"),
    ],
)
def test_a_spec_that_cannot_be_read_is_told_with_all_that_can(spec: str, reason: str) -> None:
    with pytest.raises(SegError) as caught:
        build_loss(spec)
    text = str(caught.value)
    assert text.startswith(f"--loss '{spec}': {reason}; losses: ")
    assert text.endswith(f"for example --loss {EXAMPLE}")
    for name, kind in LOSSES.items():
        assert name in text
        assert all(f"{key}={value:g}" in text for key, value in kind.defaults.items())


@given(st.text("ce+*:=,.0123 dice", max_size=12))
def test_any_text_is_read_or_refused(spec: str) -> None:
    try:
        terms = parse_loss(spec)
    except SegError:
        return
    assert all(term.name in LOSSES and math.isfinite(term.factor) and term.factor > 0 for term in terms)
