# Real faces (RF): download or render, crop, split by person, warp (Sec. 4).
rule faces:
    input:
        expand("data/faces/{name}{suffix}", name=FACES, suffix=STACK),
        "data/faces/skipped.csv",
        [path for split, warp, style in WARPED for path in stack(f"data/faces/{split}-warped-{warp}")],


rule faces_render:
    input:
        code=code("faces", "render"),
    output:
        multiext("data/source/rendered", *STACK),
    log:
        "logs/faces/render.log",
    priority: 100
    conda:
        "../../environment.yml"
    threads: 2
    params:
        settings=settings("seed", "faces.rendered"),
        verb=verb("faces", "render"),
    shell:
        "ifrp faces render 2>&1 | tee {log}"


# Only the card is declared: Snakemake removes outputs before a job, and a local copy of CelebA must stay.
rule faces_download:
    input:
        code=code("faces", "download"),
    output:
        CELEBA,
    log:
        "logs/faces/download.log",
    conda:
        "../../environment.yml"
    params:
        settings=settings("faces.celeba"),
        verb=verb("faces", "download"),
    shell:
        "ifrp faces download 2>&1 | tee {log}"


rule faces_warp:
    input:
        faces=[path for split in ("train", "val") for path in stack(f"data/faces/{split}")],
        source=FACE_SOURCE,
        code=code("faces", "warp"),
    output:
        [path for split in ("train", "val") for path in stack(f"data/faces/{split}-warped-{{warp}}")],
    log:
        "logs/faces/warp-{warp}.log",
    conda:
        "../../environment.yml"
    threads: 2
    params:
        settings=warp_settings,
        verb=verb("faces", "warp"),
    shell:
        "ifrp faces warp {wildcards.warp} 2>&1 | tee {log}"


rule faces_prepare:
    input:
        source=FACE_SOURCE,
        code=code("faces", "prepare"),
    output:
        expand("data/faces/{name}{suffix}", name=FACES, suffix=STACK),
        "data/faces/skipped.csv",
    log:
        "logs/faces/prepare.log",
    priority: 100
    conda:
        "../../environment.yml"
    threads: 2
    params:
        settings=settings(
            "seed",
            "faces.source",
            "faces.size",
            "faces.split",
            "faces.warp",
            f"faces.{SETTINGS.faces.source}",
        ),
        pictures=pictures,
        verb=verb("faces", "prepare"),
    shell:
        "ifrp faces prepare 2>&1 | tee {log}"
