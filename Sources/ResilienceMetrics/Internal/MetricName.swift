/// What Prometheus and OpenMetrics allow in names.
enum MetricName {
  /// The same name, with `_` for what is not allowed in it.
  static func legal(_ name: String, isLabel: Bool = false) -> String {
    var legal = String(
      String.UnicodeScalarView(
        name.unicodeScalars.map { scalar in
          let isLegal =
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
            || scalar == "_" || (scalar == ":" && !isLabel)
          return isLegal ? scalar : "_"
        }))
    if let first = legal.unicodeScalars.first, ("0"..."9").contains(first) { legal = "_" + legal }
    return legal
  }
}
