import ResilienceCore
import ResilienceTrace
import Testing

@Suite struct TraceStateTests {
  private static let long = String(repeating: "z", count: 256)
  private static let keyCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
  private static let valueCharacters = String(
    decoding: (UInt8(0x20)...0x7E).filter { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") },
    as: UTF8.self)
  private static let numbered = (1...33).map { "bar\($0)=\($0)" }

  /// The accepting cases of the W3C suite (w3c/trace-context, test.py), with what is passed on.
  @Test(
    arguments: [
      (["foo=1"], "foo=1"),
      (["foo=1,bar=2"], "foo=1,bar=2"),
      ([""], ""),
      ([], ""),
      (["foo=1", ""], "foo=1"),
      (["", "foo=1"], "foo=1"),
      (["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"),
      (["\(keyCharacters)=\(valueCharacters)"], "\(keyCharacters)=\(valueCharacters)"),
      (
        ["\(keyCharacters)@a-z0-9_-*/=\(valueCharacters)"],
        "\(keyCharacters)@a-z0-9_-*/=\(valueCharacters)"
      ),
      (["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
      (["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3"),
      ([" foo=1"], "foo=1"),
      (["\tfoo=1"], "foo=1"),
      (["foo=1 "], "foo=1"),
      (["foo=1\t"], "foo=1"),
      (["\t foo=1 \t"], "foo=1"),
      ([",foo=1,,bar=2, ,"], "foo=1,bar=2"),
      ([", ,"], ""),
      (["foo=  1"], "foo=  1"),  // leading blanks are the value's
      (
        [numbered[..<10].joined(separator: ","), numbered[10..<32].joined(separator: ",")],
        numbered[..<32].joined(separator: ",")
      ),
      (["foo=1", "\(long)=1"], "foo=1,\(long)=1"),
      (["foo=\(long)"], "foo=\(long)"),
      // Level 2 lets `@` stand anywhere after the first character; Level 1 had one, with lengths of its own.
      (["foo@=1,foo@@bar=1,foo@bar@baz=1"], "foo@=1,foo@@bar=1,foo@bar@baz=1"),
    ] as [([String], String)])
  func accepts(_ headers: [String], passedOn: String) {
    #expect(TraceState(headers: headers)?.header == passedOn)
  }

  /// The refusing cases of the W3C suite (strict level 2), and their neighbours: the whole list is discarded.
  @Test(arguments: [
    ["foo =1"],
    ["FOO=1"],
    ["foo.bar=1"],
    ["@foo=1,bar=2"],
    ["_foo=1"],
    [numbered.joined(separator: ",")],
    ["foo=1", "\(long)z=1"],
    ["foo=\(long)z"],
    ["foo=bar=baz"],
    ["foo=,bar=3"],
    ["foo= "],
    ["foo"],
    ["=1"],
    ["="],
    ["foo=1\t2"],
    ["foo=\u{7F}"],
    ["foo=é"],
    ["fóo=1"],
    ["foo=1\n"],
  ])
  func discards(_ headers: [String]) {
    #expect(TraceState(headers: headers) == nil)
  }

  /// The suite asks for one or both of two equal keys to stay; the others are never lost for it.
  @Test(
    arguments: [
      (["foo=1,foo=1"], "foo=1"),
      (["foo=1,foo=2"], "foo=1"),
      (["foo=1", "foo=1"], "foo=1"),
      (["foo=1", "foo=2"], "foo=1"),
      (["foo=1,bar=2,foo=3,baz=4"], "foo=1,bar=2,baz=4"),
      (["foo=1 , foo=2 , bar=3"], "foo=1,bar=3"),
      (["foo=1,bar=2", "bar=3,rojo=4"], "foo=1,bar=2,rojo=4"),
      (["foo=1,fo=2,f=3"], "foo=1,fo=2,f=3"),
      ([numbered[..<32].joined(separator: ","), "bar7=x"], numbered[..<32].joined(separator: ",")),
    ] as [([String], String)])
  func row100_ofARepeatedKeyTheFirstStays(_ headers: [String], passedOn: String) {
    #expect(TraceState(headers: headers)?.header == passedOn)
  }

  @Test(arguments: ["foo=1,foo=", "foo=1,foo=a=b", "foo=1,foo=\u{7F}"])
  func row100_aRepeatedKeyWithAnInvalidValueIsInvalid(_ text: String) {
    #expect(TraceState(text) == nil)
  }

  @Test(arguments: 0..<4)
  func row60_parserIsTotalAndItsOutputValid(seed: Int) throws {
    let random = SeededRandomSource(seed: UInt64(seed))
    let alphabet = Array("aaabz09=,=, \t_-*/@Z.\u{0}é".utf8)
    for _ in 0..<4000 {
      let bytes = (0..<random.next(below: 40)).map { _ in alphabet[random.next(below: alphabet.count)] }
      guard let state = TraceState(String(decoding: bytes, as: UTF8.self)) else { continue }
      #expect(TraceState(state.header) == state)
      #expect(Set(state.members.map(\.key)).count == state.members.count)
      for (key, value) in state.members { #expect(state[key] == value) }
    }
  }

  @Test func membersAreFoundByKey() throws {
    let state = try #require(TraceState("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"))
    #expect(state.members.map(\.key) == ["congo", "rojo"])
    #expect(state["rojo"] == "00f067aa0ba902b7")
    #expect(state["roj"] == nil)
    #expect(TraceState().members.isEmpty)
  }

  @Test func setMovesTheMemberToTheFront() throws {
    var state = try #require(TraceState("congo=1,rojo=2,shop=3"))
    let isSet1 = state.set("9", forKey: "rojo")
    #expect(isSet1)
    #expect(state.header == "rojo=9,congo=1,shop=3")
    let isSet2 = state.set("4", forKey: "ours")
    #expect(isSet2)
    #expect(state.header == "ours=4,rojo=9,congo=1,shop=3")
    state.remove("congo")
    #expect(state.header == "ours=4,rojo=9,shop=3")
    state.remove("sho")
    #expect(state.header == "ours=4,rojo=9,shop=3")
  }

  @Test func setPushesOutThe33rdMember() throws {
    var state = try #require(TraceState(Self.numbered[..<32].joined(separator: ",")))
    let isSet3 = state.set("0", forKey: "ours")
    #expect(isSet3)
    #expect(state.members.count == 32)
    #expect(state.members.first?.key == "ours")
    #expect(state["bar32"] == nil)
    let isSet4 = state.set("1", forKey: "bar31")
    #expect(isSet4)
    #expect(state.members.count == 32)
    #expect(state.members.last?.key == "bar30")
  }

  @Test(arguments: [
    ("", "1"), ("A", "1"), ("a b", "1"), ("a=b", "1"), ("a,b", "1"), ("a", ""), ("a", "1 "), ("a", "1,b=2"),
    ("a", "1=2"), (" a", "1"), ("a", "é"),
  ])
  func setRefusesWhatIsNotValid(_ key: String, _ value: String) throws {
    var state = try #require(TraceState("rojo=2"))
    let isSet5 = state.set(value, forKey: key)
    #expect(!isSet5)
    #expect(state.header == "rojo=2")
  }

  @Test func truncationDropsLongMembersFirstThenTheRightmost() throws {
    let member = { (key: String, length: Int) in
      key + "=" + String(repeating: "v", count: length - key.count - 1)
    }
    let short = (0..<4).map { member("s\($0)", 100) }
    let long = [member("x", 129), member("y", 200)]
    let all = [long[0], short[0], short[1], long[1], short[2], short[3]]
    let state = try #require(TraceState(headers: all))
    #expect(state.header.utf8.count == 734)
    #expect(state.truncated(toLength: 734) == state)
    #expect(
      state.truncated(toLength: 733).header
        == [all[0], all[1], all[2], all[4], all[5]].joined(separator: ","))
    #expect(
      state.truncated(toLength: 533).header
        == [all[0], all[1], all[2], all[4], all[5]].joined(separator: ","))
    #expect(state.truncated(toLength: 532).header == short.joined(separator: ","))
    let many = try #require(TraceState(headers: (0..<6).map { member("s\($0)", 128) }))
    #expect(many.truncated(toLength: 515).members.map(\.key) == ["s0", "s1", "s2", "s3"])
    #expect(many.truncated(toLength: 514).members.map(\.key) == ["s0", "s1", "s2"])
  }
}
