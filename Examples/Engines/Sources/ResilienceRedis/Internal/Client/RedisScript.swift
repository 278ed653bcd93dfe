/// A script in Lua, which Redis does as one step.
struct RedisScript: Sendable {
  let source: String
  let digest: String

  init(_ source: String) {
    self.source = source
    digest = SHA1.hexadecimal(source)
  }

  /// By its digest, or by its text where Redis does not know it yet.
  func command(
    byDigest: Bool, keys: [RESPCommand.Argument], arguments: [RESPCommand.Argument]
  ) -> RESPCommand {
    RESPCommand(
      byDigest ? "EVALSHA" : "EVAL",
      [.text(byDigest ? digest : source), .integer(Int64(keys.count))] + keys + arguments)
  }
}
