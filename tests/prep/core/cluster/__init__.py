"""Commands on a real Dask cluster: a scheduler and two workers on this machine."""
