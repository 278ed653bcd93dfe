import Foundation
import Resilience
import Testing

@Suite struct StandardStackDocumentTests {
  private static let page = PageTests.pages.first { $0.name == "Resilience" }
  private static let document = page?.blocks.first { $0.language == "json" }?.text ?? ""

  /// Every field that a policy has, and of each only what it has: written again it is the same document.
  @Test func thePagesDocumentHasAllFieldsOfAPolicy() throws {
    let policy = try JSONDecoder().decode(StandardStackPolicy.self, from: Data(Self.document.utf8))
    let said = try JSONSerialization.jsonObject(with: Data(Self.document.utf8)) as? NSDictionary
    let written = try JSONSerialization.jsonObject(with: JSONEncoder().encode(policy)) as? NSDictionary
    #expect(said != nil && said == written, "\(written ?? [:])")
    #expect(policy.retry == RetryPolicy() && policy.deadline == StandardStackPolicy().deadline)
  }
}
