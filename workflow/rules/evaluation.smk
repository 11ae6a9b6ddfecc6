# Quality (PSNR, SSIM, FSIM) and identity (FRR, FCR) of recovered faces (Sec. 5).
rule evaluation:
    input:
        with_cards(path for name in run.experiments for path in (paths.summary(name), *run.scores(name))),
        with_cards([paths.YARDSTICKS, paths.EXPOSURE, paths.distractors(run.evaluator)]),


rule evaluation_quality:
    input:
        recovered=files(paths.recovered("{experiment}", style) for style in run.styles),
        faces=files([paths.faces("test")]),
        code=run.code("evaluation", "quality"),
    output:
        with_cards([paths.quality("{experiment}")]),
    log:
        "logs/evaluation/quality/{experiment}.log",
    conda:
        run.environment
    resources:
        **run.resources("evaluation_quality"),
    params:
        styles=run.splits,
    shell:
        "ifrp evaluation quality {wildcards.experiment:q} 2>&1 | tee {log:q}"


rule evaluation_distractors:
    input:
        faces=files([paths.faces("train")]),
        evaluator=files([paths.recogniser("{name}")]),
        code=run.code("evaluation", "distractors"),
    output:
        with_cards([paths.distractors("{name}")]),
    log:
        "logs/evaluation/distractors/{name}.log",
    conda:
        run.environment
    resources:
        **run.resources("evaluation_distractors"),
    params:
        settings=run.settings("seed"),
    shell:
        "ifrp evaluation distractors --recogniser {wildcards.name:q} 2>&1 | tee {log:q}"


rule evaluation_identity:
    input:
        recovered=files(paths.recovered("{experiment}", style) for style in run.styles),
        faces=files([paths.faces("test")]),
        evaluator=files([paths.recogniser("{name}")]),
        distractors=with_cards([paths.distractors("{name}")]),
        trained=run.networks,
        code=run.code("evaluation", "identity"),
    output:
        with_cards(
            of("{experiment}", "{name}") for of in (paths.identity, paths.consistency, paths.retrieval)
        ),
    log:
        "logs/evaluation/identity/{experiment}-{name}.log",
    conda:
        run.environment
    resources:
        **run.resources("evaluation_identity"),
    params:
        styles=run.splits,
        settings=run.settings("seed", "evaluation.top", "evaluation.faces"),
    shell:
        "ifrp evaluation identity {wildcards.experiment:q} --recogniser {wildcards.name:q} 2>&1 | tee {log:q}"


rule evaluation_exposure:
    input:
        faces=files([paths.warped("test")]),
        portraits=files(paths.portraits("test", style) for style in run.styles),
        code=run.code("evaluation", "exposure"),
    output:
        with_cards([paths.EXPOSURE]),
    log:
        "logs/evaluation/exposure.log",
    conda:
        run.environment
    resources:
        **run.resources("evaluation_exposure"),
    params:
        styles=run.splits,
        settings=run.settings("seed", "evaluation.resamples"),
    shell:
        "ifrp evaluation exposure 2>&1 | tee {log:q}"


rule evaluation_yardsticks:
    input:
        faces=files(map(paths.faces, ["train", "test"])),
        evaluator=files([paths.recogniser(run.evaluator)]),
        code=run.code("evaluation", "yardsticks"),
    output:
        with_cards([paths.YARDSTICKS]),
    log:
        "logs/evaluation/yardsticks.log",
    conda:
        run.environment
    resources:
        **run.resources("evaluation_yardsticks"),
    params:
        settings=run.settings("seed", "evaluation.top", "evaluation.faces", "evaluation.resamples"),
    shell:
        "ifrp evaluation yardsticks 2>&1 | tee {log:q}"


rule evaluation_summary:
    input:
        scores=files(run.scores("{experiment}")),
        code=run.code("evaluation", "summary"),
    output:
        with_cards(of("{experiment}") for of in (paths.summary, paths.metrics)),
    log:
        "logs/evaluation/summary/{experiment}.log",
    localrule: True
    conda:
        run.environment
    params:
        styles=run.splits,
        settings=run.settings("seed", "evaluation.recogniser", "evaluation.top", "evaluation.resamples"),
    shell:
        "ifrp evaluation summary {wildcards.experiment:q} 2>&1 | tee {log:q}"
