import Foundation
import Testing

/// The handlers beside this file are what somebody outside the package can write: a compiler that takes them
/// for a part of another package finds nothing to complain of.
@Suite(.enabled(if: Compiler.isInstalled, "no swiftc was found in PATH"))
struct OutsidePackageTests {
  private static let options = [
    "-package-name", "somebody_elses", "-enable-upcoming-feature", "ExistentialAny",
    "-enable-upcoming-feature", "MemberImportVisibility", "-enable-upcoming-feature",
    "NonisolatedNonsendingByDefault",
  ]

  @Test func theHandlersAndTheirLayersUseNothingButPublicAPI() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let files = ["OutsideHandlers.swift", "OutsideLayer.swift"].map { folder.appending(path: $0) }
    #expect(try Compiler.diagnoses(ofFiles: files, Self.options).map(\.text) == [])
  }

  /// What the check above would find.
  @Test func whatThePackageKeepsForItselfDoesNotCompileThere() throws {
    let diagnoses = try Compiler.diagnoses(
      of: """
        import ResilienceCore
        struct Layer<Base: Handler>: HandlerDecorator {
          let base: Base
          func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
            var context = context
            context.beginAttempt(2)
            return try await base.perform(input, in: context)
          }
        }
        struct Known: BuiltInHandler {}
        """, Self.options)
    #expect(Set(diagnoses.filter { $0.severity == "error" }.map(\.line)).isSuperset(of: [6, 7, 10]))
  }
}
