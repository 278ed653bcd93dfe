import FuzzSupport
import ResilienceTrace

typealias Fields = [(name: String, value: String)]

func sent(_ fields: Fields, by propagator: B3Propagator) -> Fields {
  var context = CallContext.current
  var baggage: (any Sendable)?
  propagator.extract(from: FieldCarrier(fields, through: .pairs), into: &context, baggage: &baggage)
  var sent: Fields = []
  propagator.inject(context, into: &sent, through: .pairs)
  return sent
}

func lines(_ fields: Fields) -> [String] { fields.map { "\($0.name): \($0.value)" } }

/// Whatever is read reads the same after it was written, in both forms. A line is a field, `name: value`.
fuzz { text in
  let fields = text.split(separator: "\n").map { line in
    let parts = line.split(separator: ":", maxSplits: 1)
    return (name: String(parts.first ?? ""), value: String(parts.dropFirst().first ?? ""))
  }
  let single = sent(fields, by: B3Propagator())
  require(lines(sent(single, by: B3Propagator())), is: lines(single), "read again")
  let several = sent(fields, by: B3Propagator(writing: .multiple))
  require(lines(sent(several, by: B3Propagator())), is: lines(single), "the other form read")
}
