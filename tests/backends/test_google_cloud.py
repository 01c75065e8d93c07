"""Google's Quantum Engine, through cirq-google's own client, against a server that speaks gRPC."""

from __future__ import annotations

import json
import urllib.request

import pytest
from cloud_contract import CloudContract

pytest.importorskip("cirq_google")

PROJECT = "a-project"


def service_of(control: str) -> str:
    with urllib.request.urlopen(f"{control}/grpc", timeout=30) as answer:
        return json.loads(answer.read())["address"]


class TestGoogle(CloudContract):
    stub = "google"
    backend_name = "google:pink_twin"
    submits = "CreateQuantumJob"
    polls = "GetQuantumJob"
    fetches = "GetQuantumResult"
    unknown_word = "99"
    shows_body = False  # it is that of two requests: see test_the_payload_is_what_leaves

    def environment(self, address):
        return {"GOOGLE_CLOUD_PROJECT": PROJECT}

    def options(self, address):
        return {"address": service_of(address)}
