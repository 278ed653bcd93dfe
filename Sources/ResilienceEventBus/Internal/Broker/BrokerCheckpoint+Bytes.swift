/// A file of its own, replaced in one step: magic and version, what the groups have settled, and a checksum.
extension BrokerCheckpoint {
  private static let magic: [UInt8] = Array("RSLBRK02".utf8)

  var bytes: [UInt8] {
    var writer = BrokerWriter()
    writer.bytes = Self.magic
    writer.integer(end)
    writer.list(groups.sorted { $0.name < $1.name }) { writer, group in
      writer.text(group.name)
      writer.filter(group.filter)
      writer.integer(group.position)
      writer.list(group.settledAhead.sorted()) { $0.integer($1) }
      writer.list(group.counts.sorted { $0.key < $1.key }) {
        $0.count(BrokerRecord.Count(offset: $1.key, deliveries: $1.value))
      }
    }
    writer.list(letters) { writer, slot in
      writer.integer(slot.number)
      writer.integer(slot.offset ?? -1)
    }
    writer.list(scheduled) { writer, slot in
      writer.integer(slot.offset)
      writer.integer(slot.due.nanoseconds)
    }
    writer.bytes.append(littleEndian: CRC32C.checksum(writer.bytes))
    return writer.bytes
  }

  init(_ bytes: [UInt8]) throws(BrokerReader.Unreadable) {
    guard bytes.count >= Self.magic.count + 4, bytes.starts(with: Self.magic),
      bytes.littleEndian(at: bytes.count - 4, as: UInt32.self) == CRC32C.checksum(bytes.dropLast(4))
    else { throw BrokerReader.Unreadable() }
    var reader = BrokerReader(Array(bytes.dropFirst(Self.magic.count).dropLast(4)))
    end = try reader.integer()
    groups = try reader.list { reader throws(BrokerReader.Unreadable) in
      let (name, filter, position) = (try reader.text(), try reader.filter(), try reader.integer())
      let settled = try reader.list { reader throws(BrokerReader.Unreadable) in try reader.integer() }
      let counts = try reader.list { reader throws(BrokerReader.Unreadable) in try reader.deliveryCount() }
      return Group(
        name: name, filter: filter, position: position, settledAhead: Set(settled),
        counts: Dictionary(counts.map { ($0.offset, $0.deliveries) }) { _, last in last })
    }
    letters = try reader.list { reader throws(BrokerReader.Unreadable) in
      DeadLetterIndex.Slot(number: try reader.integer(), offset: try reader.integer())
    }
    scheduled = try reader.list { reader throws(BrokerReader.Unreadable) in
      ScheduledEventIndex.Slot(
        offset: try reader.integer(), due: UnixTime(nanoseconds: try reader.integer()))
    }
    guard reader.isAtEnd else { throw BrokerReader.Unreadable() }
  }
}
