"""What a training should be for this dataset, this machine and the time there is."""
