/// The way of an arrow from one box to another one.
struct GraphCurve {
  private let points: [(x: Double, y: Double)]

  /// - Parameters:
  ///   - from: The middle of the caller's box.
  ///   - to: The middle of the callee's box.
  init(from: (x: Double, y: Double), to: (x: Double, y: Double)) {
    let (width, height) = GraphLayout.node
    if to.x > from.x {
      let bend = (to.x - from.x - width) / 2
      points = [
        (from.x + width / 2, from.y), (from.x + width / 2 + bend, from.y), (to.x - width / 2 - bend, to.y),
        (to.x - width / 2 - 1, to.y),
      ]
    } else {
      // Back: below both, the deeper the further.
      let depth = max(from.y, to.y) + height / 2 + 24 + (from.x - to.x) / 20
      points = [
        (from.x, from.y + height / 2), (from.x, depth), (to.x, depth), (to.x, to.y + height / 2 + 1),
      ]
    }
  }

  var path: String {
    let places = points.map { "\(Markup.number($0.x)) \(Markup.number($0.y))" }
    return "M\(places[0]) C\(places[1]) \(places[2]) \(places[3])"
  }

  /// Nearer to the callee, where arrows from one caller have parted.
  var labelPlace: (x: Double, y: Double) {
    let (t, s) = (0.6, 0.4)
    let weights = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t]
    return (
      zip(points, weights).reduce(0) { $0 + $1.0.x * $1.1 },
      zip(points, weights).reduce(0) { $0 + $1.0.y * $1.1 }
    )
  }
}
