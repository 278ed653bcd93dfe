import Foundation
import ResilienceCore

@testable import ResilienceBulkhead

/// A destination with so many places, first come first served, and callers that fill whatever is let in.
///
/// Written for speed without optimisation: a million calls in a second or two.
struct Destination {
  enum Service {
    case constant
    /// Without a memory: which of the calls that are being worked on is the next to be done is anybody's
    /// guess.
    case exponential
  }

  static let meanServiceTime = 10_000_000.0

  var places: Int
  var meanServiceTime = Destination.meanServiceTime
  /// At most so many calls at a time, however much is let in.
  var callers = Int.max
  /// What becomes of a call, by what was inside when it entered.
  var outcome: ((_ inUse: Int) -> Outcome)?

  private let service: Service
  private var random: UInt64
  private var now = 0.0
  private var inFlight = 0
  // Rings: constant times finish in the order of entry. `entered` numbers the calls.
  private var enteredAt = [Double](repeating: 0, count: 4096)
  private var doneAt = [Double](repeating: 0, count: 4096)
  private var inUse = [Int](repeating: 0, count: 4096)
  private var entered = 4096
  private var finished = 4096
  // Exponential: the calls being worked on, by number.
  private var atWork: [Int] = []
  private var started = 4096

  private static let exponentials: [Double] = (0..<4096).map { -log((Double($0) + 0.5) / 4096) }

  init(_ service: Service, places: Int, seed: UInt64 = 1) {
    self.service = service
    self.places = places
    random = seed
  }

  /// What a run came to.
  struct Figures {
    var calls = 0
    var most = 0
    var least = Int.max
    /// The limit, not the probes: within one and 1.3 times the places, or one more where that is less than a
    /// call.
    var inBand = 0
    var enough = 0
    /// The first call at which the limit was in the band; -1 for never.
    var firstInBand = -1

    var share: Double { Double(inBand) / Double(calls) }
  }

  mutating func run(_ calls: Int, through limit: inout AdaptiveLimit) -> Figures {
    var figures = Figures()
    figures.calls = calls
    let band = places...max(places + 1, places * 13 / 10)
    for call in 0..<calls {
      while inFlight < limit.limit, inFlight < callers { enter(&limit) }
      finish(&limit)
      let learned = limit.fullLimit
      if learned > figures.most { figures.most = learned }
      if learned < figures.least { figures.least = learned }
      if learned >= places { figures.enough += 1 }
      if band.contains(learned) {
        figures.inBand += 1
        if figures.firstInBand < 0 { figures.firstInBand = call }
      }
    }
    return figures
  }

  private mutating func enter(_ limit: inout AdaptiveLimit) {
    limit.enter(inUse: inFlight, at: Instant(nanoseconds: Int64(now)))
    inFlight += 1
    let slot = entered & 4095
    enteredAt[slot] = now
    inUse[slot] = inFlight
    if service == .constant {
      doneAt[slot] = max(now, doneAt[(entered - places) & 4095]) + meanServiceTime
    }
    entered += 1
  }

  private mutating func finish(_ limit: inout AdaptiveLimit) {
    let slot = service == .constant ? finishFirst() : finishAny()
    let call = AdaptiveLimit.Call(weight: 1, inUse: inUse[slot], nanoseconds: Int64(now - enteredAt[slot]))
    limit.leave(
      call, outcome?(inUse[slot]) ?? .success, inUse: inFlight, at: Instant(nanoseconds: Int64(now)))
    inFlight -= 1
  }

  private mutating func finishFirst() -> Int {
    let slot = finished & 4095
    finished += 1
    now = doneAt[slot]
    return slot
  }

  private mutating func finishAny() -> Int {
    while atWork.count < places, started < entered {
      atWork.append(started & 4095)
      started += 1
    }
    now += meanServiceTime * Self.exponentials[Int(draw() >> 52)] / Double(atWork.count)
    let index = Int(((draw() >> 32) * UInt64(atWork.count)) >> 32)
    let slot = atWork[index]
    atWork[index] = atWork[atWork.count - 1]
    atWork.removeLast()
    return slot
  }

  /// SplitMix64, spelled out for speed.
  private mutating func draw() -> UInt64 {
    random &+= 0x9E37_79B9_7F4A_7C15
    var bits = (random ^ (random >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
