import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct EventTypeTests {
  struct OrderV1: Codable { var number: Int }
  struct OrderV2: Codable { var number: Int, currency: String }
  struct Order: Codable, Hashable { var number: Int, currency: String, isPaid: Bool }
  struct Secret: Sendable { let value = 1 }

  static let v1 = EventType<OrderV1>("order")
  static let v2 = EventType<OrderV2>("order", version: 2)
  static let present = EventType<Order>("order", version: 3)
    .upcasting(from: 1, OrderV1.self) { old in
      guard old.number > 0 else { throw Broken() }
      return Order(number: old.number, currency: "GBP", isPaid: false)
    }
    .upcasting(from: 2, OrderV2.self) { Order(number: $0.number, currency: $0.currency, isPaid: false) }

  private func encoded<Payload>(_ payload: Payload, as type: EventType<Payload>) throws -> EncodedEvent {
    try EncodedEvent(json: Event(source: "s", type: type, data: payload).encoded().json())
  }

  @Test func aCodablePayloadIsJSONWithoutAWord() throws {
    let event = try encoded(OrderV1(number: 5), as: Self.v1)
    #expect((event.contentType, event.data) == ("application/json", Array(#"{"number":5}"#.utf8)))
    #expect(event["dataversion"] == nil)
    #expect(try event.event(as: Self.v1).data.number == 5)
  }

  @Test func aPayloadWithACodingOfItsOwnIsItsBytes() throws {
    let type = EventType(
      "secret",
      coding: EventCoding<Secret>(contentType: "application/x-secret", encode: { _ in [7] }) { bytes in
        guard bytes == [7] else { throw Broken() }
        return Secret()
      })
    let event = try encoded(Secret(), as: type)
    #expect((event.contentType, event.data) == ("application/x-secret", [7]))
    _ = try event.event(as: type)
    let other = try EncodedEvent(
      id: "i", source: "s", type: "secret", contentType: "application/x-secret", data: [8])
    #expect(throws: UndecodableEvent.self) { try other.event(as: type) }
  }

  @Test func aPayloadWithoutACodingStaysInMemory() throws {
    let event = try Event(source: "s", type: EventType<Secret>("secret"), data: Secret())
    let error = #expect(throws: NoEventCoding.self) { try event.encoded() }
    #expect(error == NoEventCoding(type: "secret", payload: "Secret"))
    #expect(error?.pushback.doNotRetry == true)
  }

  @Test func earlierVersionsAreRead() throws {
    #expect(
      try encoded(OrderV1(number: 5), as: Self.v1).event(as: Self.present).data
        == Order(number: 5, currency: "GBP", isPaid: false))
    let second = try encoded(OrderV2(number: 6, currency: "EUR"), as: Self.v2)
    #expect(second["dataversion"] == 2)
    let event = try second.event(as: Self.present)
    #expect(event.data == Order(number: 6, currency: "EUR", isPaid: false))
    #expect(event.dataVersion == 3)
    #expect(try event.encoded()["dataversion"] == 3)
    let third = try encoded(Order(number: 7, currency: "USD", isPaid: true), as: Self.present)
    #expect(try third.event(as: Self.present).data.isPaid)
    // In the header form the version is text.
    let fields = try EncodedEvent(fields: second.fields, body: second.data)
    #expect(try fields.event(as: Self.present).data.currency == "EUR")
  }

  @Test func whatCannotBeReadSaysWhy() throws {
    func problem<Payload>(_ event: EncodedEvent, _ type: EventType<Payload>) -> String? {
      #expect(throws: UndecodableEvent.self) { try event.event(as: type) }?.problem
    }
    let third = try encoded(Order(number: 7, currency: "USD", isPaid: true), as: Self.present)
    #expect(problem(third, Self.v2) == "it is of version 3, this side reads 2")
    #expect(problem(try encoded(OrderV1(number: 0), as: Self.v1), Self.present) == "broken")
    var later = third
    try later.setExtension("dataversion", to: 4)
    #expect(problem(later, Self.present) == "it is of version 4, this side reads 1, 2, 3")
    #expect(problem(third, Topic.number) == #"it is no "number""#)
    let none = try EncodedEvent(id: "i", source: "s", type: "number")
    #expect(problem(none, Topic.number) == "it has no data")
    let xml = try EncodedEvent(id: "i", source: "s", type: "number", contentType: "text/xml", data: [0x31])
    #expect(problem(xml, Topic.number) == "it is written as text/xml, this side reads application/json")
    let secret = try EncodedEvent(id: "i", source: "s", type: "secret", data: [0x31])
    #expect(problem(secret, EventType<Secret>("secret")) == "Secret is not Codable and has no coding")
  }

  @Test func typesAreTheirNameInBytesAndTheirVersion() {
    #expect(EventType<Int>("a") == EventType<Int>("a"))
    #expect(EventType<Int>("a") != EventType<Int>("a", version: 2))
    #expect(EventType<Int>("\u{E9}") != EventType<Int>("e\u{301}"))
    #expect(EventType<Int>("a").coding?.contentType == "application/json")
    #expect(EventType<Secret>("a").coding == nil)
  }

  @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"])
  func base64IsThatOfRFC4648(text: String) {
    let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"][text.utf8.count]
    #expect(Base64.encode(Array(text.utf8)) == expected)
    #expect(Base64.decode(expected) == Array(text.utf8))
    for wrong in ["Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm9v\n", "Zm-_", "=Zm9"] {
      #expect(Base64.decode(wrong) == nil)
    }
  }
}
