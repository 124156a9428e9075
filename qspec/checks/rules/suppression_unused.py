"""A suppression allows nothing.

What it finds
-------------
A comment `# qspec: allow CODE` where no finding of that code is within its scope.

Why it matters
--------------
It may hide a finding to come that nobody has looked at, or stand on the wrong line.

Example:
-------
    qspec 1
    claim brochure {
      loss(top1) < 1 pp  # qspec: allow QS220 because "quoted as printed"
    }

Use instead
-----------
    qspec 1
    claim brochure {
      loss(top1) < 1 pp
    }

References:
----------
Suppressions in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

suppression_unused = rule("QS912", "suppression-unused", severity=Severity.WARNING)(nothing)
