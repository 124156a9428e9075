"""What the numbers mean: intervals, verdicts, planning, and what published numbers alone can say."""
