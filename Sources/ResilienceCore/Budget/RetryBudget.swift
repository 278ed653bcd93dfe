public import Synchronization

/// Bounds the extra load that retries may put on one destination to a share of its original calls.
///
/// Retries cause more outages than they prevent: three layers of four attempts turn one call into 64. With a budget of
/// 10 % each layer adds at most a tenth. One budget belongs to one destination, and is shared by everything that
/// repeats calls to it: retries, hedges, redeliveries. A call deposits once, in the outermost layer; a retry takes
/// its token when it is decided, before it waits.
///
/// Tokens are kept in thousandths, so that shares are exact.
public final class RetryBudget: Sendable {
  @usableFromInline static var tokenScale: Int64 { 1000 }

  /// Names the destination in metrics; empty when unnamed.
  public let name: String

  /// Retries per original call; 0.1 allows one retry for ten calls.
  public let ratio: Double

  /// The most retries that can be saved up, and what a new budget starts with.
  public let reserve: Int

  @usableFromInline let depositScaled: Int64
  @usableFromInline let maximumScaled: Int64
  @usableFromInline let balance: Atomic<Int64>
  let granted = Atomic<UInt64>(0)
  let refused = Atomic<UInt64>(0)

  /// Creates a budget.
  ///
  /// - Parameters:
  ///   - name: The destination, for metrics. Default: unnamed.
  ///   - ratio: Retries per original call, 0 to 10. Default: 0.1, the share that Google's SRE book recommends.
  ///   - reserve: The most retries that can be saved up, 1 or more; a new budget starts with as many, so that a
  ///     quiet client may retry at all. Default: 10.
  public init(_ name: String = "", ratio: Double = 0.1, reserve: Int = 10) {
    precondition((0...10).contains(ratio), "a retry budget's ratio must be in 0 ... 10, was \(ratio)")
    precondition(
      (1...1_000_000_000).contains(reserve), "a retry budget's reserve must be in 1 ... 10⁹, was \(reserve)")
    self.name = name
    self.ratio = ratio
    self.reserve = reserve
    depositScaled = Int64((ratio * Double(Self.tokenScale)).rounded())
    maximumScaled = Int64(reserve) * Self.tokenScale
    balance = Atomic(maximumScaled)
  }

  /// Retries that could be taken now.
  public var available: Int {
    Int(balance.load(ordering: .relaxed) / Self.tokenScale)
  }

  /// Notes one original call.
  @inlinable
  package func deposit() {
    let current = balance.load(ordering: .relaxed)
    if current < maximumScaled { add(depositScaled, to: current) }
  }

  /// Takes the token for one retry; `false` when there is none.
  @usableFromInline
  package func withdraw() -> Bool {
    var current = balance.load(ordering: .relaxed)
    while current >= Self.tokenScale {
      let (exchanged, original) = balance.weakCompareExchange(
        expected: current, desired: current - Self.tokenScale, ordering: .relaxed)
      if exchanged {
        granted.wrappingAdd(1, ordering: .relaxed)
        return true
      }
      current = original
    }
    refused.wrappingAdd(1, ordering: .relaxed)
    return false
  }

  /// Hands back the token of a retry that was not made after all.
  package func refund() {
    add(Self.tokenScale, to: balance.load(ordering: .relaxed))
  }

  @usableFromInline
  func add(_ amount: Int64, to seen: Int64) {
    var current = seen
    while current < maximumScaled {
      let (exchanged, original) = balance.weakCompareExchange(
        expected: current, desired: min(maximumScaled, current + amount), ordering: .relaxed)
      if exchanged { return }
      current = original
    }
  }
}
