internal import NIOCore
internal import Resilience

extension Hub {
  /// The most letters of one page.
  private static let maxPage = 1000

  /// The requests about dead letters, by their paths.
  var letterRequests: [(String, Answer)] {
    [
      (
        HubPath.letters,
        { [broker, maxBodyBytes] body in
          let page = try HubFrame<HubLetterPage>(reading: body).head
          let letters = try await broker.deadLetters(
            of: page.group, after: page.after, limit: min(max(1, page.limit), Self.maxPage))
          var (batch, heads) = (HubBatch(), [HubLetter]())
          for letter in letters {
            let json = letter.event.json()
            // A page may be shorter than was asked for, but not empty.
            guard heads.isEmpty || batch.count + json.count <= maxBodyBytes else { break }
            batch.append(json)
            heads.append(HubLetter(letter))
          }
          return try HubFrame.bytes(HubLetters(letters: heads), batch: batch)
        }
      ),
      (
        HubPath.removeLetter,
        Self.answering { [broker] (frame: HubFrame<HubLetterOnly>) in
          HubFrame(HubAnswer(isThere: try await broker.removeDeadLetter(frame.head.id)))
        }
      ),
      (
        HubPath.redrive,
        Self.answering { [broker] (frame: HubFrame<HubLetterOnly>) in
          guard frame.events.count <= 1 else {
            throw HubRefusal("events", "\(frame.events.count)", "one, or none")
          }
          return HubFrame(
            HubAnswer(isThere: try await broker.redrive(frame.head.id, as: frame.events.first)))
        }
      ),
    ]
  }
}
