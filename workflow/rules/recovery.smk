# Training every experiment on SF/RF pairs, and turning portraits back into faces (Sec. 3).
rule recovery:
    input:
        expand("models/recognisers/{name}{suffix}", name=RECOGNISERS, suffix=WEIGHTS),
        expand("models/recovery/{experiment}{suffix}", experiment=TRAINED, suffix=WEIGHTS),
        expand("results/recovery/{experiment}/curve.csv", experiment=TRAINED),
        expand(
            "data/recovered/{experiment}/{style}{suffix}",
            experiment=EXPERIMENTS,
            style=STYLES,
            suffix=STACK,
        ),


rule recovery_recogniser:
    input:
        data=recogniser_inputs,
        code=code("recovery", "recogniser"),
    output:
        multiext("models/recognisers/{name}", *WEIGHTS),
    log:
        "logs/recovery/recogniser/{name}.log",
    priority: 85
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        settings=recogniser_settings,
        seed=settings("seed"),
        verb=verb("recovery", "recogniser"),
    shell:
        "ifrp recovery recogniser {wildcards.name} 2>&1 | tee {log}"


rule recovery_train:
    input:
        pairs=pairs,
        networks=loss_networks,
        code=experiment_code("train"),
    output:
        multiext("models/recovery/{experiment}", *WEIGHTS),
        report(
            "results/recovery/{experiment}/curve.csv",
            category="Training curves",
            caption="../report/curve.rst",
            labels=method_labels,
        ),
    log:
        "logs/recovery/train/{experiment}.log",
    priority: 80
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        experiment=training_settings,
        settings=settings("seed", "faces.size", "styles.features"),
        verb=verb("recovery", "train"),
    shell:
        "ifrp recovery train {wildcards.experiment} 2>&1 | tee {log}"


# All styles in one job, because the model is loaded once, and a process takes longer to start than to recover a style.
rule recovery_apply:
    input:
        portraits=expand("data/portraits/test/{style}{suffix}", style=STYLES, suffix=STACK),
        networks=recovers_with,
        code=experiment_code("apply"),
    output:
        expand("data/recovered/{{experiment}}/{style}{suffix}", style=STYLES, suffix=STACK),
    log:
        "logs/recovery/apply/{experiment}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        experiment=experiment_settings,
        verb=verb("recovery", "apply"),
    shell:
        "ifrp recovery apply {wildcards.experiment} 2>&1 | tee {log}"
