"""Perplexities of two normalisations are set beside each other.

What it finds
-------------
A perplexity of the baseline and another of the quantized model, reported for one evaluation with different parameters: per
token and per word, or with another stride or context.

Why it matters
--------------
A perplexity per word is the one per token raised to the tokens a word has, and a shorter context raises it too. The
difference of two such numbers is of the ruler and not of the model.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: language-modelling, baseline: fp16
        metrics: [perplexity(per: token), perplexity(per: word)]
      }
      reported {
        perplexity(per: token) { baseline: 5.68 }
        perplexity(per: word) { quantized: 8.71 }
      }
      loss(perplexity(per: token)) <= 0.2 ppl
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: language-modelling, baseline: fp16
        metrics: [perplexity(per: token), perplexity(per: word)]
      }
      reported {
        perplexity(per: token) { baseline: 5.68, quantized: 5.85 }
        perplexity(per: word) { baseline: 8.43, quantized: 8.71 }
      }
      loss(perplexity(per: token)) <= 0.2 ppl
    }

References:
----------
Published claims, pattern 6. S. Merity et al., Pointer sentinel mixture models, arXiv:1609.07843 (2016): perplexity per word.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import metric_of
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView, FigureView
from qspec.lang.diagnostic import Related, Severity


@rule("QS323", "perplexities-not-comparable", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("metric",))
def perplexities_not_comparable(claim: ClaimView) -> Iterator[Finding]:
    """Two rulers."""
    for figures in claim.figures_by_stratum.values():
        alone = [view for view in figures if _is_alone(view)]
        for one in alone:
            if one.figure.baseline is None:
                continue
            for other in alone:
                if other.figure.quantized is not None and other.figure.quantity != one.figure.quantity:
                    yield Finding(
                        f"The baseline has `{one.figure.quantity}` and the quantized model `{other.figure.quantity}`,"
                        " which do not compare.",
                        other.origin,
                        help="give both models' perplexities with the same parameters",
                        related=(Related(one.origin.span, "the baseline's", one.origin.loaded.source),),
                        at_key=True,
                    )
                    return


def _is_alone(view: FigureView) -> bool:
    """Whether a figure gives the perplexity of one of the two models, and nothing that the other follows from."""
    metric, figure = metric_of(view.measurand.metric), view.figure
    if metric is None or metric.name != "perplexity" or figure.loss is not None or figure.ratio is not None:
        return False
    return (figure.baseline is None) != (figure.quantized is None)
