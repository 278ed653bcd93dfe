extension EventType {
  /// Reads events of an earlier version too: their payload is decoded as what it was then, and turned into
  /// what it is now.
  ///
  /// ```swift
  /// static let orderPlaced = EventType<Order>("order_placed", version: 3)
  ///   .upcasting(from: 1, OrderV1.self) { Order(number: $0.number, currency: "GBP") }
  ///   .upcasting(from: 2, OrderV2.self) { Order(number: $0.number, currency: $0.currency) }
  /// ```
  ///
  /// Each goes straight to the present version: one closure says all there is to know about a version, and
  /// the compiler checks it. An event of a version that has none, or of a later one, cannot be decoded.
  ///
  /// - Parameters:
  ///   - version: The earlier version; less than ``version``, 1 or more, and not yet given.
  ///   - old: What the payload was then; JSON.
  ///   - upcast: Turns it into the present payload; what it throws makes the event undecodable.
  public func upcasting<Old: Codable & Sendable>(
    from version: Int, _ old: Old.Type, _ upcast: @escaping @Sendable (_ old: Old) throws -> Payload
  ) -> EventType {
    upcasting(from: version, coding: EventCoding<Old>.json, upcast)
  }

  /// The same for an earlier payload with a coding of its own.
  ///
  /// - Parameters:
  ///   - version: The earlier version; less than ``version``, 1 or more, and not yet given.
  ///   - coding: How the payload was written then.
  ///   - upcast: Turns it into the present payload; what it throws makes the event undecodable.
  public func upcasting<Old>(
    from version: Int, coding: EventCoding<Old>, _ upcast: @escaping @Sendable (_ old: Old) throws -> Payload
  ) -> EventType {
    precondition(
      version >= 1 && version < self.version,
      "an upcaster of \(name) must be for a version from 1 to \(self.version - 1), was \(version)")
    var upcasters = typed.upcasters
    precondition(upcasters[version] == nil, "\(name) has two upcasters for version \(version)")
    upcasters[version] = { try upcast(coding.decode($0)) }
    return EventType(
      TypedEventDefinition(
        name: name, version: self.version, coding: typed.coding, upcasters: upcasters))
  }
}
