/// Who calls whom.
struct GraphPage {
  let graph: CallGraph

  init(_ graph: CallGraph) { self.graph = graph }

  struct Document: Encodable {
    struct Edge: Encodable {
      var caller: String
      var callee: String
      var calls: Int
      var errors: Int
      var medianNanoseconds: UInt64
      var percentile99Nanoseconds: UInt64
    }

    var edges: [Edge]
    var leftOut: Int
  }

  var document: Document {
    Document(
      edges: graph.edges.map {
        Document.Edge(
          caller: $0.caller, callee: $0.callee, calls: $0.calls, errors: $0.errors,
          medianNanoseconds: $0.median, percentile99Nanoseconds: $0.percentile99)
      }, leftOut: graph.leftOut)
  }

  var html: String {
    let rows = graph.edges.map { edge -> [HTML.Cell] in
      let query: KeyValuePairs = ["service": edge.callee]
      return [
        .text(edge.caller), .markup(HTML.link(HTML.text(edge.callee), to: "/traces", query: query)),
        .number("\(edge.calls)"), .number("\(edge.errors)", isBad: edge.errors > 0),
        .number(Figure.time(nanoseconds: edge.median)), .number(Figure.time(nanoseconds: edge.percentile99)),
      ]
    }
    var content = HTML.note("From the traces that are kept. What is handled as an event is a call, too.")
    content +=
      rows.isEmpty
      ? HTML.element("p", [:], "No span of two services has come.")
      : HTML.section("Calls, and those that failed", matrix)
        + HTML.section(
          "How fast",
          HTML.table(["caller", "callee", "calls", "failed", "half within", "99 of 100 within"], rows))
    if graph.leftOut > 0 { content += HTML.note("\(graph.leftOut) pairs with fewer calls are left out.") }
    return Page(title: "Who calls whom", content: content).html
  }

  /// More services make no table that can be read: the list has them.
  private static let maxServices = 20

  /// A row for each caller, a column for each callee; empty where there are too many.
  private var matrix: String {
    let callers = Set(graph.edges.map(\.caller)).sorted()
    let callees = Set(graph.edges.map(\.callee)).sorted()
    guard max(callers.count, callees.count) <= Self.maxServices else { return "" }
    let edges = Dictionary(graph.edges.map { ([$0.caller, $0.callee], $0) }) { first, _ in first }
    let rows = callers.map { caller in
      [HTML.Cell.text(caller.clipped(to: 40))]
        + callees.map { callee in
          guard let edge = edges[[caller, callee]] else { return .number("") }
          let failed = edge.errors > 0
          return .number(failed ? "\(edge.calls), ✗ \(edge.errors)" : "\(edge.calls)", isBad: failed)
        }
    }
    return HTML.table(["calls of ↓ to →"] + callees.map { $0.clipped(to: 40) }, rows)
  }
}
