# Artworks, their distance from faces, and one feed-forward style network per artwork (Sec. 4).
rule styles:
    input:
        expand("data/styles/{style}{suffix}", style=run.styles, suffix=[".png", ".json"]),
        expand("models/styles/{style}{suffix}", style=run.styles, suffix=WEIGHTS),
        expand("results/styles/curves/{style}.csv", style=run.styles),
        multiext("results/styles/distance", ".csv", ".json"),
        "results/styles/pairwise.csv",
        multiext("results/styles/sample-sheet", ".png", ".json"),


rule styles_artwork:
    input:
        picture=run.artwork,
        code=run.code("styles", "artwork"),
    output:
        report(
            "data/styles/{style}.png",
            category="Artworks",
            caption="../report/artwork.rst",
            labels=run.style_labels,
        ),
        "data/styles/{style}.json",
    log:
        "logs/styles/artwork/{style}.log",
    priority: 90
    conda:
        "../../environment.yml"
    params:
        row=run.style_row,
        seed=run.settings("seed"),
    shell:
        "ifrp styles artwork {wildcards.style} 2>&1 | tee {log}"


rule styles_distance:
    input:
        artworks=expand("data/styles/{style}.png", style=run.styles),
        faces=files([paths.faces("train")]),
        weights=run.features,
        code=run.code("styles", "distance"),
    output:
        multiext("results/styles/distance", ".csv", ".json"),
        "results/styles/pairwise.csv",
    log:
        "logs/styles/distance.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        styles=run.splits,
        settings=run.settings("seed", "styles.features", "styles.distance"),
    shell:
        "ifrp styles distance 2>&1 | tee {log}"


rule styles_train:
    input:
        artwork="data/styles/{style}.png",
        faces=files([paths.warped("train")]),
        weights=run.features,
        code=run.code("styles", "train"),
    output:
        multiext("models/styles/{style}", *WEIGHTS),
        "results/styles/curves/{style}.csv",
    log:
        "logs/styles/train/{style}.log",
    priority: 60
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        settings=run.settings("seed", "styles.features", "styles.training"),
    shell:
        "ifrp styles train {wildcards.style} 2>&1 | tee {log}"


rule styles_sheet:
    input:
        artworks=expand("data/styles/{style}.png", style=run.styles),
        networks=expand("models/styles/{style}.safetensors", style=run.styles),
        faces=files([paths.warped("test")]),
        code=run.code("styles", "sheet"),
    output:
        report(
            "results/styles/sample-sheet.png",
            category="Artworks",
            caption="../report/sheet.rst",
            labels={"style": "every style, on the same faces", "split": "all"},
        ),
        "results/styles/sample-sheet.json",
    log:
        "logs/styles/sheet.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    params:
        styles=run.splits,
        seed=run.settings("seed"),
    shell:
        "ifrp styles sheet 2>&1 | tee {log}"
