"""An option is given that neither the provider nor the session knows.

What it finds
-------------
A key in `options` of an ONNX Runtime executor that its provider and its session do not take, or that is kept from specs
because it loads libraries or writes files.

Why it matters
--------------
The runtime ignores what it does not know, in silence: the setting was not in force when the numbers were taken.

Example:
-------
    qspec 1
    claim fast {
      executor {
        runtime { name: onnxruntime, provider: cuda, options { use_tf23: true } }
        task: image-classification, metrics: [top1], baseline: fp16
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim fast {
      executor {
        runtime { name: onnxruntime, provider: cuda, options { use_tf32: true } }
        task: image-classification, metrics: [top1], baseline: fp16
      }
      loss(top1) <= 1 pp
    }

References:
----------
Execution providers, the documentation of ONNX Runtime.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.provider_options import PROVIDER_OPTIONS, SESSION_OPTIONS


@rule("QS706", "provider-option-unknown", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("executor",))
def provider_option_unknown(claim: ClaimView) -> Iterator[Finding]:
    """A setting that nothing reads."""
    runtime = claim.executor.runtime if claim.executor is not None else None
    if (
        claim.executor is None
        or runtime is None
        or runtime.options is None
        or runtime.name not in {None, "onnxruntime"}
    ):
        return
    known = PROVIDER_OPTIONS.get(runtime.provider or "")
    if known is None:
        return  # the other providers refuse what they do not know by themselves
    for key in runtime.options.members:
        if key in known or key in SESSION_OPTIONS:
            continue
        near = difflib.get_close_matches(key, [*known, *SESSION_OPTIONS], n=1, cutoff=0.6)
        yield Finding(
            f"The provider `{runtime.provider}` has no option `{key}`; the runtime would ignore it in silence.",
            claim.executor.where("runtime").at("options", key),
            help=f"did you mean `{near[0]}`?" if near else "remove it, or write the option's own name",
        )
