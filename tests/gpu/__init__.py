"""What only a machine with NVIDIA GPUs can show, as one table: python -m tests.gpu."""
