# Quality (PSNR, SSIM, FSIM) and identity (FRR, FCR) of recovered faces (Sec. 5).
rule evaluation:
    input:
        expand(
            "results/evaluation/{experiment}/{what}{suffix}",
            experiment=run.experiments,
            what=["quality", f"{run.judge}/identity", f"{run.judge}/consistency", "summary"],
            suffix=[".csv", ".json"],
        ),
        multiext("results/evaluation/yardsticks", ".csv", ".json"),
        multiext("results/evaluation/exposure", ".csv", ".json"),
        multiext(f"results/evaluation/distractors/{run.judge}", ".npy", ".json"),


rule evaluation_quality:
    input:
        recovered=expand("data/recovered/{{experiment}}/{style}{suffix}", style=run.styles, suffix=STACK),
        faces=multiext("data/faces/test", *STACK),
        code=run.code("evaluation", "quality"),
    output:
        multiext("results/evaluation/{experiment}/quality", ".csv", ".json"),
    log:
        "logs/evaluation/quality/{experiment}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        styles=run.splits,
    shell:
        "ifrp evaluation quality {wildcards.experiment} 2>&1 | tee {log}"


rule evaluation_distractors:
    input:
        faces=multiext("data/faces/train", *STACK),
        judge=multiext("models/recognisers/{name}", *WEIGHTS),
        code=run.code("evaluation", "distractors"),
    output:
        multiext("results/evaluation/distractors/{name}", ".npy", ".json"),
    log:
        "logs/evaluation/distractors/{name}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        settings=run.settings("seed"),
    shell:
        "ifrp evaluation distractors --recogniser {wildcards.name} 2>&1 | tee {log}"


rule evaluation_identity:
    input:
        recovered=expand("data/recovered/{{experiment}}/{style}{suffix}", style=run.styles, suffix=STACK),
        faces=multiext("data/faces/test", *STACK),
        judge=multiext("models/recognisers/{name}", *WEIGHTS),
        distractors=multiext("results/evaluation/distractors/{name}", ".npy", ".json"),
        trained=run.networks,
        code=run.code("evaluation", "identity"),
    output:
        multiext("results/evaluation/{experiment}/{name}/identity", ".csv", ".json"),
        multiext("results/evaluation/{experiment}/{name}/consistency", ".csv", ".json"),
        multiext("results/evaluation/{experiment}/{name}/retrieval", ".csv", ".json"),
    log:
        "logs/evaluation/identity/{experiment}-{name}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        styles=run.splits,
        settings=run.settings("seed", "evaluation.top", "evaluation.faces"),
    shell:
        "ifrp evaluation identity {wildcards.experiment} --recogniser {wildcards.name} 2>&1 | tee {log}"


rule evaluation_exposure:
    input:
        faces=multiext("data/faces/test-warped", *STACK),
        portraits=expand("data/portraits/test/{style}{suffix}", style=run.styles, suffix=STACK),
        code=run.code("evaluation", "exposure"),
    output:
        multiext("results/evaluation/exposure", ".csv", ".json"),
    log:
        "logs/evaluation/exposure.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        styles=run.splits,
        settings=run.settings("seed", "evaluation.resamples"),
    shell:
        "ifrp evaluation exposure 2>&1 | tee {log}"


rule evaluation_yardsticks:
    input:
        faces=expand("data/faces/{split}{suffix}", split=["train", "test"], suffix=STACK),
        judge=multiext(f"models/recognisers/{run.judge}", *WEIGHTS),
        code=run.code("evaluation", "yardsticks"),
    output:
        multiext("results/evaluation/yardsticks", ".csv", ".json"),
    log:
        "logs/evaluation/yardsticks.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        settings=run.settings("seed", "evaluation.top", "evaluation.faces", "evaluation.resamples"),
    shell:
        "ifrp evaluation yardsticks 2>&1 | tee {log}"


rule evaluation_summary:
    input:
        scores=expand(
            "results/evaluation/{{experiment}}/{what}.csv",
            what=["quality", f"{run.judge}/identity", f"{run.judge}/consistency"],
        ),
        code=run.code("evaluation", "summary"),
    output:
        report(
            "results/evaluation/{experiment}/summary.csv",
            category="Scores",
            caption="../report/scores.rst",
            labels=run.method_labels,
        ),
        "results/evaluation/{experiment}/summary.json",
        multiext("results/evaluation/{experiment}/metrics", ".yaml", ".json"),
    log:
        "logs/evaluation/summary/{experiment}.log",
    conda:
        "../../environment.yml"
    params:
        styles=run.splits,
        settings=run.settings("seed", "evaluation.recogniser", "evaluation.top", "evaluation.resamples"),
    shell:
        "ifrp evaluation summary {wildcards.experiment} 2>&1 | tee {log}"
