import FuzzSupport
import ResilienceEventBus

func lines(_ event: EncodedEvent?) -> [String]? { event?.fields.map { "\($0.name): \($0.value)" } }

/// Whatever is read from header fields reads the same after it was written. A line is a field, `name: value`.
fuzz { text in
  let fields = text.split(separator: "\n").map { line in
    let parts = line.split(separator: ":", maxSplits: 1)
    return (name: String(parts.first ?? ""), value: String(parts.dropFirst().first ?? ""))
  }
  guard let event = try? EncodedEvent(fields: fields, body: nil) else { return }
  require(lines(try? EncodedEvent(fields: event.fields, body: nil)), is: lines(event), "read again")
}
