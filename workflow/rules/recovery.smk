# Training every experiment on SF/RF pairs, and turning portraits back into faces (Sec. 3).
rule recovery:
    input:
        expand("models/recognisers/{name}{suffix}", name=run.recognisers, suffix=WEIGHTS),
        expand("models/recovery/{experiment}{suffix}", experiment=run.trained, suffix=WEIGHTS),
        expand("results/recovery/{experiment}/curve.csv", experiment=run.trained),
        expand(
            "data/recovered/{experiment}/{style}{suffix}",
            experiment=run.experiments,
            style=run.styles,
            suffix=STACK,
        ),


rule recovery_recogniser:
    input:
        data=run.recogniser_inputs,
        code=run.code("recovery", "recogniser"),
    output:
        multiext("models/recognisers/{name}", *WEIGHTS),
    log:
        "logs/recovery/recogniser/{name}.log",
    priority: 85
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        settings=run.recogniser_settings,
        seed=run.settings("seed"),
    shell:
        "ifrp recovery recogniser {wildcards.name} 2>&1 | tee {log}"


rule recovery_train:
    input:
        pairs=run.pairs,
        networks=run.loss_networks,
        code=run.train_code,
    output:
        multiext("models/recovery/{experiment}", *WEIGHTS),
        report(
            "results/recovery/{experiment}/curve.csv",
            category="Training curves",
            caption="../report/curve.rst",
            labels=run.method_labels,
        ),
    log:
        "logs/recovery/train/{experiment}.log",
    priority: 80
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        experiment=run.training_settings,
        settings=run.settings("seed", "faces.size", "styles.features"),
    shell:
        "ifrp recovery train {wildcards.experiment} 2>&1 | tee {log}"


# All styles in one job, because the model is loaded once, and a process takes longer to start than to recover a style.
rule recovery_apply:
    input:
        portraits=expand("data/portraits/test/{style}{suffix}", style=run.styles, suffix=STACK),
        networks=run.recovers_with,
        code=run.apply_code,
    output:
        expand("data/recovered/{{experiment}}/{style}{suffix}", style=run.styles, suffix=STACK),
    log:
        "logs/recovery/apply/{experiment}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        experiment=run.experiment_settings,
    shell:
        "ifrp recovery apply {wildcards.experiment} 2>&1 | tee {log}"
