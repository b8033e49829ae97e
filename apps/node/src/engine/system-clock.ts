import { uptime } from 'node:os'
import type { Clock } from './ports.ts'

/** The clock of this machine. On Linux the uptime counts time asleep (CLOCK_BOOTTIME), so waking up is no jump. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  uptimeMs: () => uptime() * 1000,
}
