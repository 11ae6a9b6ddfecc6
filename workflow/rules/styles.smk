# Artworks, their distance from faces, and one feed-forward style network per artwork (Sec. 4).
rule styles:
    input:
        expand("data/styles/{style}{suffix}", style=STYLES, suffix=[".png", ".json"]),
        expand("models/styles/{style}{suffix}", style=STYLES, suffix=WEIGHTS),
        expand("results/styles/curves/{style}.csv", style=STYLES),
        multiext("results/styles/distance", ".csv", ".json"),
        "results/styles/pairwise.csv",
        multiext("results/styles/sample-sheet", ".png", ".json"),


rule styles_artwork:
    input:
        picture=artwork_file,
        code=code("styles", "artwork"),
    output:
        report(
            "data/styles/{style}.png",
            category="Artworks",
            caption="../report/artwork.rst",
            labels=style_labels,
        ),
        "data/styles/{style}.json",
    log:
        "logs/styles/artwork/{style}.log",
    priority: 90
    conda:
        "../../environment.yml"
    params:
        row=style_row,
        seed=settings("seed"),
        verb=verb("styles", "artwork"),
    shell:
        "ifrp styles artwork {wildcards.style} 2>&1 | tee {log}"


rule styles_distance:
    input:
        artworks=expand("data/styles/{style}.png", style=STYLES),
        faces=stack("data/faces/train"),
        weights=local_file(SETTINGS.styles.features.weights),
        code=code("styles", "distance"),
    output:
        multiext("results/styles/distance", ".csv", ".json"),
        "results/styles/pairwise.csv",
    log:
        "logs/styles/distance.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        styles=STYLE_SPLITS,
        settings=settings("seed", "styles.features", "styles.distance"),
        verb=verb("styles", "distance"),
    shell:
        "ifrp styles distance 2>&1 | tee {log}"


rule styles_train:
    input:
        artwork="data/styles/{style}.png",
        faces=stack("data/faces/train-warped"),
        weights=local_file(SETTINGS.styles.features.weights),
        code=code("styles", "train"),
    output:
        multiext("models/styles/{style}", *WEIGHTS),
        "results/styles/curves/{style}.csv",
    log:
        "logs/styles/train/{style}.log",
    priority: 60
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        settings=settings("seed", "styles.features", "styles.training"),
        verb=verb("styles", "train"),
    shell:
        "ifrp styles train {wildcards.style} 2>&1 | tee {log}"


rule styles_sheet:
    input:
        artworks=expand("data/styles/{style}.png", style=STYLES),
        networks=expand("models/styles/{style}.safetensors", style=STYLES),
        faces=stack("data/faces/test-warped"),
        code=code("styles", "sheet"),
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
        gpu=GPU,
    params:
        styles=STYLE_SPLITS,
        seed=settings("seed"),
        verb=verb("styles", "sheet"),
    shell:
        "ifrp styles sheet 2>&1 | tee {log}"
