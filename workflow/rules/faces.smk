# Real faces (RF): download or render, crop, split by person, warp (Sec. 4).
rule faces:
    input:
        files([*run.faces, paths.SKIPPED]),
        files(paths.warped(split, warp) for split, warp, style in run.warped),


rule faces_render:
    input:
        code=run.code("faces", "render"),
    output:
        files([paths.RENDERED]),
    log:
        "logs/faces/render.log",
    priority: 100
    conda:
        run.environment
    threads: 2
    resources:
        **run.resources("faces_render"),
    params:
        settings=run.settings("seed", "faces.rendered"),
    shell:
        "ifrp faces render 2>&1 | tee {log:q}"


# Only the card is declared: Snakemake removes outputs before a job, and a local copy of CelebA must stay.
rule faces_download:
    input:
        code=run.code("faces", "download"),
    output:
        run.celeba,
    log:
        "logs/faces/download.log",
    localrule: True
    conda:
        run.environment
    params:
        settings=run.settings("faces.celeba"),
    shell:
        "ifrp faces download 2>&1 | tee {log:q}"


rule faces_warp:
    input:
        faces=files(map(paths.faces, ["train", "val"])),
        source=run.face_source,
        code=run.code("faces", "warp"),
    output:
        files(paths.warped(split, "{warp}") for split in ("train", "val")),
    log:
        "logs/faces/warp-{warp}.log",
    conda:
        run.environment
    threads: 2
    resources:
        **run.resources("faces_warp"),
    params:
        settings=run.warp_settings,
    shell:
        "ifrp faces warp {wildcards.warp:q} 2>&1 | tee {log:q}"


rule faces_prepare:
    input:
        source=run.face_source,
        code=run.code("faces", "prepare"),
    output:
        files([*run.faces, paths.SKIPPED]),
    log:
        "logs/faces/prepare.log",
    priority: 100
    conda:
        run.environment
    threads: 2
    resources:
        **run.resources("faces_prepare"),
    params:
        settings=run.face_settings,
        pictures=run.pictures,
    shell:
        "ifrp faces prepare 2>&1 | tee {log:q}"
