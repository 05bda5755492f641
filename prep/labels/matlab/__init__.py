"""MATLAB's files: gTruth.mat, label definitions, plain matrices."""
