/// Where each service of a graph is drawn: in columns, by how many calls it is away from whoever nobody calls.
struct GraphLayout {
  typealias Place = (x: Double, y: Double)

  static let node = (width: 130.0, height: 30.0)
  private static let column = 222.0
  private static let row = 62.0

  /// The middle of each service.
  private(set) var places: [String: Place] = [:]
  private(set) var width = 0.0
  private(set) var height = 0.0

  init(_ graph: CallGraph) {
    let names = Set(graph.edges.flatMap { [$0.caller, $0.callee] })
    let called = Set(graph.edges.filter { $0.caller != $0.callee }.map(\.callee))
    var columns: [[String]] = []
    var rest = names
    var next = names.subtracting(called).sorted()
    while !rest.isEmpty {
      // Those that only call each other are begun with the first of them.
      if next.isEmpty { next = rest.sorted().prefix(1).map(\.self) }
      columns.append(next)
      rest.subtract(next)
      let callers = Set(next)
      next = Set(graph.edges.filter { callers.contains($0.caller) }.map(\.callee)).intersection(rest).sorted()
    }
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
    // Arrows back run below.
    height = tallest * Self.row + 30 + width / 25
  }

  /// The way of an arrow: from the side of the caller to the side of the callee; back from below to below.
  static func curve(from: Place, to: Place) -> [Place] {
    let (width, height) = node
    if to.x > from.x {
      let bend = (to.x - from.x - width) / 2
      return [
        (from.x + width / 2, from.y), (from.x + width / 2 + bend, from.y), (to.x - width / 2 - bend, to.y),
        (to.x - width / 2 - 1, to.y),
      ]
    }
    let depth = max(from.y, to.y) + height / 2 + 24 + (from.x - to.x) / 20
    return [(from.x, from.y + height / 2), (from.x, depth), (to.x, depth), (to.x, to.y + height / 2 + 1)]
  }
}
