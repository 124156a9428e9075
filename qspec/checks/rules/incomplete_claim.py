"""The claim leaves axes to the reader.

What it finds
-------------
A claim one or more of whose axes are missing, unstated in its source, or vague. All gaps of a claim are told in
this one finding, with a note for each; the rules QS101 to QS112 say what each axis asks and can be selected apart.

Why it matters
--------------
A loss depends on task, model, metric, baseline, calibration data, strata, test set and hardware. A reader who is not
told one of them has to assume that it travels intact to where the model will be used.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1] }
      loss(top1) <= 1 pp
    }

Use instead
-----------
An executor in which each axis is stated, or marked `unstated` where a source was read and does not say.

References:
----------
The table of axes in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

incomplete_claim = rule("QS100", "incomplete-claim", severity=Severity.WARNING)(nothing)
