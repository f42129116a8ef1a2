"""Who is in which photograph, and which photographs are the best of them, from Python and from one config.yaml.

`FaceClusteringPipeline` finds persons, `PhotoScorer` scores photographs, `WorkflowOrchestrator` does both. Each is imported
when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hdrkit.people.configuration import PeopleConfig as PeopleConfig
    from hdrkit.people.configuration import PeopleFiles as PeopleFiles
    from hdrkit.people.configuration import read_people_config as read_people_config
    from hdrkit.people.workflow import FaceClusteringPipeline as FaceClusteringPipeline
    from hdrkit.people.workflow import PhotoScorer as PhotoScorer
    from hdrkit.people.workflow import WorkflowOrchestrator as WorkflowOrchestrator

_HOME_OF = {
    "FaceClusteringPipeline": "workflow",
    "PhotoScorer": "workflow",
    "WorkflowOrchestrator": "workflow",
    "PeopleConfig": "configuration",
    "PeopleFiles": "configuration",
    "read_people_config": "configuration",
}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'hdrkit.people' has no attribute {name!r}")
    return getattr(import_module(f"hdrkit.people.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOME_OF)
