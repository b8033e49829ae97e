import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { PARTS, SIZES, type Part, type Size } from '../report/result.ts'

export const PEERS = ['hapi', 'medplum'] as const
export type PeerName = (typeof PEERS)[number]

export interface BenchOptions {
  readonly parts: readonly Part[]
  readonly size: Size
  readonly peers: readonly PeerName[]
  /** Where results go, and where the run before is looked for. */
  readonly out: string
  /** Whether the result is printed as JSON, too. */
  readonly json: boolean
}

export const USAGE = `usage: chiron bench [${PARTS.join('|')}|all] [--quick] [--peers ${PEERS.join(',')}|none] [--out DIR] [--json]

Measures this clone on this machine, beside other FHIR servers, and leaves JSON, a report and plots in DIR (bench/results).
  --quick      less of everything: minutes, for a look; not for publication
  --peers      which servers to measure beside ours; installed into .tools the first time
  --size       whole, quick (as --quick) or tiny
  --json       prints the result to stdout, too`

/** What is wrong with a command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @returns undefined when help is asked for. @throws UsageError */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parse(args)
  if (values.help) return undefined
  const [part = 'all', ...more] = positionals
  if (more.length > 0) throw new UsageError('one part, or all')
  const size = values.quick ? 'quick' : oneOf(SIZES, values.size, 'size')
  return {
    parts: part === 'all' ? PARTS : [oneOf(PARTS, part, 'part')],
    size,
    peers: values.peers === 'none' ? [] : values.peers.split(',').map((peer) => oneOf(PEERS, peer, 'peer')),
    out: values.out,
    json: values.json,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        size: { type: 'string', default: 'whole' },
        peers: { type: 'string', default: PEERS.join(',') },
        out: { type: 'string', default: fileURLToPath(new URL('../results', import.meta.url)) },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause })
  }
}

function oneOf<T extends string>(known: readonly T[], given: string, what: string): T {
  const found = known.find((one) => one === given)
  if (found === undefined) throw new UsageError(`no ${what} ${given}; there are ${known.join(', ')}`)
  return found
}
