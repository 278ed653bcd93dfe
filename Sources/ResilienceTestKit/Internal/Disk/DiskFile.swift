internal import ResilienceCore

/// What a file's name stands for.
// @unchecked: only touched under the disk's lock.
final class DiskFile: @unchecked Sendable {
  var bytes = DiskBytes()
}

/// The bytes of a file: as reads show them, and as the medium has them.
struct DiskBytes {
  static var sector: Int { 512 }

  private(set) var all: [UInt8] = []
  private var durable: [UInt8] = []
  private var dirty: Set<Int> = []
  private var isSizeDirty = false

  init() {}

  /// Bytes that are on the medium.
  init(durable: [UInt8]) {
    all = durable
    self.durable = durable
  }

  func read(at position: Int, count: Int) -> [UInt8] {
    let end = min(all.count, position + count)
    return position < end ? Array(all[position..<end]) : []
  }

  mutating func write(_ bytes: some Collection<UInt8>, at position: Int) {
    guard !bytes.isEmpty else { return }
    grow(to: position + bytes.count)
    all.replaceSubrange(position..<position + bytes.count, with: bytes)
    for sector in position / Self.sector...(position + bytes.count - 1) / Self.sector {
      dirty.insert(sector)
    }
  }

  mutating func grow(to size: Int) {
    guard size > all.count else { return }
    all += [UInt8](repeating: 0, count: size - all.count)
    isSizeDirty = true
  }

  mutating func truncate(_ size: Int) {
    grow(to: size)
    guard size < all.count else { return }
    // What lies beyond must not come back when the file grows again.
    for sector in size / Self.sector...(all.count - 1) / Self.sector { dirty.insert(sector) }
    all.removeLast(all.count - size)
    isSizeDirty = true
  }

  mutating func sync() {
    if isSizeDirty { resizeDurable(to: all.count) }
    for sector in dirty { keep(sector) }
    forget()
  }

  /// After a failed sync nobody will write these bytes any more.
  mutating func forget() {
    dirty = []
    isSizeDirty = false
  }

  mutating func losePower(_ random: SeededRandomSource) {
    if isSizeDirty, random.next() & 1 == 0 { resizeDurable(to: all.count) }
    // Often all or nothing, and the rest of the time anything.
    let mode = random.next() % 4
    for sector in dirty.sorted() where mode == 0 || (mode > 1 && random.next() & 1 == 0) {
      keep(sector)
    }
    self = DiskBytes(durable: durable)
  }

  private mutating func keep(_ sector: Int) {
    // What a cut file had beyond its end is only kept as zeros.
    guard sector * Self.sector < all.count else { return }
    let range = sector * Self.sector..<min(all.count, (sector + 1) * Self.sector)
    if durable.count < range.upperBound { resizeDurable(to: range.upperBound) }
    durable.replaceSubrange(range, with: all[range])
  }

  private mutating func resizeDurable(to size: Int) {
    if size < durable.count {
      durable.removeLast(durable.count - size)
    } else {
      durable += [UInt8](repeating: 0, count: size - durable.count)
    }
  }
}
