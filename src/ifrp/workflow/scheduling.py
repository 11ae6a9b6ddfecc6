"""Lets Snakemake's scheduler rest between jobs, when nobody asked for a limit of jobs per time."""

from __future__ import annotations

from typing import Any

UNASKED = (100, 1)
"""jobs, and the seconds in which no more may start: Snakemake's own limit"""


def rest(workflow: Any) -> None:
    """Takes Snakemake's own limit from a run that is about to start; one from the command line or a profile stays.

    Under a limit, each look at what could start leaves a timer for the next look, and none of them ends before the run: when
    a hundred jobs are done, the scheduler looks a hundred times a second, and takes a core from the jobs.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == UNASKED:
        workflow.scheduler.job_rate_limiter = None
