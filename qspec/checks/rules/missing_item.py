"""A block lacks an item that it cannot do without.

What it finds
-------------
A block, most often one written by a program, without an item that gives it its meaning: the tables of a retrieval data
set, the digests of a measured block.

Why it matters
--------------
There is no value that could be assumed.

Example:
-------
    qspec 1
    dataset passages {
      tables { corpus: "corpus.jsonl", queries: "queries.jsonl" }
    }

Use instead
-----------
    qspec 1
    dataset passages {
      tables { corpus: "corpus.jsonl", queries: "queries.jsonl", relevance: "qrels.tsv" }
    }

References:
----------
The blocks and their items in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

missing_item = rule("QS011", "missing-item", severity=Severity.ERROR)(nothing)
