# Quality (PSNR, SSIM, FSIM) and identity (FRR, FCR) of recovered faces (Sec. 5).
rule evaluation:
    input:
        expand(
            "results/evaluation/{experiment}/{what}{suffix}",
            experiment=EXPERIMENTS,
            what=["quality", "identity", "consistency"],
            suffix=[".csv", ".json"],
        ),
        multiext("results/evaluation/summary", ".csv", ".json"),


rule evaluation_quality:
    input:
        recovered=expand("data/recovered/{{experiment}}/{style}{suffix}", style=STYLES, suffix=STACK),
        faces=multiext("data/faces/test", *STACK),
        code=code("evaluation", "quality"),
    output:
        multiext("results/evaluation/{experiment}/quality", ".csv", ".json"),
    log:
        "logs/evaluation/quality/{experiment}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        styles=STYLE_SPLITS,
        verb=verb("evaluation", "quality"),
    shell:
        "ifrp evaluation quality {wildcards.experiment} 2>&1 | tee {log}"


rule evaluation_identity:
    input:
        recovered=expand("data/recovered/{{experiment}}/{style}{suffix}", style=STYLES, suffix=STACK),
        faces=multiext("data/faces/test", *STACK),
        judge=with_card(f"models/recognisers/{SETTINGS.evaluation.recogniser}.safetensors"),
        trained=networks,
        code=code("evaluation", "identity"),
    output:
        multiext("results/evaluation/{experiment}/identity", ".csv", ".json"),
        multiext("results/evaluation/{experiment}/consistency", ".csv", ".json"),
    log:
        "logs/evaluation/identity/{experiment}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        styles=STYLE_SPLITS,
        settings=settings("seed", "evaluation.recogniser", "evaluation.top", "evaluation.faces"),
        verb=verb("evaluation", "identity"),
    shell:
        "ifrp evaluation identity {wildcards.experiment} 2>&1 | tee {log}"


rule evaluation_summary:
    input:
        expand(
            "results/evaluation/{experiment}/{what}.csv",
            experiment=EXPERIMENTS,
            what=["quality", "identity", "consistency"],
        ),
        code=code("evaluation", "summary"),
    output:
        multiext("results/evaluation/summary", ".csv", ".json"),
    log:
        "logs/evaluation/summary.log",
    conda:
        "../../environment.yml"
    params:
        styles=STYLE_SPLITS,
        methods=EXPERIMENT_METHODS,
        settings=settings("seed", "evaluation.top", "evaluation.resamples"),
        verb=verb("evaluation", "summary"),
    shell:
        "ifrp evaluation summary 2>&1 | tee {log}"
