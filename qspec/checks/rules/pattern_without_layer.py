"""A layer pattern of the precision matches no layer.

What it finds
-------------
A pattern in `exclude` or `layers` of a mixed precision that selects no layer of the graph, with the nearest names. Found before
anything runs.

Why it matters
--------------
The quantizers accept unknown names in silence: the layer that was to stay in floats is quantized, and nothing tells.

Example:
-------
    qspec 1
    executor small {
      precision { method: ptq-static, weights: int8, activations: uint8, exclude: ["/haed/*"] }
    }

Use instead
-----------
    qspec 1
    executor small {
      precision { method: ptq-static, weights: int8, activations: uint8, exclude: ["/head/*"] }
    }

References:
----------
Traps found in the quantizer, in the execution reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

pattern_without_layer = rule("QS707", "pattern-without-layer", severity=Severity.ERROR, deep=True)(nothing)
