"""`--use-conda` where there is no conda: the jobs use the environment at hand."""

from __future__ import annotations

import dataclasses
import shutil
from typing import Any


def leave_conda_out_where_missing(workflow: Any) -> None:
    """Takes conda out of a run's settings, with a warning, if it was asked for and is not installed."""
    from snakemake.logging import logger
    from snakemake.settings.types import DeploymentMethod

    settings = workflow.deployment_settings
    if DeploymentMethod.CONDA not in settings.deployment_method or shutil.which("conda"):
        return
    logger.warning("There is no conda here, so --use-conda is left out: rules use the environment at hand.")
    others = set(settings.deployment_method) - {DeploymentMethod.CONDA}
    workflow.deployment_settings = dataclasses.replace(settings, deployment_method=others)
