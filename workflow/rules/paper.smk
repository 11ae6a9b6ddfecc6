# Tables and figures, made from artifacts alone (Sec. 5).
rule paper:
    input:
        run.printed["paper"],
        with_cards(map(paths.executed, run.notebooks)),


rule ablations:
    input:
        run.printed["ablations"],


rule paper_table:
    input:
        data=run.tables.inputs,
        code=run.tables.code,
    output:
        report(
            str(paths.table("{name}", "html")),
            category="3 Tables",
            caption="../report/part.rst",
            labels={"table": "{name}"},
        ),
        files(paths.table("{name}", suffix) for suffix in ("csv", "md", "tex", "typ")),
        card(paths.table("{name}")),
    log:
        "logs/paper/tables/{name}.log",
    localrule: True
    conda:
        run.environment
    params:
        shows=run.tables.shows,
        table=run.tables.settings,
    shell:
        "ifrp paper table {wildcards.name:q} 2>&1 | tee {log:q}"


rule paper_figure:
    input:
        data=run.figures.inputs,
        code=run.figures.code,
    output:
        report(
            str(paths.figure("{name}")),
            category="2 Figures",
            caption="../report/part.rst",
            labels={"figure": "{name}"},
        ),
        files([paths.figure("{name}", "pdf")]),
        card(paths.figure("{name}")),
    log:
        "logs/paper/figures/{name}.log",
    localrule: True
    conda:
        run.environment
    params:
        shows=run.figures.shows,
        styles=run.splits,
        figure=run.figures.settings,
    shell:
        "ifrp paper figure {wildcards.name:q} 2>&1 | tee {log:q}"


rule paper_numbers:
    input:
        data=run.numbers_inputs,
        code=run.code("paper", "numbers"),
    output:
        str(paths.PAPER / "{numbers}.json"),
    log:
        "logs/paper/{numbers}.log",
    wildcard_constraints:
        numbers="|".join(run.documents),
    localrule: True
    conda:
        run.environment
    params:
        document=run.numbered,
        rows=run.numbers_rows,
        settings=run.settings(
            "seed",
            "faces.source",
            "faces.size",
            "evaluation.top",
            "evaluation.recogniser",
            "paper.experiment",
        ),
    shell:
        "ifrp paper numbers {params.document:q} 2>&1 | tee {log:q}"


rule paper_pdf:
    input:
        data=run.document_inputs,
        text=run.texts,
        code=run.code("paper", "pdf"),
    output:
        report(
            str(paths.document("{document}")),
            category="1 Paper",
            caption="../report/document.rst",
            labels={"document": "{document}"},
        ),
        card(paths.document("{document}")),
    log:
        "logs/paper/{document}.log",
    wildcard_constraints:
        document="|".join(run.documents.values()),
    localrule: True
    conda:
        run.environment
    params:
        order=run.document_order,
    shell:
        "ifrp paper pdf {wildcards.document:q} 2>&1 | tee {log:q}"


rule paper_notebook:
    input:
        data=run.document("paper"),
        book=str(paths.notebook("{notebook}")),
        code=run.code("paper", "notebook", "ifrp.paper.notebook"),
    output:
        report(
            str(paths.executed("{notebook}")),
            category="4 Notebooks",
            caption="../report/notebook.rst",
            labels={"notebook": "{notebook}"},
        ),
        card(paths.executed("{notebook}")),
    log:
        "logs/paper/notebooks/{notebook}.log",
    localrule: True
    conda:
        run.environment
    shell:
        "ifrp paper notebook {wildcards.notebook:q} 2>&1 | tee {log:q}"
