"""What schemathesis does not know by itself about this API."""

import json
import os

import schemathesis

# An archive is only bytes to it, most of which are no archive.
schemathesis.serializer.alias("application/zip", "application/octet-stream")

# What scripts/schemathesis.sh has made before: {"project": "…", "scene": "…", …}.
THERE = json.loads(os.environ["SCHEMATHESIS_THERE"])


def named_by(path):
    """Which of them the id in a path names."""
    if path.startswith(("/api/scenes", "/api/jobs")):
        return "scene"
    if path.startswith(("/api/shorts", "/api/render")):
        return "render"
    for thing in ("character", "folder", "show", "webhook"):
        if path.startswith(f"/api/{thing}s"):
            return thing
    return "project"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Lets requests that follow the document be about something that is there: of an id, it knows only that it is a UUID."""
    if case.meta is None or not case.meta.generation.mode.is_positive or case.method == "DELETE":
        return
    for name in ("id", "projectId"):
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = THERE[named_by(case.operation.path)]
    if "message" in (case.path_parameters or {}):
        case.path_parameters["message"] = THERE["message"]
    if isinstance(case.body, dict):
        ids = {"projectId": "project", "project_id": "project", "sceneId": "scene", "folder_id": "folder", "show_id": "show"}
        for field, thing in ids.items():
            if isinstance(case.body.get(field), str):
                case.body[field] = THERE[thing]
