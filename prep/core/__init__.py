"""What everything stands on: errors, files, classes, jobs, random numbers, words."""
