"""Groups of task names that metrics share."""

from __future__ import annotations

CLASSIFICATION = frozenset(
    {"image-classification", "text-classification", "token-classification", "tabular-classification"}
)
CHOICE = CLASSIFICATION | {"multiple-choice"}
RANKING = frozenset({"retrieval", "recommendation"})
GENERATION = frozenset(
    {"reasoning", "question-answering", "summarization", "translation", "speech-recognition"}
)
EVERY_ANSWER = CHOICE | GENERATION | {"segmentation"}
