enum EventID {
  // Crockford's base 32: nothing to mistake for something else. 15 digits are the longest string that needs
  // no allocation; their 75 random bits make a collision among a thousand million events a matter of 1 in 70
  // 000.
  private static let digits: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"

  static func make(_ random: (UInt64, UInt64)) -> String {
    var (bits, more) = random
    return String(unsafeUninitializedCapacity: 15) { buffer in
      for index in 0..<15 {
        buffer[index] = digits.utf8Start[Int(bits & 31)]
        bits = bits >> 5 | more << 59
        more >>= 5
      }
      return 15
    }
  }
}
