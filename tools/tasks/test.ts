import { pathToFileURL } from 'node:url'
import { ensureChromium } from '../setup/chromium.ts'
import { inPackage, runNode } from './process.ts'

/** Runs the ordinary or the long tests, in a browser too where there can be one; the exit code. `tallyFile` receives the counts. */
export async function test(kind: 'ordinary' | 'long', args: readonly string[] = [], tallyFile?: string): Promise<number> {
  await ensureChromium((line) => process.stderr.write(`test: ${line}\n`))
  return runNode([inPackage('vitest', 'vitest.mjs'), 'run', ...args], {
    CHIRON_TESTS: kind,
    ...(tallyFile === undefined ? {} : { CHIRON_TALLY_FILE: tallyFile }),
  })
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [kind, ...args] = process.argv.slice(2)
  process.exitCode = await test(kind === 'long' ? 'long' : 'ordinary', args)
}
