import FuzzSupport
import ResilienceEventBus

struct Payload: Codable {
  var number: Int?
  var ratio: Double?
  var text: String?
  var list: [Payload]?
}

let type = EventType<Payload>("t", version: 2).upcasting(from: 1, [Int].self) { Payload(number: $0.first) }

/// Whatever is read as one event or as several reads the same after it was written, and so does a payload.
fuzzBytes { bytes in
  if let event = try? EncodedEvent(json: bytes) {
    let written = event.json()
    require((try? EncodedEvent(json: written))?.json(), is: written, "read again")
    if let decoded = try? event.event(as: type), let again = try? decoded.encoded() {
      require((try? again.event(as: type).encoded())?.data, is: again.data, "the payload read again")
    }
  }
  if let events = try? EncodedEvent.events(jsonBatch: bytes) {
    let written = EncodedEvent.jsonBatch(events)
    require(
      (try? EncodedEvent.events(jsonBatch: written)).map { EncodedEvent.jsonBatch($0) }, is: written,
      "several read again")
  }
}
