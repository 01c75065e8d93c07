"""What all clouds share: a request on record before it leaves, sent once, and a job that any process finds.

A provider adds a client that speaks to its service, a serializer of its dialect, and a backend that joins them.
"""

from qtoolkit.backends.cloud.backend import CloudBackend
from qtoolkit.backends.cloud.bits import BitMap, Outcomes
from qtoolkit.backends.cloud.client import CannotTell, CloudClient, NotSent, Refused, VendorStatus
from qtoolkit.backends.cloud.giving_up import forget
from qtoolkit.backends.cloud.job import CloudJob
from qtoolkit.backends.cloud.payload import Failure, Payload, Serializer
from qtoolkit.backends.cloud.reconcile import Reconciled, reconcile
from qtoolkit.backends.cloud.records import JobRecord, PartRecord
from qtoolkit.backends.cloud.secrets import Secret, credential
from qtoolkit.backends.cloud.store import JobStore, default_store

__all__ = [
    "CloudBackend",
    "CloudClient",
    "CloudJob",
    "Serializer",
    "Payload",
    "BitMap",
    "Outcomes",
    "Failure",
    "VendorStatus",
    "Refused",
    "NotSent",
    "CannotTell",
    "JobStore",
    "default_store",
    "JobRecord",
    "PartRecord",
    "reconcile",
    "Reconciled",
    "forget",
    "Secret",
    "credential",
]
