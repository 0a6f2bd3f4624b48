"""The style of HTML pages: system fonts, two colour schemes, and a sheet of paper.

Series colours are Okabe and Ito's, told apart by people of every colour vision; each pair of
text and background has a contrast of 4.5 or more (WCAG AA).
"""

from __future__ import annotations

_LIGHT = """
--ink:#1c2024;--paper:#ffffff;--card:#f5f7f9;--grid:#7d8790;--quiet:#57606a;--link:#0969da;
--pass:#116329;--fail:#a40e26;--inconclusive:#7d4e00;
--series-0:#0072b2;--series-1:#d55e00;--series-2:#009e73;--series-3:#8a5cab;--series-4:#5b6770;
--series-5:#a67c00;--alarm-0:#b3261e;--alarm-1:#e07b00;--alarm-2:#7b2d8b;--alarm-3:#5b6770;
"""
_DARK = """
--ink:#e6e9ec;--paper:#0f1316;--card:#181d22;--grid:#8b959e;--quiet:#a3adb6;--link:#6cb6ff;
--pass:#57d37c;--fail:#ff8182;--inconclusive:#e8b84a;
--series-0:#56b4e9;--series-1:#ff9e4a;--series-2:#3ccfa0;--series-3:#cc99e0;--series-4:#a9b4bd;
--series-5:#f0d060;--alarm-0:#ff6b63;--alarm-1:#ffb454;--alarm-2:#d98ae8;--alarm-3:#a9b4bd;
"""

STYLE = f"""
:root{{color-scheme:light dark;{_LIGHT}}}
@media (prefers-color-scheme:dark){{:root{{{_DARK}}}}}
*{{box-sizing:border-box}}
body{{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}}
main{{max-width:54rem;margin:0 auto;padding:2rem 1.25rem}}
h1{{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem;overflow-wrap:anywhere}}
h2{{font-size:1.05rem;margin:2rem 0 .5rem}}
.quiet{{color:var(--quiet)}}
.verdict{{display:flex;gap:.8rem;align-items:baseline;flex-wrap:wrap;margin:0 0 .5rem;
padding:.7rem 1rem;background:var(--card);border-left:5px solid var(--ink);border-radius:3px}}
.verdict.pass{{border-color:var(--pass)}}.verdict.pass strong{{color:var(--pass)}}
.verdict.fail{{border-color:var(--fail)}}.verdict.fail strong{{color:var(--fail)}}
.verdict.inconclusive{{border-color:var(--inconclusive)}}
.verdict.inconclusive strong{{color:var(--inconclusive)}}
.findings{{list-style:none;padding:0;margin:0}}
.findings li{{padding:.45rem .75rem;margin:.35rem 0;background:var(--card);
border-left:4px solid var(--quiet);overflow-wrap:anywhere}}
.findings .error{{border-color:var(--fail)}}.findings .warning{{border-color:var(--inconclusive)}}
code{{font:.85em ui-monospace,SFMono-Regular,"DejaVu Sans Mono",monospace;color:var(--quiet)}}
.wide{{overflow-x:auto}}.wide+.wide{{margin-top:1rem}}
table{{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}}
th{{text-align:left;font-weight:600;color:var(--quiet);border-bottom:1.5px solid var(--grid)}}
th,td{{padding:.35rem .9rem .35rem 0}}
td{{border-bottom:1px solid color-mix(in srgb,var(--grid) 30%,transparent)}}
th.number,td.number{{text-align:right}}
dl{{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.5rem;margin:0}}
dt{{color:var(--quiet)}}dd{{margin:0;overflow-wrap:anywhere}}
p{{margin:.5rem 0}}
figure{{margin:1rem 0;break-inside:avoid}}
figure svg{{display:block;height:auto}}
figcaption{{font-size:.85rem;color:var(--quiet)}}
footer{{margin-top:2.5rem;font-size:.85rem}}
@media print{{
:root{{color-scheme:light;{_LIGHT}}}
body{{font-size:10.5pt}}main{{max-width:none;padding:0}}
h2{{break-after:avoid}}tr,.findings li{{break-inside:avoid}}
*{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
}}
"""
