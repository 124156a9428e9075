"""Options of execution providers and sessions, by the runtime's own names; those left out could do harm or nothing."""

from __future__ import annotations

# Options that hold pointers, load libraries or write files are left out: a specification may be hostile.
CUDA_OPTIONS = frozenset(
    [
        "device_id",
        "gpu_mem_limit",
        "arena_extend_strategy",
        "cudnn_conv_algo_search",
        "do_copy_in_default_stream",
        "cudnn_conv_use_max_workspace",
        "cudnn_conv1d_pad_to_nc1d",
        "enable_cuda_graph",
        "use_tf32",
        "prefer_nhwc",
        "fuse_conv_bias",
        "enable_skip_layer_norm_strict_mode",
        "use_ep_level_unified_stream",
        "sdpa_kernel",
        "tunable_op_enable",
        "tunable_op_tuning_enable",
        "tunable_op_max_tuning_duration_ms",
    ]
)
"""Options of the CUDA provider."""

TENSORRT_OPTIONS = frozenset(
    [
        "device_id",
        "trt_max_partition_iterations",
        "trt_min_subgraph_size",
        "trt_max_workspace_size",
        "trt_fp16_enable",
        "trt_bf16_enable",
        "trt_int8_enable",
        "trt_dla_enable",
        "trt_dla_core",
        "trt_force_sequential_engine_build",
        "trt_context_memory_sharing_enable",
        "trt_layer_norm_fp32_fallback",
        "trt_build_heuristics_enable",
        "trt_sparsity_enable",
        "trt_builder_optimization_level",
        "trt_auxiliary_streams",
        "trt_profile_min_shapes",
        "trt_profile_max_shapes",
        "trt_profile_opt_shapes",
        "trt_cuda_graph_enable",
    ]
)
"""Options of the TensorRT provider."""

SESSION_OPTIONS = frozenset(
    [
        "session.intra_op.allow_spinning",
        "session.inter_op.allow_spinning",
        "session.set_denormal_as_zero",
        "session.disable_prepacking",
        "session.use_device_allocator_for_initializers",
        "session.dynamic_block_base",
        "session.disable_quant_qdq",
        "session.disable_double_qdq_remover",
        "session.enable_quant_qdq_cleanup",
        "session.qdqisint8allowed",
        "session.x64quantprecision",
        "session.disable_aot_function_inlining",
        "session.qdq_matmulnbits_accuracy_level",
        "session.enable_dq_matmulnbits_fusion",
        "session.disable_cpu_ep_fallback",
        "session.intra_op_thread_affinities",
        "session.disable_qdq_constant_folding",
        "session.qdq_matmulnbits_block_size",
        "optimization.enable_gelu_approximation",
        "optimization.enable_cast_chain_elimination",
        "mlas.enable_gemm_fastmath_arm64_bfloat16",
        "mlas.disable_kleidiai",
        "mlas.qnbit.force_fp32",
        "mlas.use_lut_gemm",
        "enable_cpu_mem_arena",
        "enable_mem_pattern",
    ]
)
"""Settings of a session, apart from its provider, that a specification may change."""

PROVIDER_OPTIONS: dict[str, frozenset[str]] = {
    "cpu": frozenset(),
    "cuda": CUDA_OPTIONS,
    "tensorrt": TENSORRT_OPTIONS,
}
"""Options by provider, for the providers that accept unknown ones in silence; the others refuse them."""
