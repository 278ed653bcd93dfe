import Resilience

/// Who calls whom, as boxes and arrows, with the calls and the failures among them.
struct GraphDrawing {
  let graph: ServiceGraph

  var figure: String {
    let layout = GraphLayout(graph, from: "order")
    let edges = graph.edges.sorted { $0.calls > $1.calls }
    let drawing = Markup.element(
      "svg",
      [
        "class": "wide", "viewBox": "0 0 \(Markup.number(layout.width)) \(Markup.number(layout.height))",
        "role": "img", "aria-labelledby": "graph-title graph-text",
      ],
      Markup.element("title", ["id": "graph-title"], "Service graph")
        + Markup.element("desc", ["id": "graph-text"], Markup.text(description))
        + Markup.element("defs", [:], arrowHead) + edges.map { arrow($0, layout) }.joined()
        + layout.places.keys.sorted().map { box($0, layout) }.joined()
        + edges.map { label($0, layout) }.joined())
    return Markup.element(
      "figure", ["id": "graph"], Markup.element("div", ["class": "scroll"], drawing))
  }

  private var description: String {
    graph.edges.map { "\($0.caller) calls \($0.callee): \($0.calls) calls, \($0.failures) failed" }
      .joined(separator: "; ") + "."
  }

  private var arrowHead: String {
    Markup.element(
      "marker",
      [
        "id": "head", "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "7", "markerHeight": "7",
        "markerUnits": "userSpaceOnUse", "orient": "auto",
      ], Markup.empty("path", ["class": "head", "d": "M0 0 L8 4 L0 8 Z"]))
  }

  /// From the side of the caller to the side of the callee; back from below to below.
  private func curve(_ edge: ServiceGraph.Edge, _ layout: GraphLayout) -> GraphCurve? {
    guard let from = layout.places[edge.caller], let to = layout.places[edge.callee] else { return nil }
    return GraphCurve(from: from, to: to)
  }

  private func arrow(_ edge: ServiceGraph.Edge, _ layout: GraphLayout) -> String {
    guard let curve = curve(edge, layout) else { return "" }
    return Markup.empty("path", ["class": "edge", "d": curve.path, "marker-end": "url(#head)"])
  }

  private func box(_ name: String, _ layout: GraphLayout) -> String {
    guard let place = layout.places[name] else { return "" }
    let (width, height) = GraphLayout.node
    return Markup.empty(
      "rect",
      [
        "class": "node", "x": Markup.number(place.x - width / 2), "y": Markup.number(place.y - height / 2),
        "width": Markup.number(width), "height": Markup.number(height), "rx": "5",
      ])
      + Markup.label(name.count > 19 ? "\(name.prefix(18))…" : name, (place.x, place.y + 4), "middle", "")
  }

  private func label(_ edge: ServiceGraph.Edge, _ layout: GraphLayout) -> String {
    guard let middle = curve(edge, layout)?.labelPlace else { return "" }
    let place = (middle.x, middle.y - 4)
    return edge.failures == 0
      ? Markup.label("\(edge.calls)", place, "middle", "halo quiet")
      : Markup.label("\(edge.calls), ✗ \(edge.failures)", place, "middle", "halo bad")
  }
}
