/// The sign of a fault that is a moment, standing on the time axis: late requests have a diamond, others a
/// triangle.
enum FaultMark {
  static func path(_ name: String, _ x: Double, _ floor: Double) -> String {
    func point(_ right: Double, _ up: Double) -> String {
      "\(Markup.number(x + right)) \(Markup.number(floor - up))"
    }
    return name == "late request"
      ? "M\(point(0, 0)) L\(point(4, 5)) L\(point(0, 10)) L\(point(-4, 5)) Z"
      : "M\(point(0, 0)) L\(point(5, 9)) L\(point(-5, 9)) Z"
  }
}
