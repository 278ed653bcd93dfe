internal import ResilienceCore

extension BrokerRecord {
  var bytes: [UInt8] {
    var writer = BrokerWriter()
    switch self {
    case .event(let stored):
      writer.byte(1)
      writer.optional(stored.target) { $0.text($1) }
      writer.list(stored.history) { $0.death($1) }
      writer.event(stored.event)
    case .groupCreated(let name, let filter, let start):
      writer.byte(2)
      writer.text(name)
      writer.filter(filter)
      writer.optional(start) { $0.integer($1) }
    case .groupRemoved(let name):
      writer.byte(3)
      writer.text(name)
    case .counted(let group, let counts):
      writer.byte(4)
      writer.text(group)
      writer.list(counts) { $0.count($1) }
    case .settled(let group, let offsets):
      writer.byte(5)
      writer.text(group)
      writer.list(offsets) { $0.integer($1) }
    case .letter(let letter):
      writer.byte(6)
      writer.optional(letter.number) { $0.integer($1) }
      writer.text(letter.group)
      writer.integer(letter.source)
      writer.death(letter.death)
      writer.list(letter.history.suffix(DeadLetter.rememberedDeaths)) { $0.death($1) }
      writer.event(letter.event)
    case .letterRemoved(let number):
      writer.byte(7)
      writer.integer(number)
    case .released(let offset):
      writer.byte(8)
      writer.integer(offset)
    }
    return writer.bytes
  }

  init(_ bytes: [UInt8]) throws(BrokerReader.Unreadable) {
    var reader = BrokerReader(bytes)
    switch try reader.byte() {
    case 1:
      let target = try reader.optional { reader throws(BrokerReader.Unreadable) in try reader.text() }
      let history = try reader.list { reader throws(BrokerReader.Unreadable) in try reader.death() }
      self = .event(StoredEvent(event: try reader.event(), target: target, history: history))
    case 2:
      let (name, filter) = (try reader.text(), try reader.filter())
      let start = try reader.optional { reader throws(BrokerReader.Unreadable) in try reader.integer() }
      self = .groupCreated(name: name, filter: filter, start: start)
    case 3: self = .groupRemoved(try reader.text())
    case 4:
      let group = try reader.text()
      self = .counted(
        group: group, try reader.list { reader throws(BrokerReader.Unreadable) in try reader.deliveryCount() }
      )
    case 5:
      let group = try reader.text()
      self = .settled(
        group: group, try reader.list { reader throws(BrokerReader.Unreadable) in try reader.integer() })
    case 6:
      let number = try reader.optional { reader throws(BrokerReader.Unreadable) in try reader.integer() }
      let (group, source, death) = (try reader.text(), try reader.integer(), try reader.death())
      let history = try reader.list { reader throws(BrokerReader.Unreadable) in try reader.death() }
      self = .letter(
        Letter(
          number: number, group: group, source: source, event: try reader.event(), death: death,
          history: history))
    case 7: self = .letterRemoved(try reader.integer())
    case 8: self = .released(try reader.integer())
    default: throw BrokerReader.Unreadable()
    }
    guard reader.isAtEnd else { throw BrokerReader.Unreadable() }
  }
}

extension BrokerWriter {
  mutating func count(_ count: BrokerRecord.Count) {
    integer(count.offset)
    integer(Int64(count.deliveries))
  }
}

extension BrokerReader {
  mutating func deliveryCount() throws(Unreadable) -> BrokerRecord.Count {
    BrokerRecord.Count(offset: try integer(), deliveries: Int(clamping: try integer()))
  }
}
