/// What a group has done of one partition, beside the committed offset: which events from there on are not
/// settled, and how often each was handed out. Kept as the metadata of the commit, so that both are written
/// at once.
///
/// Everything before `end` that is not listed is settled; from `end` on nothing was read.
struct PartitionProgress: Equatable {
  /// Kafka takes 4096 bytes (`offset.metadata.max.bytes`).
  static let limit = 4000

  var base: Int64
  var end: Int64
  /// By offset, ascending.
  var unsettled: [(offset: Int64, deliveries: Int)]

  static func == (left: PartitionProgress, right: PartitionProgress) -> Bool {
    left.base == right.base && left.end == right.end
      && left.unsettled.elementsEqual(right.unsettled) { $0 == $1 }
  }

  init(base: Int64, end: Int64, unsettled: [(offset: Int64, deliveries: Int)]) {
    self.base = base
    self.end = end
    self.unsettled = unsettled
  }

  /// `1 LENGTH SKIP:COUNT:DELIVERIES …`: the length from the base to the end, then runs. What does not fit
  /// is as not read.
  var metadata: String {
    var runs = ""
    var end = end
    var position = base
    var index = 0
    while index < unsettled.count {
      let (first, deliveries) = unsettled[index]
      var next = index + 1
      while next < unsettled.count, unsettled[next].deliveries == deliveries,
        unsettled[next].offset == first + Int64(next - index)
      {
        next += 1
      }
      let run = " \(first - position):\(next - index):\(deliveries)"
      guard runs.utf8.count + run.utf8.count <= Self.limit - 24 else {
        end = first
        break
      }
      runs += run
      position = first + Int64(next - index)
      index = next
    }
    return "1 \(end - base)\(runs)"
  }

  /// - Returns: `nil` for what is none, or is damaged.
  init?(base: Int64, metadata: String) {
    let fields = metadata.split(separator: " ")
    // Anybody may commit any offset.
    guard metadata.utf8.count <= Self.limit, fields.count >= 2, fields[0] == "1",
      (0...1 << 60).contains(base),
      let length = Int64(fields[1]), (0...1 << 40).contains(length)
    else { return nil }
    var unsettled: [(offset: Int64, deliveries: Int)] = []
    var position: Int64 = 0
    for field in fields.dropFirst(2) {
      let numbers = field.split(separator: ":").compactMap { Int64($0) }
      guard numbers.count == 3, numbers.allSatisfy({ (0...1 << 40).contains($0) }),
        position + numbers[0] + numbers[1] <= length, unsettled.count + Int(numbers[1]) <= 1 << 20
      else { return nil }
      position += numbers[0]
      for step in 0..<numbers[1] { unsettled.append((base + position + step, Int(numbers[2]))) }
      position += numbers[1]
    }
    self.init(base: base, end: base + length, unsettled: unsettled)
  }
}
