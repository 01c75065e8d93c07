"""Exact answers about codes: logical channels, distributions of syndromes and records, best decoders; no sampling.

`frame`, `noise`, `classes`, `pairs`, `transfer` and `tables` hold the numerics; the other modules say what users ask
for.
"""

from qtoolkit.applications.qec.exact.channel import LogicalChannel, LogicalRotations, logical_channel
from qtoolkit.applications.qec.exact.decoder import CoherentMaximumLikelihoodDecoder, RecordDecoder
from qtoolkit.applications.qec.exact.distillation import DistillationOutput, DistillationProtocol, fifteen_to_one
from qtoolkit.applications.qec.exact.elimination import LikelihoodRate, maximum_likelihood_rate
from qtoolkit.applications.qec.exact.error_model import exact_logical_error_rate
from qtoolkit.applications.qec.exact.records import RecordDistribution, record_distribution
from qtoolkit.applications.qec.exact.tables import Cost, cost_of
from qtoolkit.applications.qec.exact.twirl import Prediction, TwirlComparison, twirl_comparison

__all__ = [
    # one round with perfect syndromes
    "logical_channel",
    "LogicalChannel",
    "LogicalRotations",
    "cost_of",
    "Cost",
    # many rounds, faulty syndromes
    "record_distribution",
    "RecordDistribution",
    "CoherentMaximumLikelihoodDecoder",
    "RecordDecoder",
    # coherent noise beside its Pauli model
    "twirl_comparison",
    "TwirlComparison",
    "Prediction",
    # detector error models
    "exact_logical_error_rate",
    "maximum_likelihood_rate",
    "LikelihoodRate",
    # magic states
    "fifteen_to_one",
    "DistillationProtocol",
    "DistillationOutput",
]
