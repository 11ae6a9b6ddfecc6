# Stylised faces (SF): every style network applied to the warped faces (Sec. 4).
rule portraits:
    input:
        files(paths.portraits(split, style) for split, style in run.portraits),
        files(paths.portraits(split, style, warp) for split, warp, style in run.warped),


rule portraits_make:
    input:
        faces=files([paths.warped("{split}")]),
        network=files([paths.style_network("{style}")]),
        code=run.code("portraits", "make"),
    output:
        files([paths.portraits("{split}", "{style}")]),
    log:
        "logs/portraits/{split}/{style}.log",
    priority: 70
    conda:
        run.environment
    resources:
        **run.resources("portraits_make"),
    shell:
        "ifrp portraits make {wildcards.split:q} {wildcards.style:q} 2>&1 | tee {log:q}"


rule portraits_warp:
    input:
        faces=files([paths.warped("{split}", "{warp}")]),
        network=files([paths.style_network("{style}")]),
        code=run.code("portraits", "make"),
    output:
        files([paths.portraits("{split}", "{style}", "{warp}")]),
    log:
        "logs/portraits/{split}-{warp}/{style}.log",
    conda:
        run.environment
    resources:
        **run.resources("portraits_warp"),
    shell:
        "ifrp portraits make {wildcards.split:q} {wildcards.style:q} --warp {wildcards.warp:q} 2>&1 | tee {log:q}"
