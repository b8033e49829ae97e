import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { LedgerOptions, LedgerResult, OnProgress } from './result.ts'

/** What the ledger's process says. */
export type LedgerMessage = { readonly step: string; readonly done: number; readonly total: number } | { readonly result: LedgerResult }

/**
 * `runLedgerBench` in a process of its own, so that memory and compiled code of whatever else is measured are not the
 * ledger's. While it runs, `closers` has how to end it. @throws Error when that process ends without a result
 */
export async function runLedgerApart(options: LedgerOptions, onProgress: OnProgress, closers: Set<() => Promise<void>>): Promise<LedgerResult> {
  const child = fork(join(import.meta.dirname, 'ledger-process.ts'), [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  let result: LedgerResult | undefined
  child.on('message', (message: LedgerMessage) => {
    if ('result' in message) result = message.result
    else onProgress(message.step, message.done, message.total)
  })
  const close = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  closers.add(close)
  child.send(options)
  const [code] = await exited
  closers.delete(close)
  if (result === undefined) throw new Error(`the ledger's process ended with ${String(code)}`)
  return result
}
