"""A suppression is past its date.

What it finds
-------------
A comment `# qspec: allow CODE because "…" until DATE` whose date is past. What it allowed is found again.

Why it matters
--------------
An expiry is a promise to look again.

Example:
-------
    qspec 1
    claim brochure {
      loss(top1) < 1 %  # qspec: allow QS220 because "pilot only" until 2020-01-01
    }

Use instead
-----------
    qspec 1
    claim brochure {
      loss(top1) < 1 %  # qspec: allow QS220 because "pilot only" until 2099-01-01
    }

References:
----------
Suppressions in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

suppression_expired = rule("QS911", "suppression-expired", severity=Severity.WARNING)(nothing)
