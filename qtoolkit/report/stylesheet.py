"""How a report looks: one light style sheet for screens of any width and for paper."""

__all__ = ["STYLESHEET"]

STYLESHEET = """
:root {
  --ink: #1f2933; --soft: #52606d; --line: #d9e0e7; --page: #f4f6f8; --card: #ffffff; --accent: #0072b2;
  color-scheme: light;
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
}
header, main { max-width: 66rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.75rem; padding-bottom: 1.25rem; }
h1 { margin: 0 0 0.5rem; font-size: 2rem; line-height: 1.2; letter-spacing: -0.02em; }
header p { margin: 0 0 1rem; max-width: 46rem; color: var(--soft); font-size: 1.05rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.4rem 1.4rem; }
a { color: var(--accent); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
.card {
  margin: 0 0 1.5rem; padding: 1.75rem 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 10px;
}
h2 { margin: 0 0 0.75rem; font-size: 1.35rem; line-height: 1.3; letter-spacing: -0.01em; }
h3 { margin: 1.75rem 0 0.5rem; font-size: 1rem; }
.question { margin: 0 0 1.25rem; max-width: 46rem; color: var(--soft); }
.prose { max-width: 46rem; }
.prose p { margin: 1rem 0 0; }
ul.prose { margin: 0; padding-left: 1.2rem; }
ul.prose li { margin: 0.3rem 0; }
.note { margin: 0 0 1rem; padding: 0.6rem 0.9rem; background: #fff4e0; border-left: 3px solid #e69f00; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.9rem; line-height: 1.4; }
th, td { padding: 0.5rem 0.75rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); white-space: nowrap; }
tbody th { min-width: 9.5rem; font-weight: 400; }
tbody:last-child tr:last-child > * { border-bottom: 0; }
th.group { padding-top: 1.1rem; font-weight: 600; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.number { font-weight: 500; }
td.gap { color: var(--soft); }
td.evidence { width: 28%; min-width: 13rem; color: var(--soft); font-size: 0.85rem; }
figure { margin: 1.75rem 0 0; }
figure img { display: block; width: 100%; max-width: 50rem; height: auto; }
figcaption { margin-top: 0.4rem; max-width: 46rem; color: var(--soft); font-size: 0.9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1.5rem; margin: 0; font-size: 0.9rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  header, main { padding-left: 0.75rem; padding-right: 0.75rem; }
  .card { padding: 1.25rem 1rem; border-radius: 0; }
  dl { grid-template-columns: 1fr; gap: 0 0; }
  dd { margin-bottom: 0.5rem; }
}
@media print {
  body { background: none; font-size: 11pt; }
  nav { display: none; }
  .card { padding: 0; border: 0; }
  figure, tr { break-inside: avoid; }
}
"""
