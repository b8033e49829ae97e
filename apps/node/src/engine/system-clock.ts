import { uptime } from 'node:os'
import type { Clock } from './ports.ts'

/** The clock of this machine. On Linux the uptime counts time asleep (CLOCK_BOOTTIME), so waking up is no jump. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  uptimeMs: () => {
    const now = Date.now()
    if (now !== read.at) read = { at: now, uptimeMs: uptime() * 1000 }
    return read.uptimeMs
  },
}

/** Reading it takes a file of the kernel's: at most once in each millisecond. */
let read = { at: Number.NaN, uptimeMs: 0 }
