from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from mutate import mutated
from properties import is_kept, read_or_refused, survives
from strategies import documents

from qspec.lang.twin import write_twin
from qspec.lang.write import write_document
from qspec.model.document import Document

fixed = settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)


accidents = st.integers(0, 2**32)


@pytest.mark.parametrize("batch", range(4))
def test_five_hundred_documents_are_kept_and_as_many_accidents_survived(batch: int) -> None:
    @seed(batch)
    @fixed
    @given(documents, accidents)
    def one(document: Document, accident: int) -> None:
        is_kept(document, ("yaml",) if accident % 10 == 0 else ("json",))
        survives(mutated(write_document(document), random.Random(accident)))

    one()


@seed(9)
@settings(fixed, max_examples=150)
@given(documents, accidents)
def test_broken_twins_are_refused_by_a_sentence(document: Document, accident: int) -> None:
    rng = random.Random(accident)
    read_or_refused("x.json", mutated(write_twin(document, "json"), rng))
    read_or_refused("x.yaml", mutated(write_twin(document, "yaml"), rng))
