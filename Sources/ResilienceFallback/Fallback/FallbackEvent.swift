public import ResilienceCore

/// What a fallback did. A call that succeeds causes none.
public enum FallbackEvent: ResilienceEvent, Hashable {
  /// `call` was answered by its fallback, because of `cause`: degraded, and a success for everything outside.
  case degraded(call: String, cause: String)

  /// The fallback of `call` threw `error` after `cause`; see ``FallbackFailed``.
  case failed(call: String, cause: String, error: String)

  /// `fallback.degraded` or `fallback.failed`.
  public var name: String {
    switch self {
    case .degraded: "fallback.degraded"
    case .failed: "fallback.failed"
    }
  }

  /// The facts.
  public var attributes: [EventAttribute] {
    switch self {
    case .degraded(let call, let cause):
      [EventAttribute("call", .string(call)), EventAttribute("cause", .string(cause))]
    case .failed(let call, let cause, let error):
      [
        EventAttribute("call", .string(call)), EventAttribute("cause", .string(cause)),
        EventAttribute("error", .string(error)),
      ]
    }
  }
}
