import type { LedgerMessage } from './own-process.ts'
import type { LedgerOptions } from './result.ts'
import { runLedgerBench } from './run.ts'

process.once('message', (options: LedgerOptions) => void run(options))

async function run(options: LedgerOptions): Promise<void> {
  const say = (message: LedgerMessage): unknown => process.send?.(message)
  const result = await runLedgerBench(options, (step, done, total) => say({ step, done, total }))
  say({ result })
  process.disconnect()
}
