"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "QS100": "incomplete_claim",
    "QS101": "task_missing",
    "QS102": "model_base_missing",
    "QS103": "quantized_model_missing",
    "QS104": "metric_missing",
    "QS105": "baseline_missing",
    "QS106": "calibration_missing",
    "QS107": "strata_missing",
    "QS108": "test_set_missing",
    "QS109": "sample_size_missing",
    "QS110": "executor_missing",
    "QS111": "pair_missing",
    "QS112": "evidence_missing",
    "QS220": "percent_or_points",
}

ALIASES: dict[str, str] = {
    "baseline-missing": "QS105",
    "calibration-missing": "QS106",
    "evidence-missing": "QS112",
    "executor-missing": "QS110",
    "incomplete-claim": "QS100",
    "metric-missing": "QS104",
    "model-base-missing": "QS102",
    "pair-missing": "QS111",
    "percent-or-points": "QS220",
    "quantized-model-missing": "QS103",
    "sample-size-missing": "QS109",
    "strata-missing": "QS107",
    "task-missing": "QS101",
    "test-set-missing": "QS108",
}
