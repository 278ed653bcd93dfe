extension W3CBaggage {
  /// One name and value, decoded.
  public struct Member: Sendable, Hashable {
    /// The name; case matters.
    public var key: String

    /// The value.
    public var value: String

    /// What is said about the value.
    public var properties: [Property]

    /// Creates a member.
    public init(key: String, value: String, properties: [Property] = []) {
      self.key = key
      self.value = value
      self.properties = properties
    }
  }

  /// Something that is said about a value, after a semicolon.
  public struct Property: Sendable, Hashable {
    /// The name.
    public var key: String

    /// The value, decoded; `nil` when the name says it all.
    public var value: String?

    /// Creates a property.
    public init(key: String, value: String? = nil) {
      self.key = key
      self.value = value
    }
  }
}
