/// What a choice goes by.
@frozen
@usableFromInline
struct PickRequest: BitwiseCopyable, Sendable {
  /// Nanoseconds.
  @usableFromInline var now: Int64

  /// The logical call, 0 if it is alone; its later attempts avoid the instances that it has tried.
  @usableFromInline var callID: UInt64 = 0

  /// From 1, over all layers that repeat the call.
  @usableFromInline var attempt: UInt16 = 1

  /// The hash of the call's key; 0 for none.
  @usableFromInline var key: UInt64 = 0

  /// Under which it is noted whose own layers have refused the call; 0 while nobody has.
  @usableFromInline var searchID: UInt64 = 0

  /// 64 random bits.
  @usableFromInline var draw: UInt64

  @usableFromInline
  init(now: Int64, callID: UInt64 = 0, attempt: UInt16 = 1, key: UInt64 = 0, draw: UInt64) {
    self.now = now
    self.callID = callID
    self.attempt = callID == 0 ? 1 : attempt
    self.key = key
    self.draw = draw
  }
}
