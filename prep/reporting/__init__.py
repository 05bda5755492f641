"""report.html: one page about a dataset."""
