import type { LedgerMessage } from './own-process.ts'
import type { LedgerOptions } from './result.ts'
import { runLedgerBench } from './run.ts'

process.once('message', (options: LedgerOptions) => void run(options))

// Nobody is left to tell when the one that asked has gone.
process.once('disconnect', () => process.exit(1))

async function run(options: LedgerOptions): Promise<void> {
  const say = (message: LedgerMessage): unknown => process.send?.(message)
  const result = await runLedgerBench(options, (step, done, total) => say({ step, done, total }))
  process.send?.({ result } satisfies LedgerMessage, () => process.exit(0))
}
