"""Settings of a training, recipes and loss specifications; recipes/ holds those that come along."""
