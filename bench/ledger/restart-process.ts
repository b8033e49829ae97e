import { openLedger } from './ledger-under-load.ts'

const [directory = ''] = process.argv.slice(2)
const started = performance.now()
const engine = await openLedger(directory)
engine.status()
process.send?.(performance.now() - started)
