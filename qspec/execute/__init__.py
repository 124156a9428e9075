"""Execution: sessions, paired evaluation, timing, the machine that was found, and the store of results."""
