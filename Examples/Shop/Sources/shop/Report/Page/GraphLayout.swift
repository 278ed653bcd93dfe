import Resilience

/// Where each service of a graph is drawn: in columns, by how many calls it is away from who begins.
struct GraphLayout {
  static let node = (width: 130.0, height: 30.0)
  private static let column = 222.0
  private static let row = 62.0

  /// The middle of each service.
  private(set) var places: [String: (x: Double, y: Double)] = [:]
  private(set) var width = 0.0
  private(set) var height = 0.0

  init(_ graph: ServiceGraph, from first: String) {
    let names = Set(graph.edges.flatMap { [$0.caller, $0.callee] }).sorted()
    var columns: [[String]] = []
    var placed: Set<String> = []
    var next = names.contains(first) ? [first] : Array(names.prefix(1))
    while !next.isEmpty {
      columns.append(next)
      placed.formUnion(next)
      let callees = next.flatMap { caller in graph.edges.filter { $0.caller == caller }.map(\.callee) }
      next = Set(callees).subtracting(placed).sorted()
    }
    let rest = names.filter { !placed.contains($0) }
    if !rest.isEmpty { columns.append(rest) }
    let tallest = Double(columns.map(\.count).max() ?? 1)
    for (column, names) in columns.enumerated() {
      let offset = (tallest - Double(names.count)) / 2
      for (row, name) in names.enumerated() {
        places[name] = (
          Double(column) * Self.column + Self.node.width / 2 + 4, (Double(row) + offset + 0.5) * Self.row
        )
      }
    }
    width = Double(max(1, columns.count) - 1) * Self.column + Self.node.width + 8
    height = tallest * Self.row + 30
  }
}
