"""What the numbers are that a graph, or a step after it, gives for classes: they look alike, and are scored differently."""

from __future__ import annotations

from enum import StrEnum


class Nature(StrEnum):
    """What each number of an answer over classes means."""

    SCORES = "scores"
    """Logits, or logarithms of probabilities: a softmax makes probabilities of them."""
    PROBABILITIES = "probabilities"
    """Probabilities that add to 1 over the classes; of a single number, that of the positive class."""
    EACH = "probabilities of each class by itself"
    """As a sigmoid gives them: a single number is that of the positive class; several only order the classes."""
    ORDER = "order"
    """Numbers that order the classes and are neither logits nor probabilities, such as probabilities that were scaled."""
    FLAGS = "flags"
    """One where a threshold was reached, else zero."""
    CLASSES = "classes"
    """Numbers of classes, the likeliest first."""

    def over(self, width: int) -> Nature:
        """What they are over so many classes, where a sigmoid makes the difference."""
        if self is not Nature.EACH:
            return self
        return Nature.PROBABILITIES if width == 1 else Nature.ORDER


def rescaled(nature: Nature) -> Nature:
    """What numbers are after each was multiplied: scores stay scores, and probabilities add to 1 no more."""
    return Nature.ORDER if nature in (Nature.PROBABILITIES, Nature.EACH) else nature
