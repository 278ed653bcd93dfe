import ResilienceBulkhead
import ResilienceTestKit
import ResilienceTestSupport

struct Broken: Error {}

/// Whether the primitive let somebody in; the permit goes back at once.
func entersAndLeaves(_ bulkhead: Bulkhead, weight: Int = 1) -> Bool {
  switch bulkhead.tryEnter(weight: weight, at: .s(0)) {
  case .entered(let permit):
    permit.leave(at: .s(0))
    return true
  case .rejected: return false
  case .impossible: return false
  }
}
