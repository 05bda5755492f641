"""Whether one model is better than another: the paired difference, and which models are compared."""
