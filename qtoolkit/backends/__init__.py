"""Backends: this machine, vendors' simulators and quantum computers behind one protocol of jobs.

A provider's package is loaded when one of its backends is opened, never before.
"""

from qtoolkit.backends.backend import Backend
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud import CloudBackend, CloudJob, JobStore, Reconciled, reconcile
from qtoolkit.backends.estimator import Estimate, SamplingEstimator
from qtoolkit.backends.job import Job, JobStatus
from qtoolkit.backends.local import LocalBackend
from qtoolkit.backends.metered import MeteredBackend
from qtoolkit.backends.money import CostEstimate
from qtoolkit.backends.noise import device_noise, list_device_noise
from qtoolkit.backends.recall import job
from qtoolkit.backends.registry import BackendInfo, get_backend, list_backends
from qtoolkit.backends.sampler import BackendSampler
from qtoolkit.backends.verification import Verification, verify

__all__ = [
    "get_backend",
    "list_backends",
    "BackendInfo",
    "device_noise",
    "list_device_noise",
    "Backend",
    "Capabilities",
    "Job",
    "JobStatus",
    "job",
    "JobStore",
    "reconcile",
    "Reconciled",
    "CostEstimate",
    "MeteredBackend",
    "verify",
    "Verification",
    "CloudBackend",
    "CloudJob",
    "LocalBackend",
    "BackendSampler",
    "SamplingEstimator",
    "Estimate",
]
