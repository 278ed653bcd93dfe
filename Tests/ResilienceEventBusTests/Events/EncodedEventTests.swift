import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct EncodedEventTests {
  struct Order: Codable, Hashable, Sendable {
    var number: Int
    var lines: [String]
  }

  static let order = EventType<Order>("order", version: 2)

  @Test func everythingTravelsAndComesBack() throws {
    let sent = try Simulation(seed: 3).run { sim -> [UInt8] in
      try await sim.sleep(for: .seconds(100))
      var context = CallContext.current
      context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1))
      var event = try Event(
        id: "i 1", source: "/shop", type: Self.order, subject: "customer 7",
        data: Order(number: 1, lines: ["a", "é"]),
        deadline: Deadline(at: sim.now.advanced(by: .seconds(30))), context: context)
      event.envelope.attempt = 4
      event.envelope.correlationID = "c"
      event.envelope.replyTo = "answer"
      event.envelope.dataSchema = "https://example.com/order"
      event.envelope.firstAttemptTime = UnixTime(nanoseconds: 5_000_000_000)
      event.envelope.extensions = ["tenant": "x", "urgent": true]
      return try event.encoded().json()
    }
    let text = String(decoding: sent, as: UTF8.self)
    for part in [
      #""dataversion":2"#, #""deliveryattempt":4"#, #""correlationid":"c""#, #""replyto":"answer""#,
      #""firstattempttime":"1970-01-01T00:00:05Z""#, #""expirytime":""#, #""tenant":"x","#, #""urgent":true"#,
      #""traceparent":"00-00000000000000010000000000000002-0000000000000003-01""#,
      #""datacontenttype":"application/json","dataschema":"https://example.com/order""#,
      #""data":{"number":1,"lines":["a","é"]}"#,
    ] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
    // In another process, whose monotonic clock reads something else.
    try Simulation(seed: 4).run { sim in
      try await sim.sleep(for: .seconds(110))
      let encoded = try EncodedEvent(json: sent)
      let event = try encoded.event(as: Self.order)
      #expect(event.data == Order(number: 1, lines: ["a", "é"]))
      #expect((event.id, event.source, event.type, event.subject) == ("i 1", "/shop", "order", "customer 7"))
      #expect((event.attempt, event.correlationID, event.replyTo) == (4, "c", "answer"))
      #expect(event.trace == TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1))
      #expect((event.dataSchema, event.contentType) == ("https://example.com/order", "application/json"))
      #expect(event.firstAttemptTime == UnixTime(nanoseconds: 5_000_000_000))
      #expect(event.extensions == ["tenant": "x", "urgent": true])
      #expect(event.time == encoded.time)
      let left = event.deadline.remaining(at: sim.now)
      let elsewhere = CallContext.current.clock.unixTime
      let expiry = try #require(UnixTime(rfc3339: encoded["expirytime"]?.description ?? ""))
      #expect(elsewhere.advanced(by: left) == expiry)
      #expect(try event.encoded().json() == sent)
    }
  }

  @Test func aMissingTimeIsThatOfTheImport() throws {
    try Simulation(seed: 1).run { sim in
      try await sim.sleep(for: .seconds(60))
      let encoded = try EncodedEvent(
        id: "i", source: "s", type: "number", contentType: "application/json", data: Array("5".utf8))
      #expect(encoded.time == nil)
      #expect(!String(decoding: encoded.json(), as: UTF8.self).contains("time\":\"1"))
      let event = try encoded.event(as: Topic.number)
      #expect(event.time == CallContext.current.clock.unixTime)
      #expect((event.data, event.dataVersion, event.attempt, event.deadline) == (5, 1, 0, .never))
    }
  }

  @Test(arguments: [
    ("expirytime", "soon"), ("deliveryattempt", "first"), ("deliveryattempt", "-1"), ("dataversion", "0"),
    ("dataversion", "v2"), ("firstattempttime", "2020"),
  ])
  func anAttributeOfOursThatCannotBeReadIsRefusedByName(name: String, value: String) async throws {
    let encoded = try EncodedEvent(
      id: "i", source: "s", type: "number", extensions: [name: .string(value)], data: Array("5".utf8))
    let error = #expect(throws: InvalidEvent.self) { try encoded.event(as: Topic.number) }
    #expect((error?.field, error?.value) == (name, value))
    await #expect(throws: InvalidEvent.self) { try await EventBus(source: "s").publish(encoded) }
  }

  @Test(arguments: ["1969-12-31T23:59:59.999999999Z", "1677-09-22T00:00:00Z", "2262-04-11T00:00:00Z"])
  func aDeadlineAtTheEndsOfTimeIsRead(text: String) throws {
    let encoded = try EncodedEvent(
      id: "i", source: "s", type: "number", extensions: ["expirytime": .string(text)], data: Array("5".utf8))
    let event = try encoded.event(as: Topic.number)
    #expect(event.deadline.hasPassed(at: CallContext.current.readClock()) == !text.hasPrefix("2262"))
  }

  @Test func aMalformedTraceIsIgnored() throws {
    let encoded = try EncodedEvent(
      id: "i", source: "s", type: "number", extensions: ["traceparent": "00-x", "tracestate": "a=b"],
      data: Array("5".utf8))
    let event = try encoded.event(as: Topic.number)
    #expect(event.trace.isPresent)
    #expect(event.extensions == ["tracestate": "a=b"])
  }

  @Test(arguments: [
    ("", 0, "U+0"), ("a", 0xA, "U+A"), ("", 0x1F, "U+1F"), ("", 0x7F, "U+7F"), ("12345678", 0x7F, "U+7F"),
    ("1234567", 0x1F, "U+1F"), ("1234567", 0x7F, "U+7F"), ("", 0x85, "U+85"), ("", 0x9F, "U+9F"),
    ("", 0xFDD0, "U+FDD0"),
    ("é", 0xFFFE, "U+FFFE"), ("", 0x10FFFF, "U+10FFFF"),
  ])
  func row106_forbiddenCodePointsAreRefusedWithTheAttributesName(
    before: String, value: UInt32, codePoint: String
  ) throws {
    let text = before + String(try #require(Unicode.Scalar(value))) + "z"
    func refuses(_ field: String, _ make: () throws -> Void) {
      let error = #expect(throws: InvalidEvent.self) { try make() }
      #expect(error?.field == field)
      #expect(error?.problem == "must not contain \(codePoint)")
      #expect(error?.description.contains("\n") == false)
    }
    refuses("id") { _ = try Event(id: text, source: "s", type: Topic.number, data: 1) }
    refuses("source") { _ = try Event(source: text, type: Topic.number, data: 1) }
    refuses("subject") { _ = try Event(source: "s", type: Topic.number, subject: text, data: 1) }
    refuses("subject") { _ = try EventBus(source: "s").publish(1, as: Topic.number, subject: text) }
    refuses("id") { _ = try EncodedEvent(id: text, source: "s", type: "t") }
    refuses("source") { _ = try EncodedEvent(id: "i", source: text, type: "t") }
    refuses("type") { _ = try EncodedEvent(id: "i", source: "s", type: text) }
    refuses("subject") { _ = try EncodedEvent(id: "i", source: "s", type: "t", subject: text) }
    refuses("datacontenttype") { _ = try EncodedEvent(id: "i", source: "s", type: "t", contentType: text) }
    refuses("dataschema") { _ = try EncodedEvent(id: "i", source: "s", type: "t", dataSchema: text) }
    refuses("ext") {
      _ = try EncodedEvent(id: "i", source: "s", type: "t", extensions: ["ext": .string(text)])
    }
    var event = try Event(source: "s", type: Topic.number, data: 1)
    event.envelope.correlationID = text
    refuses("correlationid") { _ = try event.encoded() }
  }

  @Test(arguments: ["a", "é€", "😀", " ", "~", "\u{A0}", "\u{FFFD}", "12345678", "123456789"])
  func allOtherTextIsAllowed(text: String) throws {
    #expect(try EncodedEvent(id: text, source: text, type: text, subject: text).id == text)
    #expect(try Event(id: text, source: text, type: Topic.number, subject: text, data: 1).id == text)
  }

  @Test(arguments: ["", "Upper", "under_score", "dash-ed", "é", "data", "id", "specversion", "time"])
  func anExtensionsNameHasRules(name: String) throws {
    #expect(throws: InvalidEvent.self) {
      try EncodedEvent(id: "i", source: "s", type: "t", extensions: [name: 1])
    }
    var event = try EncodedEvent(id: "i", source: "s", type: "t")
    #expect(throws: InvalidEvent.self) { try event.setExtension(name, to: 1) }
    event.set("x", forName: name)
    #expect(event.extensions.isEmpty)
  }

  @Test func propagatorsWriteExtensions() throws {
    var event = try EncodedEvent(id: "i", source: "s", type: "t")
    event.set("a=b", forName: "tracestate")
    #expect(event.values(forName: "tracestate") == ["a=b"])
    event.removeValues(forName: "tracestate")
    #expect(event["tracestate"] == nil)
    try event.setExtension("partitionkey", to: "p")
    #expect(event.partitionKey == "p")
    try event.setExtension("partitionkey", to: nil)
    #expect(event.partitionKey == nil)
  }

  @Test(
    arguments: [
      ("2018-04-05T17:31:00Z", 1_522_949_460_000_000_000),
      ("2018-04-05t19:31:00.5+02:00", 1_522_949_460_500_000_000),
      ("1970-01-01T00:00:00-00:30", 1_800_000_000_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
      ("1969-12-31T23:59:59.9999999999z", -1),
    ] as [(String, Int64)])
  func timesAreRead(text: String, nanoseconds: Int64) {
    #expect(UnixTime(rfc3339: text) == UnixTime(nanoseconds: nanoseconds))
  }

  @Test(arguments: [
    "", "2018-04-05", "2018-04-05 17:31:00Z", "2018-04-05T17:31:00", "2018-4-05T17:31:00Z",
    "2018-13-05T17:31:00Z",
    "2018-02-29T17:31:00Z", "2018-04-05T24:00:00Z", "2018-04-05T17:60:00Z", "2018-04-05T17:31:61Z",
    "2018-04-05T17:31:00.Z", "2018-04-05T17:31:00+2:00", "2018-04-05T17:31:00ZZ", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "2018-00-05T17:31:00Z", "2018-04-00T17:31:00Z",
  ])
  func whatIsNoTimeIsNotRead(text: String) {
    #expect(UnixTime(rfc3339: text) == nil)
  }

  @Test func timesAreReadAsTheyAreWritten() {
    let chance = SeededRandomSource(seed: 2)
    for _ in 0..<2000 {
      let time = UnixTime(nanoseconds: Int64(bitPattern: chance.next()))
      #expect(UnixTime(rfc3339: "\(time)") == time)
    }
    for time in [UnixTime(nanoseconds: .max), UnixTime(nanoseconds: .min)] {
      #expect(UnixTime(rfc3339: "\(time)") == time)
    }
  }
}
