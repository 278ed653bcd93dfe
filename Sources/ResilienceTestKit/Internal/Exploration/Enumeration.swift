/// Every script, in depth-first order.
enum Enumeration {
  /// The next script; `nil` after the last.
  ///
  /// - Parameters:
  ///   - made: The choices of the run before.
  ///   - departures: How many of them may be other than 0.
  static func next(after made: [Choices.Choice], departures: Int) -> [Int: Int]? {
    var used = made.count { $0.taken > 0 }
    for (index, choice) in made.enumerated().reversed() {
      if choice.taken > 0 { used -= 1 }
      guard let option = choice.next, used < departures else { continue }
      var script: [Int: Int] = [choice.step: option]
      for earlier in made[..<index] where earlier.taken > 0 { script[earlier.step] = earlier.taken }
      return script
    }
    return nil
  }
}
