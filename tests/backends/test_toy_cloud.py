"""What all clouds share, on the toy cloud."""

import pytest
from cloud_contract import CloudContract
from stubs.toy import TOKEN

pytest_plugins = ()


@pytest.mark.usefixtures("toy_provider")
class TestToy(CloudContract):
    stub = "toy"
    backend_name = "toy:one"
    submits = "POST /jobs"
    polls = "^GET /jobs/[^/]+$"
    fetches = "^GET /jobs/[^/]+/result$"
    token = TOKEN
    max_circuits = 3

    def environment(self, address):
        return {"TOY_URL": address, "TOY_TOKEN": TOKEN}
