"""The run folder: its files, checkpoints, dataset and device."""
