"""Quantum error correction: codes and experiments as circuits, memory experiments on the rotated surface code with
decoders and exact references, and the repetition code under coherent errors on the state vector."""

from qtoolkit.applications.qec.circuits import (
    NOISE_PRESETS,
    Calibration,
    MemoryBasis,
    NoisePreset,
    lattice_surgery_circuit,
    memory_circuit,
    noise_preset,
    stability_circuit,
    stability_patch,
    syndrome_schedule,
    transversal_cx_circuit,
)
from qtoolkit.applications.qec.codes import (
    CODES,
    CodeFamily,
    CSSCode,
    DistanceResult,
    Encoder,
    HoneycombCode,
    RotatedSurfaceCode,
    StabilizerCode,
    SubsystemCode,
    bivariate_bicycle_code,
    code_named,
)
from qtoolkit.applications.qec.coherent import (
    CoherentMemoryResult,
    coherent_error_rates,
    coherent_repetition_memory,
    repetition_memory_circuit,
    twirled_error_rates,
)
from qtoolkit.applications.qec.decoders import (
    DECODERS,
    BeliefDecoder,
    BeliefMatchingDecoder,
    CheckedDecoder,
    CompiledDecoder,
    Decoder,
    DetectorErrorModel,
    LookupDecoder,
    MatchingDecoder,
    MaximumLikelihoodDecoder,
    ReweightingDecoder,
    SlidingWindowDecoder,
    TableDecoder,
    TesseractDecoder,
    UnionFindDecoder,
    compile_decoder,
    decoder_named,
    from_sinter,
    pauli_noise_model,
    read_events,
    to_sinter,
    write_events,
)
from qtoolkit.applications.qec.exact import exact_logical_error_rate
from qtoolkit.applications.qec.intervals import clopper_pearson, per_round_rate
from qtoolkit.applications.qec.memory import Basis, MemoryExperiment, MemoryResult, NoiseKind, memory_experiment
from qtoolkit.applications.qec.threshold import (
    MemorySweep,
    ThresholdCrossing,
    logical_error_rates,
    threshold_crossing,
)

__all__ = [
    # codes; single families are in qtoolkit.applications.qec.codes
    "StabilizerCode",
    "CSSCode",
    "SubsystemCode",
    "HoneycombCode",
    "RotatedSurfaceCode",
    "bivariate_bicycle_code",
    "CODES",
    "CodeFamily",
    "code_named",
    "DistanceResult",
    "Encoder",
    # experiments as circuits
    "MemoryBasis",
    "memory_circuit",
    "stability_circuit",
    "stability_patch",
    "transversal_cx_circuit",
    "lattice_surgery_circuit",
    "syndrome_schedule",
    # noise of experiments
    "NOISE_PRESETS",
    "NoisePreset",
    "noise_preset",
    "Calibration",
    # decoders
    "DECODERS",
    "BeliefDecoder",
    "BeliefMatchingDecoder",
    "CheckedDecoder",
    "CompiledDecoder",
    "Decoder",
    "LookupDecoder",
    "MatchingDecoder",
    "MaximumLikelihoodDecoder",
    "ReweightingDecoder",
    "SlidingWindowDecoder",
    "TableDecoder",
    "TesseractDecoder",
    "UnionFindDecoder",
    "compile_decoder",
    "decoder_named",
    "from_sinter",
    "to_sinter",
    # detector error models and files
    "DetectorErrorModel",
    "pauli_noise_model",
    "read_events",
    "write_events",
    "exact_logical_error_rate",
    # memory experiments
    "Basis",
    "MemoryExperiment",
    "MemoryResult",
    "NoiseKind",
    "memory_experiment",
    # sweeps
    "MemorySweep",
    "ThresholdCrossing",
    "logical_error_rates",
    "threshold_crossing",
    # coherent errors
    "CoherentMemoryResult",
    "coherent_error_rates",
    "coherent_repetition_memory",
    "repetition_memory_circuit",
    "twirled_error_rates",
    # statistics
    "clopper_pearson",
    "per_round_rate",
]
