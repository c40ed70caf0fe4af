/**
 * How the page looks: a sheet of a technical drawing, ink on film by day and a blueprint by night. One colour of its own has
 * the socket, wherever it is, and nothing else has it.
 */
export const STYLE = `
:root {
  --desk: #dfe3e1; --sheet: #f6f8f6; --ink: #16222c; --soft: #52606b; --line: #16222c; --hair: #b9c3c4;
  --grid: #16222c0d; --socket: #c8370a; --socket-text: #b02f07;
  --plate: "DIN Condensed", "Bahnschrift Condensed", Bahnschrift, "Avenir Next Condensed", "Roboto Condensed",
    sans-serif-condensed, "Liberation Sans Narrow", "Arial Narrow", "Helvetica Neue", sans-serif;
  --text: "Avenir Next", Avenir, "Segoe UI", Roboto, "Liberation Sans", "Helvetica Neue", Arial, sans-serif;
  --code: ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", "Liberation Mono", Menlo, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --desk: #081a30; --sheet: #0d2845; --ink: #e8f0f7; --soft: #a6bdd3; --line: #c9dbeb; --hair: #34557a;
    --grid: #c9dbeb12; --socket: #ffb43a; --socket-text: #ffc15c;
  }
}
* { box-sizing: border-box; margin: 0 }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { background: var(--desk); color: var(--ink); font: 1.0625rem/1.5 var(--text); padding: clamp(0px, 2.4vw, 2rem) }
main { max-width: 70rem; margin: auto; background: var(--sheet); border: 2px solid var(--line);
  outline: 1px solid var(--hair); outline-offset: 6px }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; padding: .8rem var(--pad);
  border-bottom: 1px solid var(--line); font-size: .95rem; color: var(--soft) }
header strong { font: 700 1.5rem/1 var(--plate); font-stretch: condensed; color: var(--ink); letter-spacing: .02em }
main { --pad: clamp(1.1rem, 4vw, 3rem) }
h1, h2 { font-family: var(--plate); font-stretch: condensed; font-weight: 700; line-height: 1; text-wrap: balance }
h1 { font-size: clamp(2.9rem, 9.2vw, 7rem); line-height: .92; letter-spacing: -.015em;
  padding: clamp(1.6rem, 5vw, 3.4rem) var(--pad) clamp(1.4rem, 4vw, 2.8rem) }
h2 { font-size: clamp(1.7rem, 3.4vw, 2.25rem); margin-bottom: .7rem }
p { max-width: 60ch; text-wrap: pretty }
code, output, .number { font-family: var(--code) }
code { font-size: .92em; overflow-wrap: anywhere }
.small { font-size: .9rem; line-height: 1.45; color: var(--soft) }

.figure { display: grid; grid-template-columns: 7fr 5fr; border-top: 1px solid var(--line) }
figure { padding: 1.4rem var(--pad); border-right: 1px solid var(--line);
  background: linear-gradient(var(--grid) 1px, #0000 1px) 0 0 / 24px 24px,
    linear-gradient(90deg, var(--grid) 1px, #0000 1px) 0 0 / 24px 24px }
figcaption { font-size: .9rem; line-height: 1.45; color: var(--soft); max-width: 34rem; margin-top: .6rem }
.steps { list-style: none; padding: 0; counter-reset: step; display: flex; flex-direction: column }
.steps li { counter-increment: step; flex: 1; padding: 1.3rem var(--pad) 1.3rem 4.4rem; position: relative }
.steps li + li { border-top: 1px solid var(--hair) }
.steps li::before { content: counter(step); position: absolute; left: 1.5rem; top: 1.05rem; width: 2rem;
  font: 700 2.6rem/1 var(--plate); font-stretch: condensed; color: var(--soft) }
.steps h2 { font-size: 1.5rem; margin-bottom: .3rem }

svg { display: block; width: 100%; max-width: 36rem; height: auto; overflow: visible }
svg path { fill: none; stroke: var(--line); stroke-width: 1.5 }
svg .arc { stroke-dasharray: 2 5 } svg .trace { stroke: var(--hair) }
svg .tip { fill: var(--line); stroke: none }
svg rect { fill: var(--sheet); stroke: var(--line); stroke-width: 1.5 }
svg .front rect { stroke-dasharray: 5 4 }
svg .app rect, svg .client rect { stroke-width: 2.5 }
svg text { fill: var(--ink); font: 15px var(--text) }
svg .name { font: 700 25px var(--plate); font-stretch: condensed }
svg .number { font: 13.5px var(--code) } svg .role { fill: var(--soft); font-size: 14px }
svg .client .role { fill: var(--ink); font: 13.5px var(--code) }
svg .call { font: 12.5px var(--code); fill: var(--soft) }
svg .contact { fill: var(--sheet); stroke: var(--line); stroke-width: 2 }
svg .wire { stroke: var(--socket); stroke-width: 5 }
svg .end { fill: var(--sheet); stroke: var(--socket); stroke-width: 5 }
svg .pivot, svg .pulse { fill: var(--socket) } svg .pulse { opacity: 0 }
svg .arm { transform-box: view-box; transform-origin: 140px 240px; transition: transform .6s cubic-bezier(.6, 0, .25, 1);
  animation: handed-over 2.6s cubic-bezier(.6, 0, .25, 1) backwards }
svg.at-front .arm { transform: rotate(-50deg) } svg.at-files .arm { transform: rotate(50deg) }
@keyframes handed-over { 0%, 55% { transform: rotate(-50deg) } 100% { transform: none } }
@media (prefers-reduced-motion: reduce) { svg .arm { animation: none; transition: none } }

dl { margin: 0 } dd { margin: 0 } dt { font-size: .85rem; line-height: 1.3; color: var(--soft) }
.block { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1px; background: var(--line);
  border: solid var(--line); border-width: 1px 0 }
.block div { background: var(--sheet); padding: .9rem var(--pad) 1.1rem }
.block div:nth-child(3n+1) { padding-right: 1rem }
.block div:not(:nth-child(3n+1)) { padding-inline: 1.5rem }
.block b { display: block; font: 700 1.75rem/1.25 var(--plate); font-stretch: condensed; font-variant-numeric: tabular-nums }
.block dd > span { font-size: .95rem; line-height: 1.4; display: block }
.block b span { font: inherit }
.block div:nth-child(4) b { color: var(--socket-text) }

.pair { display: grid; grid-template-columns: 7fr 5fr }
.pair > section { padding: clamp(1.6rem, 3.5vw, 2.6rem) var(--pad) }
.pair > section + section { border-left: 1px solid var(--line); padding-left: 1.5rem }
.gauges { display: grid; grid-template-columns: 1fr 1fr; gap: 1.1rem 1.5rem; margin: 1.3rem 0 1.1rem }
.gauges div { border-top: 1px solid var(--line); padding-top: .5rem; display: flex; flex-direction: column; gap: .45rem }
.gauges .key { border-top-width: 4px }
.gauges dd { margin-top: auto; font: 700 clamp(2.2rem, 5vw, 3.4rem)/1 var(--plate); font-stretch: condensed; font-variant-numeric: tabular-nums }
.gauges:has(+ p) { max-width: 40rem }
.try + .try, .try + .small { margin-top: 1.5rem }
.try p { margin-bottom: .6rem }
button { font: 700 1.2rem/1 var(--plate); font-stretch: condensed; color: var(--sheet); background: var(--ink);
  border: 2px solid var(--ink); padding: .7rem 1.1rem .65rem; min-height: 2.75rem; cursor: pointer }
button:hover { background: var(--sheet); color: var(--ink) }
button:disabled { opacity: .6; cursor: default }
:focus-visible { outline: 3px solid var(--socket); outline-offset: 3px }
output { display: block; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .84rem; line-height: 1.5 }
output:not(:empty) { margin-top: .8rem; padding-left: .9rem; border-left: 3px solid var(--hair) }
a { color: inherit }
.left { border-top: 1px solid var(--line); padding: clamp(1.6rem, 3.5vw, 2.6rem) var(--pad) clamp(1.8rem, 4vw, 3rem) }
.left p { max-width: 68ch } .left p + p { margin-top: .7rem }

@media (max-width: 52rem) {
  .figure, .pair { grid-template-columns: 1fr }
  figure { border-right: 0; border-bottom: 1px solid var(--line) }
  .steps li { padding-left: calc(var(--pad) + 2.6rem) } .steps li::before { left: var(--pad) }
  .pair > section + section { border-left: 0; border-top: 1px solid var(--line); padding-left: var(--pad) }
  .block { grid-template-columns: 1fr 1fr }
  .block div, .block div:nth-child(n) { padding-inline: var(--pad) 1rem }
}
@media (max-width: 34rem) {
  body { padding: 0 } main { border-width: 0; outline: 0 }
  .block { grid-template-columns: 1fr }
  figure { padding-inline: .9rem } figcaption { padding-inline: calc(var(--pad) - .9rem) }
  svg .number, svg .client .role { font-size: 14px }
}
`;
