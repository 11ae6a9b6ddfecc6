# Tables and figures, made from artifacts alone (Sec. 5).
rule paper:
    input:
        expand(
            "results/paper/tables/{name}.{ext}",
            name=TABLES,
            ext=["csv", "md", "tex", "json"],
        ),
        expand(
            "results/paper/figures/{name}.{ext}",
            name=SHOWN,
            ext=["png", "pdf", "json"],
        ),


rule ablations:
    input:
        expand(
            "results/paper/tables/{name}.{ext}",
            name=ABLATIONS,
            ext=["csv", "md", "tex", "json"],
        ),


rule paper_table:
    input:
        data=table_inputs,
        published="config/published.csv",
        code=code("paper", "table"),
    output:
        report(
            "results/paper/tables/{name}.csv",
            category="Tables",
            caption="../report/table.rst",
            labels={"table": "{name}"},
        ),
        multiext("results/paper/tables/{name}", ".md", ".tex", ".json"),
    log:
        "logs/paper/tables/{name}.log",
    conda:
        "../../environment.yml"
    params:
        rows=table_rows,
        settings=settings("seed", "evaluation.recogniser", "evaluation.resamples"),
        verb=verb("paper", "table"),
    shell:
        "ifrp paper table {wildcards.name} 2>&1 | tee {log}"


rule paper_figure:
    input:
        data=figure_inputs,
        code=code("paper", "figure"),
    output:
        report(
            "results/paper/figures/{name}.png",
            category="Figures",
            caption="../report/figure.rst",
            labels={"figure": "{name}"},
        ),
        multiext("results/paper/figures/{name}", ".pdf", ".json"),
    log:
        "logs/paper/figures/{name}.log",
    conda:
        "../../environment.yml"
    params:
        styles=STYLE_SPLITS,
        experiments=EXPERIMENT_METHODS,
        settings=settings("seed", "paper.examples", "paper.worst"),
        verb=verb("paper", "figure"),
    shell:
        "ifrp paper figure {wildcards.name} 2>&1 | tee {log}"
