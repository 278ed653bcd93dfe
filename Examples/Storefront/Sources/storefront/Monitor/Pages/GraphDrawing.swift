import Foundation

/// Who calls whom, as boxes and arrows, with the calls and the failures among them.
struct GraphDrawing {
  private let edges: [CallGraph.Edge]
  private let layout: GraphLayout

  /// More arrows than these are not to be read: the table has them.
  private static let maxEdges = 60

  init(_ graph: CallGraph) {
    edges = graph.edges
    layout = GraphLayout(graph)
  }

  /// Empty for a graph with too many arrows.
  var figure: String {
    guard edges.count <= Self.maxEdges else { return "" }
    let described = edges.map { "\($0.caller) calls \($0.callee): \($0.calls) calls, \($0.errors) failed" }
    let drawing = HTML.element(
      "svg",
      [
        "class": "graph", "viewBox": "0 0 \(Self.number(layout.width)) \(Self.number(layout.height))",
        "role": "img", "aria-labelledby": "graph-text", "width": Self.number(layout.width),
        "height": Self.number(layout.height),
      ],
      HTML.element("desc", ["id": "graph-text"], HTML.text(described.joined(separator: "; ")))
        + Self.arrowHead + edges.map(arrow).joined() + layout.places.keys.sorted().map(box).joined()
        + edges.map(label).joined())
    return HTML.element("figure", [:], HTML.element("div", ["class": "scroll"], drawing))
  }

  private static let arrowHead =
    "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
    + "markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"head\" d=\"M0 0 L8 4 L0 8 Z\"/></marker></defs>"

  private func arrow(_ edge: CallGraph.Edge) -> String {
    guard let curve = curve(edge) else { return "" }
    let places = curve.map { "\(Self.number($0.x)) \(Self.number($0.y))" }
    let path = "M\(places[0]) C\(places[1]) \(places[2]) \(places[3])"
    return HTML.element("path", ["class": "edge", "d": path, "marker-end": "url(#head)"], "")
  }

  private func box(_ name: String) -> String {
    guard let place = layout.places[name] else { return "" }
    let (width, height) = GraphLayout.node
    let rectangle = HTML.element(
      "rect",
      [
        "class": "node", "x": Self.number(place.x - width / 2), "y": Self.number(place.y - height / 2),
        "width": Self.number(width), "height": Self.number(height), "rx": "5",
      ], "")
    return rectangle + Self.text(name.count > 17 ? "\(name.prefix(16))…" : name, (place.x, place.y + 4), "")
  }

  private func label(_ edge: CallGraph.Edge) -> String {
    guard let curve = curve(edge) else { return "" }
    // Nearer to the callee, where arrows from one caller have parted.
    let (t, s) = (0.6, 0.4)
    let weights = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t]
    let x = zip(curve, weights).reduce(0) { $0 + $1.0.x * $1.1 }
    let y = zip(curve, weights).reduce(0) { $0 + $1.0.y * $1.1 }
    return edge.errors == 0
      ? Self.text("\(edge.calls)", (x, y - 4), "halo")
      : Self.text("\(edge.calls), ✗ \(edge.errors)", (x, y - 4), "halo failure")
  }

  private func curve(_ edge: CallGraph.Edge) -> [GraphLayout.Place]? {
    guard let from = layout.places[edge.caller], let to = layout.places[edge.callee] else { return nil }
    return GraphLayout.curve(from: from, to: to)
  }

  private static func text(_ text: String, _ place: GraphLayout.Place, _ kind: String) -> String {
    HTML.element(
      "text", ["class": kind, "x": number(place.x), "y": number(place.y), "text-anchor": "middle"],
      HTML.text(text))
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
