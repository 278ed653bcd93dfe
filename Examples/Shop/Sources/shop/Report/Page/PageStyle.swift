/// How the page looks: two colours for the two runs that differ in lightness, light and dark.
enum PageStyle {
  static let css = """
    :root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --quiet: #59636e; --line: #d5dae0;
      --card: #f6f8fa; --fault: #8a6d3b; --bare: #d9822b; --toolkit: #0b3d91; --third: #2f8f6b; --bad: #b42318; }
    @media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e8ebef; --quiet: #9aa5b1;
      --line: #363d45; --card: #1c2127; --fault: #c9a86a; --bare: #c06a20; --toolkit: #a9c9ff; --third: #58c596;
      --bad: #ff8a80; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
    main { max-width: 1360px; margin: 0 auto; padding: 16px; }
    h1 { font-size: 1.6rem; line-height: 1.25; margin: 8px 0; }
    h2 { font-size: 1.2rem; margin: 36px 0 8px; border-bottom: 1px solid var(--line); padding-bottom: 4px; }
    p { max-width: 80ch; margin: 8px 0; overflow-wrap: anywhere; }
    .lead { font-size: 1.1rem; }
    p.quiet, span.quiet, figcaption { color: var(--quiet); font-size: .875rem; }
    .scroll { overflow-x: auto; max-width: 100%; }
    table { border-collapse: collapse; font-size: .9375rem; }
    th, td { text-align: left; vertical-align: top; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); }
    td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
    tbody th { font-weight: 400; } tbody th.level0 { font-weight: 600; }
    .level1 { padding-left: 1.2em; } .level2 { padding-left: 2.4em; }
    .plots { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
    figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 6px;
      padding: 10px; min-width: 0; }
    figure h3 { font-size: 1rem; margin: 0; }
    .key { display: inline-block; margin-right: 14px; white-space: nowrap; }
    .key svg { width: 34px; height: 10px; vertical-align: middle; margin-right: 5px; }
    svg { display: block; width: 100%; height: auto; } .key svg { display: inline-block; }
    svg text { fill: var(--ink); font: 12px system-ui, "DejaVu Sans", sans-serif; }
    svg text.small { font-size: 10.5px; fill: var(--fault); } svg text.quiet { fill: var(--quiet); }
    .grid { stroke: var(--line); } .axis { stroke: var(--quiet); }
    .fault { fill: var(--fault); fill-opacity: .16; } .mark { fill: var(--fault); }
    .plot { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
    .plot.bare { stroke: var(--bare); stroke-dasharray: 4 5; } .plot.toolkit { stroke: var(--toolkit); }
    .plot.third { stroke: var(--third); stroke-dasharray: 0.1 4; }
    .open { fill: var(--bad); } .halfOpen { fill: var(--bad); fill-opacity: .6; }
    .recovering { fill: var(--bad); fill-opacity: .3; }
    .closed { fill: var(--line); }
    .bar { fill: var(--toolkit); } .bar.failure { fill: var(--bad); } .bar.neutral { fill: var(--quiet); }
    .node { fill: var(--paper); stroke: var(--toolkit); stroke-width: 1.5; }
    .edge { fill: none; stroke: var(--quiet); } .head { fill: var(--quiet); }
    .halo { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
    .bad, svg text.bad { color: var(--bad); fill: var(--bad); font-weight: 600; } .good { font-weight: 600; }
    code { font: .8125rem ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
    dt { font-weight: 600; margin-top: 12px; } dd { margin: 0 0 0 1.2em; overflow-wrap: anywhere; }
    dd ul, td ul { margin: 4px 0; padding-left: 1.2em; }
    summary { cursor: pointer; margin: 12px 0; } .wide { min-width: 760px; max-width: 1000px; }
    .whole { white-space: nowrap; }
    """
}
