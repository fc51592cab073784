/** How the pictures look: light, flat, few colours. */
export const CSS = `
* { box-sizing: border-box; }
body { margin: 0; padding: 12px 8px; background: #f4f5f7; color: #1c2128;
  font: 13px/1.4 "Liberation Sans", "DejaVu Sans", Arial, sans-serif; }
h1 { margin: 0 4px 8px; font-size: 17px; }
main { position: relative; }
section { position: absolute; overflow: hidden; padding: 9px 12px; background: #fff; border: 1px solid #dde1e6; border-radius: 4px; }
h2 { margin: 0 0 8px; font-size: 13px; font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.none { color: #57606c; }
.stats { display: flex; height: calc(100% - 30px); align-items: center; justify-content: space-around; gap: 12px; text-align: center; }
.stats b { display: block; font-size: 21px; font-weight: 600; white-space: nowrap; }
.stats div:nth-child(n+1):not(:only-child) b { font-size: 16px; }
.stats span { display: block; max-width: 130px; color: #57606c; font-size: 12px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: 3px 10px; align-items: center; }
.bars .name { max-width: 250px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bars .track { height: 14px; }
.bars i { display: block; height: 100%; border-radius: 2px; }
.bars .value, .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
table { width: 100%; border-collapse: collapse; font-size: 12px; }
th { padding: 3px 10px 5px 0; color: #57606c; font-weight: 600; text-align: left; border-bottom: 1px solid #dde1e6; white-space: nowrap; }
td { padding: 4px 10px 4px 0; border-bottom: 1px solid #eef0f3; white-space: nowrap; max-width: 165px; overflow: hidden; text-overflow: ellipsis; }
th.number { text-align: right; }
th:last-child, td:last-child { padding-right: 0; }
svg { display: block; }
svg text { fill: #57606c; font-size: 11px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin-top: 6px; }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 5px; border-radius: 2px; }
`;
