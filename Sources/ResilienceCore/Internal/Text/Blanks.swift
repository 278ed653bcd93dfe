extension UnsafeRawBufferPointer {
  /// Without the optional white space (blanks and tabs) that HTTP allows around a value.
  package func trimmingBlanks() -> UnsafeRawBufferPointer {
    var lower = startIndex
    var upper = endIndex
    while lower < upper, self[lower].isBlank { lower += 1 }
    while lower < upper, self[upper - 1].isBlank { upper -= 1 }
    return UnsafeRawBufferPointer(rebasing: self[lower..<upper])
  }
}

extension UInt8 {
  /// A blank or a tab.
  @inlinable
  package var isBlank: Bool { self == 0x20 || self == 0x09 }
}
