"""The dataset folder: its index, states, transactions, statistics and patches."""
