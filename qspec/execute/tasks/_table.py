"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "image-classification": "classification",
    "language-modelling": "language",
    "multiple-choice": "choices",
    "object-detection": "detection",
    "question-answering": "spans",
    "reasoning": "generation",
    "recommendation": "recommendation",
    "regression": "numbers",
    "retrieval": "retrieval",
    "segmentation": "segmentation",
    "speech-recognition": "speech",
    "token-classification": "tokens",
}

ALIASES: dict[str, str] = {
    "summarization": "reasoning",
    "super-resolution": "regression",
    "tabular-classification": "image-classification",
    "text-classification": "image-classification",
    "translation": "reasoning",
}
