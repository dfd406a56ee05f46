"""CSV in and out, as strictly as JSON: what two readers could read differently is refused, with its line.

| file | |
|---|---|
| `records` | bytes -> lines of fields: UTF-8, quotes, line ends |
| `cells` | one field -> a number or a text, and back |
| `header` | the first line: the names of the columns |
| `table` | the other lines: numbers, and a column of labels |
| `dataset`, `inputs` | a table as a dataset, as the inputs of a prediction |
| `writing` | a dataset as CSV, which reads back as the same |

docs/decisions/csv.md says what is taken and why.
"""
