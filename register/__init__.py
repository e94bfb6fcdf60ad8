"""The register of a course: who was seen in which session, made of the results of its videos.

It is made of three things that lie side by side: the CSV, the evidence, and the corrections that
people have made. The modules that say what follows from them (`sessions`, `statuses`, `term`,
`corrections`) know of no file and no bucket; `results_folder` and `results_bucket` read from one or
the other, and `pages`, `tables`, `workbook` and `moodle` write what people look at.

This file imports nothing: who needs one module, such as a page that shows one session, should not
wait for the others.
"""
