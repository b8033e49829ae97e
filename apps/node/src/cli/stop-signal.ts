import { constants } from 'node:os'

/** A second signal within this time is the same one, which a terminal and the launcher both deliver. */
const SAME_SIGNAL_MS = 1000

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP, or when the launcher that started this process is gone. A further
 * signal after a second ends the process at once.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (firstAt !== undefined && performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(128 + constants.signals[signal])
        firstAt ??= performance.now()
        resolve()
      })
    }
    process.once('disconnect', resolve)
    process.channel?.unref()
  })
}
