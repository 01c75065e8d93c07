"""Amazon Braket's service through boto3, against a stub of it and of S3."""

from __future__ import annotations

import pytest
from cloud_contract import CloudContract
from stubs.server import running

pytest.importorskip("braket.circuits")

TOKEN = "aws-secret-4Jd81hQz"


def _environment(address: str) -> dict[str, str]:
    return {
        "BRAKET_ENDPOINT": address,
        "AWS_ENDPOINT_URL_S3": address,
        "AWS_ACCESS_KEY_ID": "AKIDSTUB7Q2M",
        "AWS_SECRET_ACCESS_KEY": TOKEN,
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/nowhere/config",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AMZN_BRAKET_OUT_S3_BUCKET": "amazon-braket-stub",
    }


class TestSimulator(CloudContract):
    stub = "braket"
    backend_name = "braket:amazon/sv1"
    submits = "^POST /quantum-task$"
    polls = "GET /quantum-task/"
    fetches = "GET /amazon-braket-stub/"
    token = TOKEN

    def environment(self, address):
        return _environment(address)
