/// The mean of what is known by name, added up in the order of the names: the same to the last digit each
/// time.
enum Mean {
  static func of(_ values: [String: Double]) -> Double {
    values.isEmpty
      ? 0 : values.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value } / Double(values.count)
  }
}
