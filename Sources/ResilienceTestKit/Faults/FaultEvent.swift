public import ResilienceCore

/// What a ``FaultInjector`` did. Whoever is woken at night must be able to see that it was us.
public enum FaultEvent: ResilienceEvent, Hashable {
  /// A call was hit by the fault of this name.
  case injected(injector: String, fault: String)

  /// Faults may hit from now on.
  case switchedOn(injector: String)

  /// No fault hits any more.
  case switchedOff(injector: String)

  /// `fault.injected`, `fault.on`, `fault.off`.
  public var name: String {
    switch self {
    case .injected: "fault.injected"
    case .switchedOn: "fault.on"
    case .switchedOff: "fault.off"
    }
  }

  /// The injector, and the fault if one hit.
  public var attributes: [EventAttribute] {
    switch self {
    case .injected(let injector, let fault):
      [EventAttribute("injector", .string(injector)), EventAttribute("fault", .string(fault))]
    case .switchedOn(let injector), .switchedOff(let injector):
      [EventAttribute("injector", .string(injector))]
    }
  }
}
