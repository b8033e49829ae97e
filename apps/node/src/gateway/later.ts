/** Does `work` once, after `ms` milliseconds; nobody waits for it. A port: simulations have a time of their own. */
export type Later = (ms: number, work: () => void) => void

/** By the machine's timers; does not keep the process alive. */
export const systemLater: Later = (ms, work) => void setTimeout(work, ms).unref()
