"""A suppression gives no reason, or cannot be read.

What it finds
-------------
A comment `# qspec: allow CODE` without `because "…"`, or one that starts so and is no suppression.

Why it matters
--------------
A finding that is allowed is part of the claim: a reader must be able to judge why. The report prints the reason beside it.

Example:
-------
    qspec 1
    claim brochure {
      loss(top1) < 1 %  # qspec: allow QS220
    }

Use instead
-----------
    qspec 1
    claim brochure {
      loss(top1) < 1 %  # qspec: allow QS220 because "quoted as printed" until 2099-01-01
    }

References:
----------
Suppressions in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

suppression_without_reason = rule("QS910", "suppression-without-reason", severity=Severity.WARNING)(nothing)
