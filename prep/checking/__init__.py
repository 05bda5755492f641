"""Every problem of a dataset, worst first."""
