"""The static checker: one rule a file, what each axis of a claim says, and the grade that follows."""
