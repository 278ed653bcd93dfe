import Foundation
import ResilienceCore
import ResilienceTimeout
import Testing

@Suite struct TimeLimitCodableTests {
  @Test(arguments: [Duration.nanoseconds(1), .milliseconds(1500), .seconds(3600), .nanoseconds(Int64.max)])
  func whatIsWrittenIsRead(limit: Duration) throws {
    let written = try JSONEncoder().encode(TimeLimit(limit))
    #expect(try JSONDecoder().decode(TimeLimit.self, from: written) == TimeLimit(limit))
  }

  @Test(arguments: [(#""0s""#, #""0s""#), ("250", "250"), ("null", "null"), (#"{"limit": "1s"}"#, "{…}")])
  func whatIsNoLimitIsNamed(text: String, value: String) {
    let error = #expect(throws: InvalidSetting.self) {
      try JSONDecoder().decode(TimeLimit.self, from: Data(text.utf8))
    }
    #expect(error?.field == "document")
    #expect(error?.value == value)
  }
}
