/// Which delivery of its group an event is handed out with.
@usableFromInline
struct DeliveryPlace: Sendable, BitwiseCopyable {
  @usableFromInline static var none: DeliveryPlace { DeliveryPlace(lane: -1, isStored: false, flight: .max) }

  let lane: Int32
  /// Whether a broker keeps the event.
  let isStored: Bool
  let flight: UInt64

  init(lane: Int, isStored: Bool, flight: UInt64) {
    self.lane = Int32(clamping: lane)
    self.isStored = isStored
    self.flight = flight
  }
}
