import { uptime } from 'node:os'
import type { Clock } from './ports.ts'

/** The clock of this machine. On Linux the uptime counts time asleep (CLOCK_BOOTTIME), so waking up is no jump. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  uptimeMs: () => {
    const now = Date.now()
    if (Math.abs(now - read.at) < GOOD_FOR_MS) return read.uptimeMs
    read = { at: now, uptimeMs: uptime() * 1000 }
    return read.uptimeMs
  },
}

/** Reading the uptime takes a file of the kernel's. Leaps that matter are ten thousand times as long. */
const GOOD_FOR_MS = 50

let read = { at: Number.NaN, uptimeMs: 0 }
