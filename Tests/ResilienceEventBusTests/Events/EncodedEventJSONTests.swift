import Foundation
import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct EncodedEventJSONTests {
  private static let head = """
    "specversion" : "1.0", "type" : "com.example.someevent", "source" : "/mycontext", "time" : "2018-04-05T17:31:00Z",
    "comexampleextension1" : "value", "comexampleothervalue" : 5
    """

  struct Vector: Sendable {
    let json: String
    let contentType: String?
    let data: String?
    let fields: [String: String]
  }

  /// The examples of the JSON format of CloudEvents 1.0.2, and what each is in the binary form.
  static let vectors = [
    Vector(
      json:
        #"{\#(head), "id" : "A234", "datacontenttype" : "application/vnd.apache.thrift.binary", "data_base64" : "AAEC/w=="}"#,
      contentType: "application/vnd.apache.thrift.binary", data: nil,
      fields: ["ce-id": "A234", "content-type": "application/vnd.apache.thrift.binary"]),
    Vector(
      json:
        #"{\#(head), "id" : "B234", "unsetextension": null, "datacontenttype" : "application/xml", "data" : "<much wow=\"xml\"/>"}"#,
      contentType: "application/xml", data: #"<much wow="xml"/>"#,
      fields: ["ce-id": "B234", "content-type": "application/xml"]),
    Vector(
      json:
        #"{\#(head), "subject": null, "id" : "C234", "datacontenttype" : "application/json", "data" : { "appinfoA" : "abc", "appinfoB" : 123.0 }}"#,
      contentType: "application/json", data: #"{ "appinfoA" : "abc", "appinfoB" : 123.0 }"#,
      fields: ["ce-id": "C234", "content-type": "application/json"]),
    Vector(
      json: #"{\#(head), "subject": null, "id" : "D234", "data" : "I'm just a string"}"#,
      contentType: "application/json", data: #""I'm just a string""#,
      fields: ["ce-id": "D234", "content-type": "application/json"]),
    Vector(
      json: #"{\#(head), "id" : "E234", "data" : null}"#, contentType: "application/json", data: "null",
      fields: ["ce-id": "E234", "content-type": "application/json"]),
    Vector(json: #"{\#(head), "id" : "F234"}"#, contentType: nil, data: nil, fields: ["ce-id": "F234"]),
  ]

  @Test(arguments: vectors)
  func theExamplesOfTheSpecificationAreRead(vector: Vector) throws {
    let event = try EncodedEvent(json: Array(vector.json.utf8))
    #expect((event.type, event.source, event.subject) == ("com.example.someevent", "/mycontext", nil))
    #expect(event.time == UnixTime(nanoseconds: 1_522_949_460_000_000_000))
    #expect(event.extensions == ["comexampleextension1": "value", "comexampleothervalue": 5])
    #expect(event.contentType == vector.contentType)
    if event.id == "A234" {
      #expect(event.data == [0, 1, 2, 255])
    } else {
      #expect(event.data.map { String(decoding: $0, as: UTF8.self) } == vector.data)
    }
    let fields = Dictionary(uniqueKeysWithValues: event.fields.map { ($0.name, $0.value) })
    let common = [
      "ce-specversion": "1.0", "ce-type": "com.example.someevent", "ce-source": "/mycontext",
      "ce-time": "2018-04-05T17:31:00Z", "ce-comexampleextension1": "value", "ce-comexampleothervalue": "5",
    ]
    #expect(fields == common.merging(vector.fields) { $1 })
    let again = try EncodedEvent(json: event.json())
    #expect(again.json() == event.json())
    #expect((again.data, again.contentType) == (event.data, event.contentType))
    // Foundation reads the same data.
    if event.contentType == "application/json", let data = event.data {
      let root = try JSONSerialization.jsonObject(with: Data(event.json())) as? [String: Any]
      let value = try JSONSerialization.jsonObject(with: Data(data), options: .fragmentsAllowed)
      #expect((root?["data"] as? NSObject) == (value as? NSObject))
    }
  }

  @Test func batchesAreReadAndWritten() throws {
    let batch = Array(("[" + Self.vectors.map(\.json).joined(separator: ",\n") + "]").utf8)
    let events = try EncodedEvent.events(jsonBatch: batch)
    #expect(events.map(\.id) == ["A234", "B234", "C234", "D234", "E234", "F234"])
    #expect(events[2].data.map { String(decoding: $0, as: UTF8.self) } == Self.vectors[2].data)
    let again = try EncodedEvent.events(jsonBatch: EncodedEvent.jsonBatch(events))
    #expect(again.map { $0.json() } == events.map { $0.json() })
    #expect(try EncodedEvent.events(jsonBatch: Array("[]".utf8)).isEmpty)
    #expect(String(decoding: EncodedEvent.jsonBatch([]), as: UTF8.self) == "[]")
    #expect(throws: InvalidEvent.self) { try EncodedEvent.events(jsonBatch: Array("{}".utf8)) }
    #expect(throws: InvalidEvent.self) { try EncodedEvent.events(jsonBatch: Array("[{}]".utf8)) }
  }

  @Test(arguments: [
    (#"{"specversion":"0.3","id":"i","source":"s","type":"t"}"#, "specversion", "0.3"),
    (#"{"specversion":1.0,"id":"i","source":"s","type":"t"}"#, "specversion", "1.0"),
    (#"{"id":"i","source":"s","type":"t"}"#, "specversion", ""),
    (#"{"specversion":"1.0","source":"s","type":"t"}"#, "id", ""),
    (#"{"specversion":"1.0","id":null,"source":"s","type":"t"}"#, "id", ""),
    (#"{"specversion":"1.0","id":7,"source":"s","type":"t"}"#, "id", "7"),
    (#"{"specversion":"1.0","id":"i","source":"","type":"t"}"#, "source", ""),
    (#"{"specversion":"1.0","id":"i","source":"s","type":"t","time":"noon"}"#, "time", "noon"),
    (
      #"{"specversion":"1.0","id":"i","source":"s","type":"t","time":"2018-02-30T00:00:00Z"}"#, "time",
      "2018-02-30T00:00:00Z"
    ),
    (
      #"{"specversion":"1.0","id":"i","source":"s","type":"t","Extension":"x"}"#, "extension name",
      "Extension"
    ),
    (#"{"specversion":"1.0","id":"i","source":"s","type":"t","ext":1.5}"#, "ext", "1.5"),
    (#"{"specversion":"1.0","id":"i","source":"s","type":"t","ext":2147483648}"#, "ext", "2147483648"),
    (#"{"specversion":"1.0","id":"i","source":"s","type":"t","ext":[]}"#, "ext", "an array"),
    (
      #"{"specversion":"1.0","id":"i","source":"s","type":"t","data":1,"data_base64":"AA=="}"#, "data",
      "data_base64"
    ),
    (#"{"specversion":"1.0","id":"i","source":"s","type":"t","data_base64":"A"}"#, "data_base64", "A"),
    (#"{"specversion":"1.0","id":"i","source":"s","type":"t","data_base64":1}"#, "data_base64", "a number"),
    (
      #"{"specversion":"1.0","id":"i","source":"s","type":"t","datacontenttype":"text/plain","data":1}"#,
      "data", "a number"
    ),
    ("[]", "JSON", "an array"), ("{", "JSON", "{"), ("", "JSON", ""),
  ])
  func whatIsNotValidIsRefusedByName(json: String, field: String, value: String) {
    let error = #expect(throws: InvalidEvent.self) { try EncodedEvent(json: Array(json.utf8)) }
    #expect((error?.field, error?.value) == (field, value))
  }

  @Test func dataThatIsNoJSONValueIsWrittenAsBase64() throws {
    for (contentType, bytes, member) in [
      ("application/json", Array("{".utf8), "data_base64"), ("application/json", Array("[1]".utf8), "data"),
      ("text/json; charset=utf-8", Array("1".utf8), "data"),
      ("Application/Vnd.X+JSON", Array("1".utf8), "data"),
      ("text/plain", Array("1".utf8), "data_base64"), (nil, [0xFF], "data_base64"), (nil, [], "data_base64"),
      ("application/json", [0x22, 0xFF, 0x22], "data_base64"),
    ] as [(String?, [UInt8], String)] {
      let event = try EncodedEvent(id: "i", source: "s", type: "t", contentType: contentType, data: bytes)
      #expect(String(decoding: event.json(), as: UTF8.self).contains("\"\(member)\":"))
      #expect(try EncodedEvent(json: event.json()).data == bytes)
      #expect(try EncodedEvent(json: event.json()).contentType == contentType)
    }
  }

  @Test(arguments: [253, 254, 255, 256, 257])
  func whatIsNestedDeeplyIsReadAgainInABatch(depth: Int) throws {
    let data = Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    let event = try EncodedEvent(
      id: "i", source: "s", type: "t", contentType: "application/json", data: data)
    #expect(try EncodedEvent(json: event.json()).data == data)
    #expect(try EncodedEvent.events(jsonBatch: EncodedEvent.jsonBatch([event])).first?.data == data)
    #expect(String(decoding: event.json(), as: UTF8.self).contains("data_base64") == (depth > 254))
  }

  @Test func extensionsComeInTheOrderOfTheirNames() throws {
    let event = try EncodedEvent(
      id: "i", source: "s", type: "t", extensions: ["z": 1, "a": true, "m": "x\"", "b2": -5])
    #expect(
      String(decoding: event.json(), as: UTF8.self)
        == #"{"specversion":"1.0","id":"i","source":"s","type":"t","a":true,"b2":-5,"m":"x\"","z":1}"#)
  }

  @Test func damagedDocumentsAreReadOrRefused() {
    let chance = SeededRandomSource(seed: 5)
    let whole = Self.vectors.map { Array($0.json.utf8) }
    var read = 0
    for round in 0..<20_000 {
      var bytes = whole[round % whole.count]
      for _ in 0...chance.next(below: 3) {
        let place = chance.next(below: bytes.count)
        switch chance.next(below: 3) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: chance.next())
        case 1: bytes.remove(at: place)
        default: bytes.insert(bytes[chance.next(below: bytes.count)], at: place)
        }
      }
      guard let event = try? EncodedEvent(json: bytes) else { continue }
      read += 1
      #expect((try? EncodedEvent(json: event.json()))?.json() == event.json())
    }
    #expect(read > 1000)
  }
}
