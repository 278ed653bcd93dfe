import ResilienceCore
import ResilienceTestKit

struct Pushed: Error, PushbackProviding {
  var pushback: Pushback
}
