"""Photos and masks that lie as arrays in files of NumPy and MATLAB."""
