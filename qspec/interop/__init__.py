"""Outside formats, one a file, both ways where both make sense."""
