// The code of Errors.md, compiled.

import Resilience

func answer(to error: any Error) -> (status: Int, retryAfter: String?) {
  let delay = (error as? any Rejection)?.retryAfter(at: CallContext.current.readClock())
  let retryAfter = delay.map { "\(RetryAfter($0))" }  // whole seconds, as the header field wants them
  switch error {
  case is TimedOut, is SharedExecutionTimedOut, is RequestTimedOut, is DeadlineExceeded: return (504, nil)
  case let limited as RateLimited where limited.limiter == "customers": return (429, retryAfter)
  case is ImpossiblePermits, is ImpossibleWeight: return (400, nil)
  case is any Rejection: return (503, retryAfter)
  case is FallbackFailed, is RequestFailed: return (502, nil)
  default: return (500, nil)
  }
}
