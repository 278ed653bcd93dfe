import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct EncodedEventFieldsTests {
  @Test(arguments: [
    ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"), ("100%", "100%25"), ("\"q\"", "%22q%22"),
    ("a-b_c~!", "a-b_c~!"),
  ])
  func valuesArePercentEncoded(text: String, value: String) throws {
    let event = try EncodedEvent(id: "i", source: "s", type: "t", subject: text)
    #expect(event.fields.first { $0.name == "ce-subject" }?.value == value)
    #expect(try EncodedEvent(fields: event.fields, body: nil).subject == text)
  }

  @Test(arguments: [
    ("\"a \\\"b\\\" c\"", "a \"b\" c"), ("%41%e2%82%ac", "A€"), ("a b", "a b"), ("  a\t", "a"),
    ("\"%41\"", "A"), ("€", "€"),
  ])
  func whatOthersWriteIsRead(value: String, text: String) throws {
    let fields = [
      "CE-SpecVersion": "1.0", "ce-id": "i", "ce-source": "s", "ce-type": "t", "Ce-Subject": value,
    ]
    #expect(try EncodedEvent(fields: fields, body: nil).subject == text)
  }

  @Test(arguments: [
    ("ce-subject", "%C0%A0"), ("ce-subject", "%"), ("ce-subject", "%4"), ("ce-subject", "%zz"),
    ("ce-subject", "\"a"),
    ("ce-subject", "\"a\"b"), ("ce-subject", "%00"), ("ce-subject", ""), ("ce-specversion", "2.0"),
    ("ce-time", "yesterday"), ("ce-datacontenttype", "text/plain"), ("ce-my-ext", "x"), ("ce-", "x"),
    ("content-type", "application/cloudevents-batch+json"), ("content-type", "application/cloudevents+avro"),
  ])
  func whatIsNotValidIsRefused(name: String, value: String) {
    var fields = ["ce-specversion": "1.0", "ce-id": "i", "ce-source": "s", "ce-type": "t"]
    fields[name] = value
    #expect(throws: InvalidEvent.self) { try EncodedEvent(fields: fields, body: nil) }
  }

  @Test func anAttributeThatIsThereTwiceIsRefused() {
    let fields = [
      (name: "ce-specversion", value: "1.0"), (name: "ce-id", value: "i"), (name: "CE-ID", value: "j"),
      (name: "ce-source", value: "s"), (name: "ce-type", value: "t"),
    ]
    let error = #expect(throws: InvalidEvent.self) { try EncodedEvent(fields: fields, body: nil) }
    #expect(error?.field == "ce-id")
  }

  @Test func theJSONFormIsReadWhereTheContentTypeSaysSo() throws {
    let event = try EncodedEvent(id: "i", source: "s", type: "t", data: Array("[1]".utf8))
    let fields = ["Content-Type": "application/cloudevents+json; charset=UTF-8"]
    #expect(try EncodedEvent(fields: fields, body: event.json()).id == "i")
    #expect(throws: InvalidEvent.self) { try EncodedEvent(fields: fields, body: nil) }
  }

  @Test func whatAnotherEventLeftInTheFieldsIsRemoved() throws {
    var fields = ["ce-subject": "old", "ce-correlationid": "old", "Content-Type": "text/plain", "host": "h"]
    try EncodedEvent(id: "i", source: "s", type: "t").writeFields(into: &fields)
    #expect(
      fields == ["ce-specversion": "1.0", "ce-id": "i", "ce-source": "s", "ce-type": "t", "host": "h"])
  }

  @Test func aCarrierIsAskedForWhatItMayHave() throws {
    let event = try EncodedEvent(
      id: "i", source: "s", type: "t", contentType: "text/plain",
      extensions: ["partitionkey": "p", "tracestate": "a=b", "correlationid": "c", "mine": "m", "other": "o"])
    let carrier = FieldCarrier(event.fields, through: .pairs)
    let read = try EncodedEvent(carrier: carrier, extensions: ["mine"], body: [1])
    #expect((read.contentType, read.data) == ("text/plain", [1]))
    #expect(
      read.extensions == ["partitionkey": "p", "tracestate": "a=b", "correlationid": "c", "mine": "m"])
  }

  @Test func randomEventsComeBackInBothForms() throws {
    let chance = SeededRandomSource(seed: 31)
    let letters = Array("abcé \"%\\日😀~/:;,").map(String.init)
    func text() -> String {
      (0...chance.next(below: 9)).map { _ in letters[chance.next(below: letters.count)] }.joined()
    }
    func optional<Value>(_ value: () -> Value) -> Value? { chance.next(below: 2) == 0 ? nil : value() }
    for _ in 0..<3000 {
      // A field's value begins and ends with what is no blank.
      let event = try EncodedEvent(
        id: text(), source: text(), type: text(), subject: optional(text),
        time: optional { UnixTime(nanoseconds: Int64(bitPattern: chance.next())) },
        contentType: optional {
          ["application/json", "text/plain", "application/x+json"][chance.next(below: 3)]
        },
        dataSchema: optional(text),
        extensions: [
          "a\(chance.next(below: 9))": .string(text()),
          "n": .integer(Int32(truncatingIfNeeded: chance.next())),
        ],
        data: optional { (0..<chance.next(below: 9)).map { _ in UInt8(truncatingIfNeeded: chance.next()) } })
      let structured = try EncodedEvent(json: event.json())
      #expect(structured.json() == event.json())
      let binary = try EncodedEvent(fields: event.fields, body: event.data)
      #expect(binary.fields.map(\.value) == event.fields.map(\.value))
      #expect((binary.data, binary.contentType, binary.time) == (event.data, event.contentType, event.time))
      #expect(binary.id.utf8.elementsEqual(event.id.utf8))
    }
  }
}
