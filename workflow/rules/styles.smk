# Artworks, their distance from faces, and one feed-forward style network per artwork (Sec. 4).
rule styles:
    input:
        with_cards(map(paths.artwork, run.styles)),
        files(of(style) for of in (paths.style_network, paths.style_curve) for style in run.styles),
        with_cards([paths.STYLE_DISTANCE, paths.STYLE_SHEET]),
        str(paths.STYLE_PAIRS),


rule styles_artwork:
    input:
        picture=run.artwork,
        code=run.code("styles", "artwork"),
    output:
        with_cards([paths.artwork("{style}")]),
    log:
        "logs/styles/artwork/{style}.log",
    priority: 90
    localrule: True
    conda:
        run.environment
    params:
        row=run.style_row,
        seed=run.settings("seed"),
    shell:
        "ifrp styles artwork {wildcards.style:q} 2>&1 | tee {log:q}"


rule styles_distance:
    input:
        artworks=files(map(paths.artwork, run.styles)),
        faces=files([paths.faces("train")]),
        weights=run.features,
        code=run.code("styles", "distance"),
    output:
        with_cards([paths.STYLE_DISTANCE]),
        str(paths.STYLE_PAIRS),
    log:
        "logs/styles/distance.log",
    conda:
        run.environment
    resources:
        **run.resources("styles_distance"),
    params:
        styles=run.splits,
        settings=run.settings("seed", "styles.features", "styles.distance"),
    shell:
        "ifrp styles distance 2>&1 | tee {log:q}"


rule styles_train:
    input:
        artwork=files([paths.artwork("{style}")]),
        faces=files([paths.warped("train")]),
        weights=run.features,
        code=run.code("styles", "train"),
    output:
        files([paths.style_network("{style}"), paths.style_curve("{style}")]),
    log:
        "logs/styles/train/{style}.log",
    priority: 60
    conda:
        run.environment
    resources:
        **run.resources("styles_train"),
    params:
        settings=run.settings("seed", "styles.features", "styles.training"),
    shell:
        "ifrp styles train {wildcards.style:q} 2>&1 | tee -a {log:q} {log:q}.all"


rule styles_sheet:
    input:
        artworks=files(map(paths.artwork, run.styles)),
        networks=files(map(paths.style_network, run.styles)),
        faces=files([paths.warped("test")]),
        code=run.code("styles", "sheet"),
    output:
        report(
            str(paths.STYLE_SHEET),
            category="2 Figures",
            caption="../report/sheet.rst",
            labels={"figure": "styles"},
        ),
        card(paths.STYLE_SHEET),
    log:
        "logs/styles/sheet.log",
    conda:
        run.environment
    resources:
        **run.resources("styles_sheet"),
    params:
        styles=run.splits,
        seed=run.settings("seed"),
    shell:
        "ifrp styles sheet 2>&1 | tee {log:q}"
