public import ResilienceCore

/// How a journal writes, how much it takes, and how long it keeps it.
public struct JournalPolicy: Sendable, Hashable {
  /// The length of a file, taken from the disk when the file is begun; from `maxBatchBytes` and
  /// 1 KiB to 1 TiB.
  public let segmentBytes: Int

  /// What has been done with a record when an append returns.
  public let durability: JournalDurability

  /// The most bytes of a record's key and payload together; 1 to 512 MiB.
  public let maxRecordBytes: Int

  /// The most bytes that are written at one time, and so the most of an append; from `maxRecordBytes` and
  /// 20 to 1 GiB. Appends beyond it wait for the next write.
  public let maxBatchBytes: Int

  /// How much is kept; 1 or more. The oldest files are removed beyond it, if need be all but the one that is
  /// written. `nil` keeps everything.
  public let retainedBytes: Int?

  /// How long records are kept; positive. A file is removed when all its records are older. `nil` keeps
  /// everything.
  public let retainedTime: Duration?

  /// A place to start reading from is kept in memory for each so many bytes; 1 or more.
  public let indexStepBytes: Int

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - segmentBytes: Default: 64 MiB: one in sixteen of them is read when a journal of 1 GiB is opened.
  ///   - durability: Default: synced.
  ///   - maxRecordBytes: Default: 1 MiB, as Kafka's `max.message.bytes`.
  ///   - maxBatchBytes: Default: 8 MiB.
  ///   - retainedBytes: Default: `nil`.
  ///   - retainedTime: Default: `nil`.
  ///   - indexStepBytes: Default: 64 KiB: 400 kB of memory for 1 GiB.
  public init(
    segmentBytes: Int = 64 << 20, durability: JournalDurability = .synced, maxRecordBytes: Int = 1 << 20,
    maxBatchBytes: Int = 8 << 20, retainedBytes: Int? = nil, retainedTime: Duration? = nil,
    indexStepBytes: Int = 64 << 10
  ) {
    self.init(
      unchecked: segmentBytes, durability, maxRecordBytes, maxBatchBytes, retainedBytes, retainedTime,
      indexStepBytes)
    if let fault { preconditionFailure("a journal's \(fault)") }
  }

  /// Creates a policy from values that come from outside, with the parameters and defaults of the
  /// initialiser.
  ///
  /// - Throws: `InvalidSetting` for the first value that is out of its range, where the initialiser traps.
  public static func validated(
    segmentBytes: Int = JournalPolicy().segmentBytes,
    durability: JournalDurability = JournalPolicy().durability,
    maxRecordBytes: Int = JournalPolicy().maxRecordBytes,
    maxBatchBytes: Int = JournalPolicy().maxBatchBytes, retainedBytes: Int? = nil,
    retainedTime: Duration? = nil, indexStepBytes: Int = JournalPolicy().indexStepBytes
  ) throws(InvalidSetting) -> JournalPolicy {
    let policy = JournalPolicy(
      unchecked: segmentBytes, durability, maxRecordBytes, maxBatchBytes, retainedBytes, retainedTime,
      indexStepBytes)
    if let fault = policy.fault { throw fault }
    return policy
  }

  private init(
    unchecked segmentBytes: Int, _ durability: JournalDurability, _ maxRecordBytes: Int,
    _ maxBatchBytes: Int, _ retainedBytes: Int?, _ retainedTime: Duration?, _ indexStepBytes: Int
  ) {
    self.segmentBytes = segmentBytes
    self.durability = durability
    self.maxRecordBytes = maxRecordBytes
    self.maxBatchBytes = maxBatchBytes
    self.retainedBytes = retainedBytes
    self.retainedTime = retainedTime
    self.indexStepBytes = indexStepBytes
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    if let sizeFault { return sizeFault }
    if let bytes = retainedBytes, bytes < 1 {
      return .unless(false, "retainedBytes", bytes, "1 or more")
    }
    if let time = retainedTime, time <= .zero {
      return .unless(false, "retainedTime", time, "more than 0s")
    }
    return .unless(indexStepBytes >= 1, "indexStepBytes", indexStepBytes, "1 or more")
  }

  private var sizeFault: InvalidSetting? {
    let sizes: [(field: String, bytes: Int, most: Int64, least: Int, requirement: String)] = [
      ("maxRecordBytes", maxRecordBytes, 1 << 29, 1, ""),
      (
        "maxBatchBytes", maxBatchBytes, 1 << 30, min(maxRecordBytes, 1 << 29) + RecordCoding.headBytes,
        "maxRecordBytes and \(RecordCoding.headBytes)"
      ),
      ("segmentBytes", segmentBytes, 1 << 40, min(maxBatchBytes, 1 << 30) + 1024, "maxBatchBytes and 1024"),
    ]
    for size in sizes {
      let fault: InvalidSetting? =
        .outside(1...Int(clamping: size.most), size.field, size.bytes)
        ?? .unless(
          size.bytes >= size.least, size.field, size.bytes, "\(size.least) or more, \(size.requirement)")
      if let fault { return fault }
    }
    return nil
  }
}
