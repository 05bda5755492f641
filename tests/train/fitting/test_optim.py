"""The learning rate over a training, and what is remembered of weights and batches."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from prep.core.errors import SegError
from train.config.config import Config, Schedule
from train.fitting.optim import MeanWeights, build_optimizer, lr_factor, set_lr, set_memory_of_statistics
from train.networks.networks import build_network, encoder_of


def test_one_cycle_rises_from_low_to_one_and_falls_to_almost_nothing() -> None:
    factors = [lr_factor(done / 100, "one-cycle") for done in range(101)]
    peak = factors.index(max(factors))
    assert 0 < factors[0] < 0.1
    assert factors[peak] == 1
    assert factors[-1] <= 0.001
    assert factors[: peak + 1] == sorted(factors[: peak + 1])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)


def test_step_drops_to_a_tenth_late() -> None:
    assert [lr_factor(done, "step") for done in (0, 0.5, 0.8, 1)] == [1, 1, 0.1, 0.1]


@given(st.floats(0, 1))
def test_never_zero_never_above_one(done: float) -> None:
    assert 0 < lr_factor(done, "one-cycle") <= 1


SCHEDULES: list[Schedule] = ["one-cycle", "cosine", "step", "poly", "constant"]


@given(st.sampled_from(SCHEDULES), st.floats(0, 1), st.none() | st.floats(0, 0.9))
def test_every_schedule_stays_between_nothing_and_one(schedule: Schedule, done: float, warm_up: float | None) -> None:
    assert 0 < lr_factor(done, schedule, warm_up) <= 1


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_warming_up_rises_to_the_highest_rate_from_which_the_schedule_goes_on(schedule: Schedule) -> None:
    assert lr_factor(0, schedule, 0.1) == pytest.approx(1 / 25)
    assert lr_factor(0.1, schedule, 0.1) == pytest.approx(1)
    plain = [lr_factor(done / 10, schedule, 0.0) for done in range(11)]
    shifted = [lr_factor(0.1 + 0.9 * done / 10, schedule, 0.1) for done in range(11)]
    assert shifted == pytest.approx(plain)


def test_poly_and_cosine_at_half_time() -> None:
    assert lr_factor(0.5, "poly") == pytest.approx(0.5**0.9)
    assert lr_factor(0.5, "cosine") == pytest.approx(0.5, abs=1e-3)
    assert lr_factor(0.99, "constant") == 1


def test_the_encoder_learns_at_its_share_of_the_rate() -> None:
    config = Config(encoder="resnet18", encoder_lr=0.25)
    network = build_network(config, 2)
    encoder = encoder_of(network)
    assert encoder is not None
    optimizer = build_optimizer(network, config)
    set_lr(optimizer, 0.02)
    own = {id(weight) for weight in encoder.parameters()}
    rates = {id(weight): group["lr"] for group in optimizer.param_groups for weight in group["params"]}
    assert rates.keys() == {id(weight) for weight in network.parameters()}
    assert {rate for weight, rate in rates.items() if weight in own} == {0.005}
    assert {rate for weight, rate in rates.items() if weight not in own} == {0.02}


def test_a_rate_of_the_encoder_survives_the_state_of_the_optimizer() -> None:
    config = Config(encoder="resnet18", encoder_lr=0.25)
    network = build_network(config, 2)
    again = build_optimizer(network, config)
    again.load_state_dict(build_optimizer(network, config).state_dict())
    set_lr(again, 1.0)
    assert sorted({group["lr"] for group in again.param_groups}) == [0.25, 1.0]


def test_without_an_encoder_its_rate_is_refused() -> None:
    config = Config(encoder_lr=0.5)
    with pytest.raises(SegError, match="add --encoder NAME"):
        build_optimizer(build_network(config, 2), config)


def test_statistics_remember_more_batches_later_on() -> None:
    """Ten at first, fifty in the end; what a network asks for is never raised, and a running mean without end stays."""
    network = nn.Sequential(nn.BatchNorm2d(1), nn.BatchNorm2d(1, momentum=0.03), nn.BatchNorm2d(1, momentum=None))
    seen = []
    for step in (0, 99, 100, 249, 250, 9_999):
        set_memory_of_statistics(network, step)
        seen.append([module.momentum for module in network if isinstance(module, nn.BatchNorm2d)])
    assert [first for first, _, _ in seen] == [0.1, 0.1, 0.05, 0.05, 0.02, 0.02]
    assert [(second, third) for _, second, third in seen] == [(0.03, None)] * 4 + [(0.02, None)] * 2


def test_the_mean_of_the_weights_has_the_mean_of_their_statistics() -> None:
    network = nn.BatchNorm2d(1)
    mean = MeanWeights(network, 0.5)
    for step, value in enumerate((1.0, 3.0), start=100):
        network.running_mean = torch.tensor([value])
        network.num_batches_tracked += 1
        mean.update(network, step)
    kept = mean.network
    assert isinstance(kept, nn.BatchNorm2d)
    assert kept.running_mean is not None
    assert kept.running_mean.tolist() == [1.75]  # 0, then half of 1, then half of that and half of 3
    assert kept.num_batches_tracked == 2
