"""A machine as planning measures it."""

from train.planning.machine import Machine

LAPTOP = Machine("cpu", 16_000_000_000, {"plain": 2e6, "lite": 8e5}, has_lite=True)
