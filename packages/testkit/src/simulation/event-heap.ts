/** Something that will happen. `seq` orders what happens at the same time. */
export interface SimulationEvent {
  /** Microseconds of simulated time. */
  readonly at: number
  readonly seq: number
  readonly label: string
  work: (() => void) | undefined
}

/** A binary heap: the earliest event first. */
export class EventHeap {
  readonly #events: SimulationEvent[] = []

  get size(): number {
    return this.#events.length
  }

  peek(): SimulationEvent | undefined {
    return this.#events[0]
  }

  push(event: SimulationEvent): void {
    const events = this.#events
    let at = events.length
    events.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, events[parent] as SimulationEvent)) break
      events[at] = events[parent] as SimulationEvent
      at = parent
    }
    events[at] = event
  }

  pop(): SimulationEvent | undefined {
    const events = this.#events
    const first = events[0]
    const last = events.pop()
    if (first === undefined || last === undefined || events.length === 0) return first
    let at = 0
    for (let child = 1; child < events.length; child = 2 * at + 1) {
      if (child + 1 < events.length && isBefore(events[child + 1] as SimulationEvent, events[child] as SimulationEvent)) child++
      if (!isBefore(events[child] as SimulationEvent, last)) break
      events[at] = events[child] as SimulationEvent
      at = child
    }
    events[at] = last
    return first
  }
}

function isBefore(a: SimulationEvent, b: SimulationEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq)
}
