"""Commands at the same time on one dataset: real processes at random distances, some of them killed."""
