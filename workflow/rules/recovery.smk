# Training every experiment on SF/RF pairs, and turning portraits back into faces (Sec. 3).
rule recovery:
    input:
        files(map(paths.recogniser, run.recognisers)),
        files(of(name) for of in (paths.recovery_model, paths.training_curve) for name in run.trained),
        files(paths.recovered(name, style) for name in run.recovered for style in run.styles),


rule recovery_recogniser:
    input:
        data=run.recogniser_inputs,
        code=run.code("recovery", "recogniser"),
    output:
        files([paths.recogniser("{name}")]),
    log:
        "logs/recovery/recogniser/{name}.log",
    priority: 85
    localrule: run.recognisers_given
    conda:
        run.environment
    resources:
        **run.resources("recovery_recogniser"),
    params:
        settings=run.recogniser_settings,
        seed=run.settings("seed"),
    shell:
        "ifrp recovery recogniser {wildcards.name:q} 2>&1 | tee -a {log:q} {log:q}.all"


rule recovery_train:
    input:
        pairs=run.pairs,
        networks=run.loss_networks,
        code=run.train_code,
    output:
        files(of("{experiment}") for of in (paths.recovery_model, paths.training_curve)),
    log:
        "logs/recovery/train/{experiment}.log",
    priority: 80
    conda:
        run.environment
    resources:
        **run.resources("recovery_train"),
    params:
        experiment=run.training_settings,
        settings=run.settings("seed", "faces.size", "styles.features"),
    shell:
        "ifrp recovery train {wildcards.experiment:q} 2>&1 | tee -a {log:q} {log:q}.all"


# All styles in one job, because the model is loaded once, and a process takes longer to start than to recover a style.
rule recovery_apply:
    input:
        portraits=files(paths.portraits("test", style) for style in run.styles),
        networks=run.recovers_with,
        code=run.apply_code,
    output:
        files(paths.recovered("{experiment}", style) for style in run.styles),
    log:
        "logs/recovery/apply/{experiment}.log",
    conda:
        run.environment
    resources:
        **run.resources("recovery_apply"),
    params:
        experiment=run.experiment_settings,
    shell:
        "ifrp recovery apply {wildcards.experiment:q} 2>&1 | tee {log:q}"
