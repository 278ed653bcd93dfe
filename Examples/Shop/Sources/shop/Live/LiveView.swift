import Synchronization

/// The live view on a terminal: one screen that is drawn over itself with each sample.
final class LiveView: Sendable {
  private let draw: @Sendable ([String]) -> Void
  private let bareDay = Mutex<[DaySample]>([])

  /// - Parameter draw: Shows the lines of a screen.
  init(draw: @escaping @Sendable ([String]) -> Void) {
    self.draw = draw
  }

  func show(_ moment: DayComparison.Moment) {
    let bare = bareDay.withLock { bareDay in
      guard moment.isProtected else {
        bareDay.append(moment.sample)
        return nil as DaySample?
      }
      let index = moment.sample.second / DaySampler.intervalSeconds
      return index < bareDay.count ? bareDay[index] : nil
    }
    draw(LiveFrame(moment: moment, bare: bare).lines)
  }
}
