# The whole paper. `snakemake --cores all` makes everything; `snakemake styles` and so on make one part.
from snakemake.utils import min_version

min_version("9.27")  # which surely brings pydantic, by which the configuration is read


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/faces.smk"
include: "workflow/rules/styles.smk"
include: "workflow/rules/portraits.smk"
include: "workflow/rules/recovery.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/paper.smk"


rule all:
    default_target: True
    input:
        rules.faces.input,
        rules.styles.input,
        rules.portraits.input,
        rules.recovery.input,
        rules.evaluation.input,
        rules.paper.input,


onstart:
    run.freeze()
    scheduling.rest(workflow)
    dvc.running(workflow.dag.needrun_jobs())


onsuccess:
    dvc.record(run.config)
    sys.stderr.write(run.ending(len(workflow.dag)))
