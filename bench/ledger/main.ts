import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { LEDGER_DEFAULTS, type LedgerOptions } from './result.ts'
import { runLedgerBench } from './run.ts'

const numbers = Object.keys(LEDGER_DEFAULTS) as (keyof typeof LEDGER_DEFAULTS)[]
const { values } = parseArgs({
  options: { directory: { type: 'string', default: tmpdir() }, ...Object.fromEntries(numbers.map((name) => [name, { type: 'string' as const }])) },
})
const given = values as Readonly<Record<string, string | undefined>>
const options = Object.fromEntries(numbers.map((name) => [name, Number(given[name] ?? LEDGER_DEFAULTS[name])])) as Omit<LedgerOptions, 'directory'>

const result = await runLedgerBench({ directory: given['directory'] as string, ...options }, (step, done, total) => {
  process.stderr.write(`\r${step}: ${done} of ${total}          `)
})
process.stderr.write('\n')
process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
