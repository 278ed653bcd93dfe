/// Which delivery of its group an event is handed out with.
@usableFromInline
struct DeliveryPlace: Sendable, BitwiseCopyable {
  @usableFromInline static var none: DeliveryPlace { DeliveryPlace(lane: -1, flight: .max) }

  let lane: Int32
  let flight: UInt64

  init(lane: Int, flight: UInt64) {
    self.lane = Int32(clamping: lane)
    self.flight = flight
  }
}
