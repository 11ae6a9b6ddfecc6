# Tables and figures, made from artifacts alone (Sec. 5).
rule paper:
    input:
        PRINTED["paper"],
        expand(with_card(paths.executed("{name}")), name=NOTEBOOKS),


rule ablations:
    input:
        PRINTED["ablations"],


rule paper_table:
    input:
        data=asked(tables, Part.files),
        code=part_code(tables, "table"),
    output:
        report(
            str(paths.table("{name}", "html")),
            category="Tables",
            caption="../report/table.rst",
            labels=part_labels(tables),
        ),
        files(paths.table("{name}", suffix) for suffix in ("csv", "md", "tex", "typ", "json")),
    log:
        "logs/paper/tables/{name}.log",
    conda:
        "../../environment.yml"
    params:
        table=asked(tables, Part.depends),
        verb=verb("paper", "table"),
    shell:
        "ifrp paper table {wildcards.name} 2>&1 | tee {log}"


rule paper_figure:
    input:
        data=asked(figures, Part.files),
        code=part_code(figures, "figure"),
    output:
        report(
            str(paths.figure("{name}")),
            category="Figures",
            caption="../report/figure.rst",
            labels=part_labels(figures),
        ),
        files(paths.figure("{name}", suffix) for suffix in ("pdf", "json")),
    log:
        "logs/paper/figures/{name}.log",
    conda:
        "../../environment.yml"
    params:
        styles=STYLE_SPLITS,
        figure=asked(figures, Part.depends),
        verb=verb("paper", "figure"),
    shell:
        "ifrp paper figure {wildcards.name} 2>&1 | tee {log}"


rule paper_numbers:
    input:
        data=numbers_inputs,
        code=code("paper", "numbers"),
    output:
        str(paths.PAPER / "{numbers}.json"),
    log:
        "logs/paper/{numbers}.log",
    wildcard_constraints:
        numbers="|".join(NUMBERS),
    conda:
        "../../environment.yml"
    params:
        document=numbered,
        rows=numbers_rows,
        settings=settings(
            "seed",
            "faces.source",
            "faces.size",
            "evaluation.top",
            "evaluation.recogniser",
            "paper.experiment",
        ),
        verb=verb("paper", "numbers"),
    shell:
        "ifrp paper numbers {params.document} 2>&1 | tee {log}"


rule paper_pdf:
    input:
        data=document_inputs,
        text=sorted(map(str, Path("paper").glob("*.typ"))),
        code=code("paper", "pdf"),
    output:
        report(
            str(paths.document("{document}")),
            category="Report",
            caption="../report/document.rst",
            labels={"document": "{document}"},
        ),
        files([paths.document("{document}").with_suffix(".json")]),
    log:
        "logs/paper/{document}.log",
    wildcard_constraints:
        document="|".join(documents.DOCUMENTS),
    conda:
        "../../environment.yml"
    params:
        order=document_order,
        verb=verb("paper", "pdf"),
    shell:
        "ifrp paper pdf {wildcards.document} 2>&1 | tee {log}"


rule paper_notebook:
    input:
        data=files(documents.find("paper").reads(SETTINGS)),
        book=str(paths.notebook("{notebook}")),
        code=code("paper", "notebook"),
    output:
        with_card(paths.executed("{notebook}")),
    log:
        "logs/paper/notebooks/{notebook}.log",
    conda:
        "../../environment.yml"
    params:
        verb=verb("paper", "notebook"),
    shell:
        "ifrp paper notebook {wildcards.notebook} 2>&1 | tee {log}"
