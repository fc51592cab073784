import { Html } from './html.ts';

/** Three bars, as a data URL: nothing is fetched for it. */
export const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#3b82f6" d="M1 9h4v6H1zm5-4h4v10H6zm5-4h4v14h-4z"/></svg>',
)}`;

const CSS = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #fff; --ink: #171b21; --soft: #57606c; --line: #dde1e6; --grid: #e8ebef;
  --link: #0b5cc4; --bar: #2f6fde; --credit: #1a7f37;
  --good: #17692f; --good-back: #e2f4e7; --warn: #7a4d00; --warn-back: #fdf0d0; --bad: #a5201a; --bad-back: #fce5e3; --soft-back: #eceff3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --card: #171b21; --ink: #e9ecf0; --soft: #a2abb7; --line: #2c333c; --grid: #252b33;
    --link: #79b4ff; --bar: #5b9bff; --credit: #46c06a;
    --good: #6fdc8c; --good-back: #12301c; --warn: #f2c45a; --warn-back: #352708; --bad: #ff9a92; --bad-back: #401a18; --soft-back: #262c34;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3, p, ul, dl, dd, figure { margin: 0; }
ul { padding: 0; list-style: none; }
h1 { font-size: 1.6rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; line-height: 1.3; }
h3 { margin: 1.75rem 0 .5rem; font-size: 1rem; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, summary:focus-visible, main:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
code { font: .92em ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
small, .account, .when, .summary, .links, .note, footer, header p { color: var(--soft); }
header p { margin: .35rem 0 .9rem; max-width: 44rem; }
header .skip { position: absolute; left: 1rem; top: -4rem; padding: .4rem .9rem; border-radius: 8px; background: var(--card); }
header .skip:focus { top: .5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; }
nav .jump { margin-top: .9rem; gap: .5rem 1.25rem; }
nav a, nav span { display: inline-block; padding: .15rem 0; }
header .own { margin: .9rem 0 0; max-width: none; font-size: .9375rem; }
.own strong { color: var(--ink); font-variant-numeric: tabular-nums; white-space: nowrap; }
.gauge { margin: 0 .35rem; vertical-align: .08em; }
.gauge .whole { fill: var(--line); }
.gauge .part { fill: var(--bar); }
.gauge.full .part { fill: var(--warn); }
section { margin-top: 1.5rem; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; scroll-margin-top: 1rem; }
.head { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .75rem; }
.head .badge { margin-left: auto; }
.badge { display: inline-block; padding: .1rem .6rem; border-radius: 999px; font-size: .85rem; font-weight: 600; }
.good { color: var(--good); background: var(--good-back); }
.warn { color: var(--warn); background: var(--warn-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.soft { color: var(--soft); background: var(--soft-back); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin-top: 1.25rem; }
.tiles div { padding: .8rem 1rem; border: 1px solid var(--line); border-radius: 8px; }
.tiles dt { font-size: .875rem; color: var(--soft); }
.tiles dd { font-size: 1.5rem; font-weight: 650; line-height: 1.3; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.tiles bdi { white-space: nowrap; }
.tiles small { display: block; font-size: .8125rem; font-weight: 400; letter-spacing: 0; }
.tiles .long { font-size: 1.15rem; }
.tiles .none { font-size: 1.125rem; font-weight: 400; color: var(--soft); }
.chart { margin-top: 1.5rem; }
figcaption span { color: var(--soft); font-size: .875rem; }
.plot { display: flex; margin-top: .25rem; }
.plot svg { display: block; overflow: visible; font-size: 12px; }
.plot text { fill: var(--soft); font-variant-numeric: tabular-nums; }
.axis { flex: none; }
.axis text, .tip { text-anchor: end; }
.bars { flex: 1; min-width: 0; }
.grid { stroke: var(--grid); }
.zero { stroke: var(--soft); }
.hit { fill: transparent; }
.bar { fill: var(--bar); }
.credit { fill: var(--credit); }
.today { fill-opacity: .35; stroke: var(--bar); stroke-dasharray: 3 2; }
.today.credit { stroke: var(--credit); }
.plot .tip { visibility: hidden; fill: var(--ink); font-size: 13px; font-weight: 600; pointer-events: none; }
.day:hover .tip { visibility: visible; }
.day:hover .hit { fill: var(--grid); }
.summary, .links { margin-top: .5rem; font-size: .875rem; }
.note { margin-top: 1.25rem; padding: .8rem 1rem; border: 1px dashed var(--line); border-radius: 8px; }
details { margin: .6rem 0; font-size: .875rem; }
summary { cursor: pointer; padding: .2rem 0; color: var(--link); }
table { width: 100%; max-width: 24rem; margin-top: .4rem; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem 0; border-bottom: 1px solid var(--grid); text-align: left; font-weight: 400; }
thead th { color: var(--soft); }
td, th + th { text-align: right; }
.collectors > li { padding: .6rem 0; border-top: 1px solid var(--grid); }
.when, .cause, .parts { font-size: .875rem; }
.parts { padding-left: 1.1rem; list-style: disc; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { margin-top: 1.25rem; font-size: .875rem; }
@media (max-width: 36rem) {
  body { padding: 1.25rem .75rem; }
  section { padding: 1rem; border-radius: 10px; }
  .head .badge { margin-left: 0; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
  .tiles div { padding: .6rem .75rem; }
  .tiles dd { font-size: 1.2rem; }
  .tiles:has(.long) { grid-template-columns: 1fr; }
  .tiles .long { font-size: 1.2rem; }
}
@media (max-width: 22rem) {
  .second { display: none; }
  .tiles { grid-template-columns: 1fr; }
}
@media (forced-colors: active) {
  .bar, .gauge .part { fill: CanvasText; }
  .gauge .whole { fill: Canvas; stroke: CanvasText; }
  .badge { border: 1px solid; }
}
@media print {
  body { padding: 0; max-width: none; }
  section { break-inside: avoid; }
}
`;

/** The page's whole style sheet, without a character that HTML would read as its own. */
export const STYLE = new Html(CSS);
