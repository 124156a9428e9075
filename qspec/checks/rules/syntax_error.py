"""The text cannot be read as the language is written.

What it finds
-------------
Every place where the text of a file leaves the grammar, each on its own line: reading goes on behind it, so that one run
finds all of them.

Why it matters
--------------
What is not read is not claimed. A document with a syntax error is otherwise checked as far as it goes, and the command
ends with 2.

Example:
-------
    qspec 1
    claim small-loss {
      loss(top1) <=
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      loss(top1) <= 1 pp
    }

References:
----------
The rules of the surface in the language reference, and the grammar that is shipped as qspec.lark.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

syntax_error = rule("QS001", "syntax-error", severity=Severity.ERROR)(nothing)
