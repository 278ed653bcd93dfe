/// A page of the monitor: it stands alone, and asks for no script.
struct Page {
  var title: String
  /// Markup.
  var content: String
  /// After so many seconds a browser asks again; `nil` for never.
  var refreshSeconds: Int?

  var html: String {
    let refresh = refreshSeconds.map {
      HTML.empty("meta", ["http-equiv": "refresh", "content": "\($0)"]) + "\n"
    }
    let ways = [("How it is", "/"), ("Traces", "/traces"), ("Who calls whom", "/graph")]
      .map { HTML.link(HTML.text($0.0), to: $0.1) }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      \(refresh ?? "")<title>\(HTML.text(title))</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <main>
      <nav>\(ways.joined(separator: " "))</nav>
      <h1>\(HTML.text(title))</h1>
      \(content)
      </main>
      </body>
      </html>

      """
  }

  private static let style = """
    :root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --quiet: #59636e; --line: #d5dae0;
      --card: #f6f8fa; --bar: #0b3d91; --bad: #b42318; --good: #1f7a4d; }
    @media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e8ebef; --quiet: #9aa5b1;
      --line: #363d45; --card: #1c2127; --bar: #a9c9ff; --bad: #ff8a80; --good: #58c596; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
    main { max-width: 1360px; margin: 0 auto; padding: 16px; }
    h1 { font-size: 1.6rem; line-height: 1.25; margin: 8px 0; overflow-wrap: anywhere; }
    h2 { font-size: 1.2rem; margin: 32px 0 8px; border-bottom: 1px solid var(--line); padding-bottom: 4px; }
    p, li { max-width: 80ch; margin: 8px 0; overflow-wrap: anywhere; } li { margin: 2px 0; }
    .lead { font-size: 1.1rem; } ul { padding-left: 1.2em; margin: 4px 0; }
    .whole { white-space: nowrap; } a { color: inherit; } nav a { margin-right: 16px; }
    .quiet { color: var(--quiet); font-size: .875rem; } .good { color: var(--good); font-weight: 600; }
    .bad { color: var(--bad); font-weight: 600; }
    .scroll { overflow-x: auto; max-width: 100%; }
    table { border-collapse: collapse; font-size: .9375rem; }
    th, td { text-align: left; vertical-align: top; padding: 4px 14px 4px 0;
      border-bottom: 1px solid var(--line); }
    th { font-weight: 600; } td { white-space: nowrap; } td.wrap { white-space: normal; }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    .cards { display: grid; gap: 0 32px;
      grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
    svg.spark { display: block; width: 120px; height: 24px; }
    svg.spark polyline { fill: none; stroke: var(--bar); stroke-width: 1.5;
      vector-effect: non-scaling-stroke; }
    form { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: end; margin: 12px 0; }
    label { display: grid; font-size: .875rem; color: var(--quiet); }
    input, select, button { font: inherit; color: var(--ink); background: var(--card);
      border: 1px solid var(--line);
      border-radius: 4px; padding: 4px 8px; max-width: 100%; width: 11rem; height: 2.25rem; }
      button { width: auto; cursor: pointer; }
    details.span { border-bottom: 1px solid var(--line); }
    details.span summary { display: grid; grid-template-columns: minmax(0, 26rem) minmax(0, 1fr) 6.5rem;
      gap: 12px;
      align-items: center; cursor: pointer; padding: 3px 0; list-style: none; font-size: .9375rem; }
    details.span summary::-webkit-details-marker { display: none; }
    details.span summary:hover, details.span summary:focus-visible { background: var(--card); }
    .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
      padding-left: calc(var(--depth) * 12px); }
    .track { position: relative; height: 14px; background: var(--card); }
    .track i { position: absolute; top: 1px; height: 12px; min-width: 2px; left: var(--from);
      width: var(--size);
      background: var(--bar); }
    .failed .track i { background: var(--bad); } .failed .label { color: var(--bad); font-weight: 600; }
    .facts { margin: 4px 0 12px calc(var(--depth) * 12px); font-size: .875rem; }
    .facts table { font-size: .875rem; } .facts td { white-space: normal; overflow-wrap: anywhere;
      padding: 2px 12px 2px 0; }
    .facts td:first-child { color: var(--quiet); overflow-wrap: normal; min-width: 7em; }
    @media (max-width: 700px) { details.span summary { grid-template-columns: minmax(0, 1fr) 5.5rem;
      gap: 0 8px; }
      .label { padding-left: calc(var(--depth) * 6px); } .track { grid-row: 2; grid-column: 1 / 3; }
      .facts { margin-left: 0; } }
    """
}
