"""Objects found by clicks, by files of the SAM family that a person has."""
