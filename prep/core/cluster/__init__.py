"""Who works on jobs: this machine or a Dask cluster (extra `cluster`), its connection, what its workers get and do."""
