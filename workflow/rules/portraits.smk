# Stylised faces (SF): every style network applied to the warped faces (Sec. 4).
rule portraits:
    input:
        files(paths.portraits(split, style) for split, style in run.portraits),
        files(paths.portraits(split, style, warp) for split, warp, style in run.warped),


rule portraits_make:
    input:
        faces=multiext("data/faces/{split}-warped", *STACK),
        network=multiext("models/styles/{style}", *WEIGHTS),
        code=run.code("portraits", "make"),
    output:
        multiext("data/portraits/{split}/{style}", *STACK),
    log:
        "logs/portraits/{split}/{style}.log",
    priority: 70
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    shell:
        "ifrp portraits make {wildcards.split} {wildcards.style} 2>&1 | tee {log}"


rule portraits_warp:
    input:
        faces=multiext("data/faces/{split}-warped-{warp}", *STACK),
        network=multiext("models/styles/{style}", *WEIGHTS),
        code=run.code("portraits", "make"),
    output:
        multiext("data/portraits/{split}-{warp}/{style}", *STACK),
    log:
        "logs/portraits/{split}-{warp}/{style}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=run.gpu,
    shell:
        "ifrp portraits make {wildcards.split} {wildcards.style} --warp {wildcards.warp} 2>&1 | tee {log}"
