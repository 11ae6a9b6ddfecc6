# Quality (PSNR, SSIM, FSIM) and identity (FRR, FCR) of recovered faces (Sec. 5).
rule evaluation:
    input:
        expand(
            "results/evaluation/{experiment}/{what}{suffix}",
            experiment=EXPERIMENTS,
            what=["quality", f"{JUDGE}/identity", f"{JUDGE}/consistency", "summary"],
            suffix=[".csv", ".json"],
        ),
        multiext("results/evaluation/yardsticks", ".csv", ".json"),
        multiext("results/evaluation/exposure", ".csv", ".json"),
        multiext(f"results/evaluation/distractors/{JUDGE}", ".npy", ".json"),


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


rule evaluation_distractors:
    input:
        faces=multiext("data/faces/train", *STACK),
        judge=multiext("models/recognisers/{name}", *WEIGHTS),
        code=code("evaluation", "distractors"),
    output:
        multiext("results/evaluation/distractors/{name}", ".npy", ".json"),
    log:
        "logs/evaluation/distractors/{name}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        settings=settings("seed"),
        verb=verb("evaluation", "distractors"),
    shell:
        "ifrp evaluation distractors --recogniser {wildcards.name} 2>&1 | tee {log}"


rule evaluation_identity:
    input:
        recovered=expand("data/recovered/{{experiment}}/{style}{suffix}", style=STYLES, suffix=STACK),
        faces=multiext("data/faces/test", *STACK),
        judge=multiext("models/recognisers/{name}", *WEIGHTS),
        distractors=multiext("results/evaluation/distractors/{name}", ".npy", ".json"),
        trained=networks,
        code=code("evaluation", "identity"),
    output:
        multiext("results/evaluation/{experiment}/{name}/identity", ".csv", ".json"),
        multiext("results/evaluation/{experiment}/{name}/consistency", ".csv", ".json"),
        multiext("results/evaluation/{experiment}/{name}/retrieval", ".csv", ".json"),
    log:
        "logs/evaluation/identity/{experiment}-{name}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        styles=STYLE_SPLITS,
        settings=settings("seed", "evaluation.top", "evaluation.faces"),
        verb=verb("evaluation", "identity"),
    shell:
        "ifrp evaluation identity {wildcards.experiment} --recogniser {wildcards.name} 2>&1 | tee {log}"


rule evaluation_exposure:
    input:
        faces=multiext("data/faces/test-warped", *STACK),
        portraits=expand("data/portraits/test/{style}{suffix}", style=STYLES, suffix=STACK),
        code=code("evaluation", "exposure"),
    output:
        multiext("results/evaluation/exposure", ".csv", ".json"),
    log:
        "logs/evaluation/exposure.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        styles=STYLE_SPLITS,
        settings=settings("seed", "evaluation.resamples"),
        verb=verb("evaluation", "exposure"),
    shell:
        "ifrp evaluation exposure 2>&1 | tee {log}"


rule evaluation_yardsticks:
    input:
        faces=expand("data/faces/{split}{suffix}", split=["train", "test"], suffix=STACK),
        judge=multiext(f"models/recognisers/{JUDGE}", *WEIGHTS),
        code=code("evaluation", "yardsticks"),
    output:
        multiext("results/evaluation/yardsticks", ".csv", ".json"),
    log:
        "logs/evaluation/yardsticks.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        settings=settings("seed", "evaluation.top", "evaluation.faces", "evaluation.resamples"),
        verb=verb("evaluation", "yardsticks"),
    shell:
        "ifrp evaluation yardsticks 2>&1 | tee {log}"


rule evaluation_summary:
    input:
        scores=expand(
            "results/evaluation/{{experiment}}/{what}.csv",
            what=["quality", f"{JUDGE}/identity", f"{JUDGE}/consistency"],
        ),
        code=code("evaluation", "summary"),
    output:
        report(
            "results/evaluation/{experiment}/summary.csv",
            category="Scores",
            caption="../report/scores.rst",
            labels=method_labels,
        ),
        "results/evaluation/{experiment}/summary.json",
        multiext("results/evaluation/{experiment}/metrics", ".yaml", ".json"),
    log:
        "logs/evaluation/summary/{experiment}.log",
    conda:
        "../../environment.yml"
    params:
        styles=STYLE_SPLITS,
        settings=settings("seed", "evaluation.recogniser", "evaluation.top", "evaluation.resamples"),
        verb=verb("evaluation", "summary"),
    shell:
        "ifrp evaluation summary {wildcards.experiment} 2>&1 | tee {log}"
