"""Verdicts from what is stored: a pure function of scores, timings and the declaration."""
