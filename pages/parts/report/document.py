"""The report as one HTML file: nothing is fetched, everything that somebody else wrote is escaped, and it prints."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """One part of a report.

    Args:
        title: its heading.
        blocks: HTML, from the functions below.
    """

    title: str
    blocks: Sequence[str]


def document(title: str, finding: str, facts: Sequence[str], sections: Sequence[Section], language: str) -> str:
    """Return the whole file.

    Args:
        title: what the study is called.
        finding: what came of it, with its uncertainty.
        facts: setting and provenance in short.
        sections: in order.
        language: of the words, "en" or "zh".
    """
    head = f"<p class=finding>{escaped(finding)}</p><p class=facts>{escaped(' · '.join(facts))}</p>"
    parts = [
        f"<section><h2>{escaped(section.title)}</h2>{''.join(section.blocks)}</section>"
        for section in sections
        if section.blocks
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="{escaped(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escaped(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escaped(title)}</h1>\n{head}\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def escaped(text: str) -> str:
    """Return text as HTML shows it letter by letter."""
    return html.escape(str(text), quote=True)


def paragraph(text: str) -> str:
    """Return a paragraph."""
    return f"<p>{escaped(text)}</p>"


def bullets(lines: Sequence[str]) -> str:
    """Return a list."""
    return f"<ul>{''.join(f'<li>{escaped(line)}</li>' for line in lines)}</ul>"


def figure(svg: str, caption: str) -> str:
    """Return a drawing with its caption."""
    name = escaped(caption)
    opened = f'<div class=scroll tabindex=0 role=region aria-label="{name}">'
    return f"<figure>{opened}{svg}</div><figcaption>{name}</figcaption></figure>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first column names its rows; it scrolls by itself where it is wider than the window."""
    titles = "".join(f"<th scope=col>{escaped(title)}</th>" for title in head)
    body = "".join(
        f"<tr><th scope=row>{escaped(row[0])}</th>{''.join(f'<td>{escaped(cell)}</td>' for cell in row[1:])}</tr>"
        for row in rows
    )
    name = escaped(", ".join(title for title in head if title))
    opened = f'<div class=scroll tabindex=0 role=region aria-label="{name}">'
    return f"{opened}<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"


def code(text: str, name: str) -> str:
    """Return text to copy, letter by letter."""
    return f'<pre tabindex=0 aria-label="{escaped(name)}"><code>{escaped(text)}</code></pre>'


def address(url: str) -> str:
    """Return a link that shows where it leads; only a page's own address becomes one."""
    shown = escaped(url)
    return f'<p><a href="{shown}">{shown}</a></p>' if url.startswith(("http://", "https://")) else paragraph(url)


_STYLE = """
:root { color-scheme: light dark; --text: #1c1e24; --quiet: #55585f; --line: #d5d7dc; --back: #fff; --code: #f3f4f6;
  --link: #0b57a4 }
@media (prefers-color-scheme: dark) {
  :root { --text: #eceef2; --quiet: #b4b8c0; --line: #3a3d44; --back: #14161b; --code: #20232a; --link: #8cc2ff }
}
body { margin: 0; background: var(--back); color: var(--text); line-height: 1.5;
  font-family: system-ui, "Segoe UI", Roboto, "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif }
main { max-width: 50rem; margin: 0 auto; padding: 2rem 1rem 4rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
.finding { font-size: 1.1rem; font-weight: 600; margin: .5rem 0 }
.facts, figcaption { color: var(--quiet); font-size: .9rem; overflow-wrap: anywhere }
figure { margin: 1rem 0; break-inside: avoid }
figure svg { width: 100%; min-width: 34rem; height: auto; display: block }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; min-width: 60% }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .7rem .3rem 0; text-align: left; vertical-align: top }
thead th { color: var(--quiet); font-weight: 600 }
tbody th { font-weight: 400 }
tr { break-inside: avoid }
pre { background: var(--code); padding: .7rem; border-radius: 4px; overflow-x: auto; font-size: .8rem;
  white-space: pre-wrap; overflow-wrap: anywhere }
a { color: var(--link); overflow-wrap: anywhere }
@media print {
  :root { --text: #000; --quiet: #333; --line: #bbb; --back: #fff; --code: #f3f4f6; --link: #000 }
  main { max-width: none; padding: 0 }
  h2 { break-after: avoid }
  figure svg { min-width: 0 }
}
"""
