/** How the status page looks: light and dark as the reader has it, wide and narrow. */

export const STYLE = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --text: #16202c; --quiet: #5b6878; --line: #e0e5eb;
  --good: #12805c; --bad: #c22f38; --odd: #9a6700; --accent: #2563c9; --fill: #2563c91f; --ok: #3c9a78; --turn: #6f8fc4; --ask: #d9a021; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f141a; --card: #171e26; --text: #e4eaf1; --quiet: #93a1b2;
  --line: #2a343f; --good: #45c496; --bad: #ff7078; --odd: #e2b13c; --accent: #78a9ff; --fill: #78a9ff22; --ok: #2f8f6c; --turn: #55749f; --ask: #c4912a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.45 system-ui, "Segoe UI", "Noto Sans", sans-serif; }
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 20px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 14px; padding-top: 18px; color: var(--quiet); font-size: 13px; }
header b { color: var(--text); font-size: 15px; letter-spacing: .01em; }
header .live { margin-left: auto; }
.verdict { display: flex; align-items: center; gap: 14px; margin: 14px 0 16px; padding: 16px 18px; border-radius: 10px; background: var(--card);
  border: 1px solid var(--line); border-left: 6px solid var(--good); }
.verdict.bad { border-left-color: var(--bad); } .verdict.odd { border-left-color: var(--odd); }
.verdict h1 { margin: 0; font-size: 21px; font-weight: 650; color: var(--good); }
.verdict.bad h1 { color: var(--bad); } .verdict.odd h1 { color: var(--odd); }
.verdict p { margin: 2px 0 0; color: var(--quiet); overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; margin-bottom: 22px; }
.tile { display: flex; flex-direction: column; min-width: 0; padding: 12px 14px 10px; border: 1px solid var(--line); border-radius: 10px; background: var(--card); overflow: hidden; }
.tile h2 { margin: 0; font-size: 12.5px; font-weight: 500; color: var(--quiet); }
.tile .value { font-size: 25px; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.25; white-space: nowrap; }
.tile .value small { font-size: 13px; font-weight: 400; color: var(--quiet); }
.tile .note { min-height: 1.4em; font-size: 12.5px; color: var(--quiet); }
.tile.bad .value { color: var(--bad); } .tile.odd .value { color: var(--odd); }
svg.line { display: block; width: calc(100% + 28px); height: 40px; margin: auto -14px -10px; flex: none; }
svg.line rect { fill: var(--accent); opacity: .55; }
svg.line polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
svg.line polygon { fill: var(--fill); }
section { margin-bottom: 22px; }
section > h2 { margin: 0 0 8px; font-size: 15px; font-weight: 650; } section > h2 small { font-weight: 400; color: var(--quiet); }
.table { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 12px; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; font-size: 12.5px; font-weight: 500; color: var(--quiet); white-space: nowrap; }
tbody th { font-weight: 600; overflow-wrap: anywhere; } tbody th small { display: block; font-weight: 400; color: var(--quiet); }
.n { text-align: right; white-space: nowrap; }
.state { white-space: nowrap; font-weight: 600; } .state::before { content: "●"; margin-right: 6px; }
.up { color: var(--good); } .down, .hot { color: var(--bad); } .drained, .warm { color: var(--odd); }
.why { display: block; font-size: 12.5px; color: var(--quiet); font-weight: 400; white-space: normal; max-width: 34ch; }
.none { color: var(--quiet); } .wide { min-width: 120px; }
svg.parts { display: block; width: 100%; min-width: 90px; height: 9px; margin-top: 7px; border-radius: 4px; overflow: hidden; background: var(--line); }
.c1xx, .c2xx { fill: var(--ok); } .c3xx { fill: var(--turn); } .c4xx { fill: var(--ask); } .c5xx { fill: var(--bad); } .c0xx { fill: var(--quiet); }
.key { display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 7px 2px 0; font-size: 12.5px; color: var(--quiet); }
.key svg { width: 9px; height: 9px; margin-right: 5px; border-radius: 2px; }
.empty { padding: 14px; color: var(--quiet); }
footer { padding-bottom: 28px; font-size: 13px; color: var(--quiet); } a { color: var(--accent); }
body.stale main { opacity: .45; } body.stale .live { color: var(--bad); font-weight: 600; }
@media (max-width: 880px) { .tiles { grid-template-columns: repeat(2, 1fr); } }
@media (max-width: 620px) {
  main, header, footer { padding: 0 12px; } header { padding-top: 12px; } header .live { margin-left: 0; }
  .tile .value { font-size: 21px; } .tile .value small { display: block; font-size: 12px; white-space: normal; } .verdict h1 { font-size: 18px; }
  .table { border: 0; background: none; overflow: visible; } table, tbody { display: block; } thead { display: none; }
  tr { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 4px 14px; margin-bottom: 10px; padding: 10px 12px; border: 1px solid var(--line);
    border-radius: 10px; background: var(--card); }
  th, td { display: block; padding: 0; border: 0; text-align: left; } td:empty { display: none; } td.n { text-align: left; }
  tbody th { grid-column: 1 / -1; } td.full { grid-column: 1 / -1; }
  td[data-name]::before { content: attr(data-name); display: block; font-size: 12px; color: var(--quiet); font-weight: 400; }
  .why { max-width: none; }
}
`;
