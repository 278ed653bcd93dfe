import Synchronization

/// The samples of one run, in their order.
final class DaySamples: Sendable {
  private let samples = Mutex<[DaySample]>([])

  var all: [DaySample] { samples.withLock { $0 } }

  func add(_ sample: DaySample) {
    samples.withLock { $0.append(sample) }
  }
}
