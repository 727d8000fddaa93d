"""The style sheet of our pages: calm, light and dark, readable from 320 pixels on. It loads nothing."""

STYLE = """
:root {
  --paper: #fbfaf7; --card: #ffffff; --ink: #22262b; --soft: #5b6168; --faint: #676d74; --line: #e4e0d8;
  --kept: #2a7d72; --stream: #5a9c92; --dropped: #d08a3c; --dropped-ink: #8a5312; --mark: #a3331f;
  --s1: #7a5fb0; --s2: #2f6fb3; --s3: #b0487e; --s4: #6b7d1f; --s5: #7d6a55;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", "URW Palladio L", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181b; --card: #1e2125; --ink: #e7e5e0; --soft: #a9adb3; --faint: #979ca3; --line: #32363c;
    --kept: #4fb3a5; --stream: #3b8378; --dropped: #d99a52; --dropped-ink: #e9b67c; --mark: #ef8370;
    --s1: #b09ae0; --s2: #7db1ea; --s3: #e08bb8; --s4: #b3c564; --s5: #c0ac96;
  }
}
* { box-sizing: border-box; }
html { font-size: 100%; -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--sans); overflow-wrap: anywhere; }
header, main, footer { max-width: 74rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 3rem); }
header { padding-top: clamp(1.5rem, 4vw, 3.25rem); }
h1, h2, h3 { font-family: var(--serif); font-weight: 600; line-height: 1.2; margin: 0; text-wrap: balance; }
h1 { font-size: clamp(1.7rem, 4.2vw, 2.6rem); letter-spacing: -0.01em; }
h2 { font-size: 1.5rem; margin-bottom: .35rem; }
h3 { font-size: 1.08rem; margin: 0 0 .35rem; }
p { margin: 0 0 .8rem; max-width: 44rem; }
code, .code { font-family: var(--mono); font-size: .86em; }
a { color: inherit; text-decoration-color: var(--kept); text-underline-offset: .2em; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--kept); outline-offset: 3px; }
small, .faint { color: var(--faint); }
.kicker { color: var(--soft); font-size: .82rem; letter-spacing: .07em; text-transform: uppercase; margin: 0 0 .4rem; }
.lead { font-family: var(--serif); font-size: clamp(1.1rem, 2.2vw, 1.32rem); line-height: 1.5; margin: .8rem 0 1.2rem; }
.lead strong { color: var(--kept); }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: 0; padding: .7rem 0; list-style: none;
  border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); font-size: .92rem; }
section { margin: 2.6rem 0 0; }
section > p { color: var(--soft); }
footer { margin-top: 3rem; padding-top: 1rem; padding-bottom: 3rem; color: var(--faint); font-size: .88rem; }

.flow { margin: 1.4rem 0 0; padding: 0; list-style: none; }
.flow > li { display: grid; grid-template-columns: minmax(9rem, 13rem) minmax(6rem, 1fr) minmax(12rem, 20rem);
  column-gap: 1.6rem; align-items: stretch; }
.flow .what { padding: .8rem 0; border-top: 1px solid var(--line); }
.flow .lost { padding: .8rem 0; border-top: 1px solid var(--line); font-size: .92rem; }
.flow b { font-variant-numeric: tabular-nums; }
.flow .count { display: block; font-family: var(--serif); font-size: 1.55rem; line-height: 1.15; font-weight: 600; }
.flow .unit { color: var(--soft); font-size: .88rem; }
.flow ul { margin: .2rem 0 0; padding: 0; list-style: none; }
.flow .lost ul li { display: flex; gap: .8em; justify-content: space-between; }
.flow .lost ul li span:last-child { font-variant-numeric: tabular-nums; white-space: nowrap; }
.lost strong { color: var(--dropped-ink); font-weight: 600; }
svg { display: block; }
.stream { position: relative; min-height: 5.6rem; }
svg.river { position: absolute; left: 0; top: 0; width: 100%; height: calc(100% + 1px); }
svg.river .kept { fill: var(--stream); }
.kept { fill: var(--kept); } .dropped { fill: var(--dropped); }
svg.bar { width: 100%; min-width: 4rem; height: .62rem; border-radius: 2px; background: var(--line); }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .9rem 1.6rem; margin: 0; }
.figures div { border-top: 2px solid var(--kept); padding-top: .45rem; }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd { margin: 0; font-family: var(--serif); font-size: 1.45rem; font-weight: 600; line-height: 1.2; }

.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17.5rem, 100%), 1fr)); gap: 1.1rem; }
main h3 + .cards { margin-top: .6rem; } .cards + h3 { margin-top: 1.8rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .9rem 1rem 1rem;
  margin: 0; min-width: 0; }
.card figcaption { font-size: .88rem; color: var(--soft); margin-top: .35rem; }
.card h3 .code { font-size: .94rem; font-weight: 600; }
.meaning { font-size: .85rem; line-height: 1.4; color: var(--soft); margin: 0 0 .5rem; }
td .meaning, th .meaning { margin: .1rem 0 0; max-width: 26rem; }
svg.chart { width: 100%; height: auto; }
svg.chart text { font: 10.5px var(--sans); fill: var(--soft); font-variant-numeric: tabular-nums; }
svg.chart text.bound { fill: var(--mark); font-weight: 600; }
svg .axis { stroke: var(--line); stroke-width: 1; }
svg .mark { stroke: var(--mark); stroke-width: 1.4; stroke-dasharray: 3 2.5; }
.key { display: inline-block; width: .72em; height: .72em; border-radius: 2px; margin-right: .35em; }
.key.kept { background: var(--kept); } .key.dropped { background: var(--dropped); }

.scroll { overflow-x: auto; margin: .6rem 0 0; border-top: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
caption { text-align: left; font-family: var(--serif); font-weight: 600; font-size: 1.05rem; padding: .6rem 0 .3rem; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: .84rem; }
th, td { padding: .42rem .9rem .42rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
tbody th { color: var(--ink); font-size: .93rem; font-weight: 400; }
tr:last-child td, tr:last-child th { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.picture { min-width: 6rem; width: 30%; vertical-align: middle; }
.rules table { min-width: 36rem; }
.rules tbody th { width: 40%; min-width: 11.5rem; overflow-wrap: break-word; }
.rules tbody td:last-child { min-width: 9rem; }
.small table { font-size: .88rem; } .small tbody th { min-width: 45%; font-size: .88rem; }
.small td.picture { min-width: 3.5rem; }
.nowrap, td .code { white-space: nowrap; }

details { border-top: 1px solid var(--line); }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: .5rem 0; }
details > :last-child { margin-bottom: .9rem; }
.example { border-left: 3px solid var(--line); padding: .1rem 0 .1rem .9rem; margin: .2rem 0 .9rem; }
.example .where { font-size: .84rem; color: var(--soft); }
.example p { font-family: var(--serif); margin: .15rem 0 0; max-width: 60rem; }
pre { margin: 0; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  font: .8rem/1.5 var(--mono); overflow-x: auto; white-space: pre; overflow-wrap: normal; }

.cards.wide { grid-template-columns: repeat(auto-fill, minmax(min(23rem, 100%), 1fr)); }
.line { fill: none; stroke-width: 1.5; stroke-linejoin: round; } .spot { stroke: var(--card); stroke-width: 1; }
.line.series-0 { stroke: var(--kept); } .line.series-1 { stroke: var(--dropped); } .line.series-2 { stroke: var(--s1); }
.line.series-3 { stroke: var(--s2); } .line.series-4 { stroke: var(--s3); } .line.series-5 { stroke: var(--s4); }
.spot.series-0, .key.series-0 { fill: var(--kept); background: var(--kept); }
.spot.series-1, .key.series-1 { fill: var(--dropped); background: var(--dropped); }
.spot.series-2, .key.series-2 { fill: var(--s1); background: var(--s1); }
.spot.series-3, .key.series-3 { fill: var(--s2); background: var(--s2); }
.spot.series-4, .key.series-4 { fill: var(--s3); background: var(--s3); }
.spot.series-5, .key.series-5 { fill: var(--s4); background: var(--s4); }
.legend { list-style: none; margin: 0; padding: 0; }

.path { list-style: none; margin: .6rem 0 0; padding: 0; font-size: .93rem; }
.path li { display: grid; grid-template-columns: 11rem 1fr auto; gap: .2rem 1rem; padding: .4rem 0;
  border-bottom: 1px solid var(--line); }
.path b { font-weight: 600; }
.task { margin-top: 1.3rem; } .task h3 small { font-family: var(--sans); font-weight: 400; }
.scores { list-style: none; margin: .4rem 0 0; padding: 0; }
.scores li { display: grid; grid-template-columns: minmax(11rem, 17rem) minmax(8rem, 1fr) minmax(9rem, 16rem);
  gap: .2rem 1.6rem; padding: .5rem 0; border-top: 1px solid var(--line); align-items: start; }
.told { font-weight: 600; font-variant-numeric: tabular-nums; } .told small { font-weight: 400; }
.beside { font-size: .9rem; color: var(--soft); font-variant-numeric: tabular-nums; } .ends { display: block; }
svg.whisker { width: 100%; height: 1.25rem; }
.scale { fill: var(--line); } .range { fill: var(--stream); } .dot { fill: var(--ink); }
.other { fill: var(--dropped); }
.key.dot { background: var(--ink); } .key.range { background: var(--stream); }
.key.other { background: var(--dropped); }
.confusion table { width: auto; font-size: .82rem; } .confusion th, .confusion td { padding: .3rem .45rem; }
.confusion td { text-align: right; font-variant-numeric: tabular-nums; border: 1px solid var(--line);
  min-width: 2.2rem; }
.right-1, .right-2 { background: color-mix(in srgb, var(--kept) 16%, transparent); }
.right-3, .right-4 { background: color-mix(in srgb, var(--kept) 34%, transparent); font-weight: 600; }
.wrong-1, .wrong-2 { background: color-mix(in srgb, var(--dropped) 16%, transparent); }
.wrong-3, .wrong-4 { background: color-mix(in srgb, var(--dropped) 38%, transparent); font-weight: 600; }
.span { padding: .05em .25em; border-radius: 3px; border-bottom: 2px solid; } .span small { font-size: .72em; }
.span.both { border-color: var(--kept); background: color-mix(in srgb, var(--kept) 13%, transparent); }
.span.gold { border-color: var(--dropped); border-bottom-style: dashed; }
.span.given { border-color: var(--mark); border-bottom-style: dotted; }
.span.differs { border-color: var(--mark); background: color-mix(in srgb, var(--mark) 11%, transparent); }
.samples { list-style: none; margin: .4rem 0 1.2rem; padding: 0; } .prompt { font-style: italic; color: var(--soft); }
svg.graph { width: 100%; min-width: 60rem; margin: .6rem 0; }
svg.graph text { font: 10.5px var(--sans); fill: var(--ink); }
.node { fill: var(--card); stroke: var(--kept); } .edge { fill: none; stroke: var(--faint); stroke-width: 1; }

@media (max-width: 46rem) {
  .scores li, .path li { grid-template-columns: 1fr; }
  .flow > li { grid-template-columns: 3.2rem 1fr; column-gap: 1rem; }
  .flow .stream { grid-row: 1 / span 2; grid-column: 1; min-height: 4rem; }
  .flow .what { grid-column: 2; } .flow .lost { grid-column: 2; border-top: 0; padding-top: 0; }
  .flow .lost:empty { display: none; }
  section { margin-top: 2.1rem; }
}
@media print { body { background: #fff; } details { break-inside: avoid; } .card { break-inside: avoid; } }
"""
