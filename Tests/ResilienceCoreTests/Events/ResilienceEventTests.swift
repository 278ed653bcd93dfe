import ResilienceCore
import Testing

private struct Refused: ResilienceEvent {
  let name = "limit.refused"
  let attributes: [EventAttribute]
}

@Suite struct ResilienceEventTests {
  /// One event is one line of a log, whatever a value says.
  @Test func row91_aValueCannotBeginALineOfItsOwn() {
    let event = Refused(attributes: [
      EventAttribute("call", .string("pay\nretry.gave_up call=forged")),
      EventAttribute("error", .string("\u{1B}[31mred\u{202E}")), EventAttribute("attempts", .integer(3)),
    ])
    #expect(
      event.description
        == #"limit.refused call=pay\nretry.gave_up call=forged error=\u{1B}[31mred\u{202E} attempts=3"#)
  }

  @Test func row91_aValueAloneIsEscapedToo() {
    #expect(EventAttribute.Value.string("pay\nforged\u{1B}").escaped == #"pay\nforged\u{1B}"#)
    #expect(EventAttribute.Value.number(0.5).escaped == "0.5")
  }

  @Test func anEmptyTextIsLeftOut() {
    let event = Refused(attributes: [
      EventAttribute("call", .string("")), EventAttribute("attempts", .integer(0)),
      EventAttribute("reason", .string("none")),
    ])
    #expect(event.description == "limit.refused attempts=0 reason=none")
  }
}
