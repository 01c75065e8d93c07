"""A client of Nexus: programs are uploaded, then one request makes a job of them."""

from __future__ import annotations

import json
from typing import Any

from qtoolkit.backends.cloud import CloudClient, NotSent, Payload, Refused, VendorStatus
from qtoolkit.backends.cloud.answers import id_in
from qtoolkit.backends.cloud.secrets import redacted, safe_cause
from qtoolkit.backends.provider import DeviceInfo
from qtoolkit.backends.quantinuum.job import reason_of, status_of
from qtoolkit.backends.quantinuum.session import Session
from qtoolkit.errors import CredentialsError, JobError

__all__ = ["NexusClient", "job_request", "program_request", "written"]

JOBS = "/api/jobs/v1beta3"
PROGRAMS = "/api/circuits/v1beta2"
PROJECTS = "/api/projects/v1beta2"
RESULTS = "/api/results/v1beta3"
_MOST_PAGES = 20


class NexusClient(CloudClient):
    """Quantinuum's service.

    A job's name is its key, by which Nexus is asked for it. Programs without a job cost nothing.

    Args:
        seconds: each request may take.

    Raises:
        CredentialsError: if there is no refresh token.
        InputError: if the variables make no address.
    """

    def __init__(self, seconds: float = 60.0) -> None:
        self._session = Session(seconds)
        self._projects: dict[str, str] = {}

    def submit(self, payload: Payload, key: str) -> str:
        """Upload the programs, and make a job of them by one request."""
        document = json.loads(payload.body)
        try:
            project = self._project(document["project"])
            programs = [self._created(PROGRAMS, program_request(body, project)) for body in document["programs"]]
        except (Refused, NotSent, CredentialsError):
            raise
        except Exception as error:
            raise NotSent(f"programs could not be uploaded, no job was asked for: {redacted(error)}") from safe_cause(
                error
            )
        return self._created(JOBS, job_request(document["job"], project, programs))

    def find(self, payload: Payload, key: str) -> str | None:
        """The job of this name."""
        for page in range(_MOST_PAGES):
            query = {"filter[name_exact]": key, "scope": "user", "page[number]": str(page)}
            found = self._session.get(JOBS, **query).json()["data"]
            for job in found:
                if job["attributes"]["name"] == key:
                    return id_in(job, "id", "Nexus")
            if not found:
                return None
        raise OSError("Nexus lists jobs of other names, so that this one cannot be looked up")

    def poll(self, vendor_id: str) -> VendorStatus:
        """Where a job stands, with what it costs."""
        return status_of(self._job(vendor_id))

    def fetch(self, vendor_id: str) -> bytes:
        """The items of a job in their order, each with its state, and with its result where it has one."""
        items = []
        for item in self._job(vendor_id)["definition"]["items"]:
            status = item["status"]
            found = {"status": status["status"], "reason": reason_of(status)}
            kind = item.get("result_type")
            if status["status"] == "COMPLETED" and kind is None:
                found["reason"] = found["reason"] or "it ended without a result"
            elif status["status"] == "COMPLETED":
                if kind != "PYTKET":
                    raise JobError(f"results of the kind {kind!r} are not read here")
                result = self._session.get(f"{RESULTS}/{_plain(item['result_id'])}", scope="user").json()
                found["result"] = result["data"]["attributes"]
            items.append(found)
        return written({"items": items})

    def cancel(self, vendor_id: str) -> None:
        """Ask Nexus to cancel a job; what has ended stays as it is."""
        try:
            self._session.send("POST", f"{JOBS}/{_plain(vendor_id)}/rpc/cancel?scope=user", b"{}")
        except Refused:
            if not self.poll(vendor_id).status.is_terminal:
                raise

    def devices(self) -> list[DeviceInfo]:
        """The computers, emulators and syntax checkers that Nexus has now."""
        found = []
        for group in self._session.get("/api/v5/available_devices", backend="QuantinuumConfig").json():
            hosted = bool(group["is_local"])
            for info in group["backend_info_list"]:
                name = str(info["device_name"])
                kind = _kind(name, hosted)
                state = "online" if hosted else self._state(name)
                size = len(info["device"]["nodes"]) or info["device"].get("n_nodes")
                where = "hosted by Nexus" if hosted else "hosted by Quantinuum"
                found.append(DeviceInfo(f"quantinuum:{name}", size, kind, state, description=where))
        return found

    def _state(self, name: str) -> str:
        try:
            return str(self._session.get(f"/api/machines/v1beta/{_plain(name)}/status").json()["state"])
        except (Refused, OSError, ValueError, KeyError):
            return "unknown"

    def _job(self, vendor_id: str) -> dict[str, Any]:
        answer = self._session.get(f"{JOBS}/{_plain(vendor_id)}", scope="user").json()
        attributes: dict[str, Any] = answer["data"]["attributes"]
        return attributes

    def _project(self, name: str) -> str:
        """The id of a project, which is made if there is none of this name."""
        if name not in self._projects:
            query = {"filter[name_exact]": name, "filter[archived]": "false", "scope": "user"}
            listed = self._session.get(PROJECTS, **query).json()["data"]
            ids = [id_in(project, "id", "Nexus") for project in listed if project["attributes"]["name"] == name]
            self._projects[name] = ids[0] if ids else self._created(PROJECTS, _project_request(name))
        return self._projects[name]

    def _created(self, path: str, request: dict[str, Any]) -> str:
        return id_in(self._session.send("POST", path, written(request)).json()["data"], "id", "Nexus")


def program_request(attributes: dict[str, Any], project: str) -> dict[str, Any]:
    """What uploads a program to a project."""
    return {"data": {"attributes": attributes, "relationships": _belongs_to(project), "type": "circuit"}}


def job_request(attributes: dict[str, Any], project: str, programs: list[str]) -> dict[str, Any]:
    """What makes a job of programs: its attributes, with their ids in place of their indices."""
    definition = attributes["definition"]
    items = [{**item, "program_id": programs[item["program_id"]]} for item in definition["items"]]
    filled = {**attributes, "definition": {**definition, "items": items}}
    return {"data": {"attributes": filled, "relationships": _belongs_to(project), "type": "job"}}


def written(data: Any) -> bytes:
    """JSON as Nexus's own package writes it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _project_request(name: str) -> dict[str, Any]:
    attributes = {"name": name, "properties": {}}
    return {"data": {"attributes": attributes, "relationships": {}, "type": "project"}}


def _belongs_to(project: str) -> dict[str, Any]:
    return {"project": {"data": {"id": project, "type": "project"}}}


def _kind(name: str, hosted: bool) -> str:
    if name.endswith(("SC", "LE")):
        return "simulator"
    return "noisy simulator" if hosted or name.endswith(("E", "Emulator")) else "device"


def _plain(text: str) -> str:
    """What may stand in a path."""
    if not isinstance(text, str) or not text.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"Nexus's ids are letters, digits and dashes, got {text!r}")
    return text
