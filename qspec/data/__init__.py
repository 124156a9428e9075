"""Data sets: sources and readers, digests, splits, predicates, strata and transforms."""
