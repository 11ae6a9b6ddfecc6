# What the rules share: the run that they belong to. Rules hold no logic of their own.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir, "src")))

from ifrp import paths
from ifrp.config import plain
from ifrp.errors import IfrpError, sentence
from ifrp.workflow import deployment, dvc, scheduling
from ifrp.paths import files
from ifrp.workflow.run import Run, card, command_line, with_cards

try:
    run = Run(
        command_line(workflow.config_settings),
        alone=workflow.config_settings.replace_workflow_config,
    )
except IfrpError as error:
    raise WorkflowError(str(error)) from None
except OSError as error:
    raise WorkflowError(sentence(error)) from None

config.update(plain(run.config))  # for the first page of the report
shell.prefix(run.shell_prefix)
deployment.leave_conda_out_where_missing(workflow)
dvc.at_start(workflow, run.config)


wildcard_constraints:
    split="train|val|test",
    warp=run.any_of(run.config.faces.warps),
    style=run.any_of(run.styles),
    experiment=run.any_of(run.every),
    name="[a-z0-9_-]+",
