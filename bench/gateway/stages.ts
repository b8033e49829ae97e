import type { Profiler } from 'node:inspector'

/**
 * Stages of a request, and the code that each one is. A moment counts for the first frame, from the innermost out, that
 * belongs to a stage; so a hash taken while a share is sealed counts for custody, wherever the hash function lies.
 */
const STAGES: readonly (readonly [stage: string, code: RegExp])[] = [
  ['token', /\/gateway\/tokens\.ts|\/jose\//],
  ['upkeep', /\/gateway\/(upkeep|access\/(reporter|displays|refusals))\.ts/],
  ['validation', /\/fhir\/src\/validation\//],
  ['parse', /\/gateway\/http\/body\.ts/],
  ['index: guard, checkpoint', /\/index\/libsql\/(page-guard|wal|session|manifest)\.ts/],
  ['index: decode rows', /\/index\/libsql\/stored-row\.ts/],
  ['index: rows', /\/index\/libsql\/|\/fhir\/src\/search\/(index-values|leaves|dates|normalize)\.ts/],
  ['seal', /\/vault\/src\/envelope\//],
  ['keyholder', /\/vault\/src\/keyholder\/|\/vault\/src\/custody\/inbox\.ts|apps\/node\/src\/keyholder\//],
  ['deal', /\/vault\/src\/custody\//],
  ['blobs', /\/storage\/blob-/],
  ['ledger: execution', /\/ledger\/src\/runtime\/execute-|\/engine\/embedded\/commit-block\.ts.*executeBlock/],
  ['ledger: admission', /\/ledger\/src\/runtime\/admission\.ts|\/protocol\/src\/tx\.ts/],
  ['ledger: log and state', /\/storage\/(block-log|block-f|lmdb-|ahead-|packed-)|\/engine\//],
  ['checkpoint', /\/transparency\//],
  ['seals (HPKE)', /\/vault\/src\/(release|hpke)\/|\/@hpke\/|\/mlkem\//],
  ['receipt', /\/ledger\/receipts\.ts|\/ledger\/src\/proofs\//],
  ['transaction: encode, sign', /\/ledger\/submitter\.ts|\/gateway\/records\/writer\.ts/],
  ['plan: references, classes, decide', /\/gateway\/fhir\/(plan|references|ids|aliases|write|unit|bundle)\.ts|\/gateway\/records\/|\/fhir\/src\/(references|categories|bundles)\//],
  ['read: what consent opens', /\/gateway\/access\/|\/ledger\/(ledger-facts|state-memo)\.ts/],
  ['read: the filter', /\/gateway\/fhir\/present\.ts/],
  ['read: ids, JSON', /\/gateway\/fhir\/localise\.ts/],
  ['search: parse, compile', /\/fhir\/src\/search\//],
  ['read, search', /\/gateway\/fhir\/|\/gateway\/access\/|\/fhir\/src\/search\//],
]

/** For what runs outside of any of those. */
const ELSE: typeof STAGES = [
  ['http', /\/gateway\/http\/|hono|node:(_http|http|net|internal\/(stream|http|undici|webstreams))/],
  ['writer of lmdb', /\/lmdb\//],
  ['promises, timers', /node:internal\/(process\/task_queues|timers)/],
]

/** The profiler's own time, which no request has. */
const PROFILER = /node:inspector|\/bench\/gateway\//
const UNCOUNTED = 'uncounted'

const OTHER = 'other'

export interface StageShare {
  readonly stage: string
  /** Of the main thread's busy time in the window. */
  readonly share: number
  readonly mainMsPerRequest: number
}

/**
 * Where the main thread's time went. `mainCpuMs` is what it used in the window: the profiler's own times are of the wall
 * clock, and serve for the shares only.
 */
export function stagesOf(profile: Profiler.Profile, mainCpuMs: number, requests: number): StageShare[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((child): [number, number] => [child, node.id])))
  const stages = new Map<number, string>()
  const stageOf = (id: number): string => {
    const known = stages.get(id)
    if (known !== undefined) return known
    const { functionName, url } = (nodes.get(id) as Profiler.ProfileNode).callFrame
    const special = functionName === '(garbage collector)' ? 'garbage collection' : functionName === '(program)' ? 'system calls, waiting for a core' : functionName === '(idle)' || PROFILER.test(url) ? UNCOUNTED : undefined
    const parent = parents.get(id)
    const outer = parent === undefined ? OTHER : stageOf(parent)
    const own = special ?? STAGES.find(([, code]) => code.test(url))?.[0]
    const stage = own ?? (outer === OTHER ? (ELSE.find(([, code]) => code.test(url))?.[0] ?? OTHER) : outer)
    stages.set(id, stage)
    return stage
  }
  const times = new Map<string, number>()
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const stage = stageOf(id)
    times.set(stage, (times.get(stage) ?? 0) + Math.max(0, profile.timeDeltas?.[index] ?? 0))
  }
  times.delete(UNCOUNTED)
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0)
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .map(([stage, time]) => ({ stage, share: Number((time / busy).toFixed(3)), mainMsPerRequest: Number(((time / busy) * (mainCpuMs / requests)).toFixed(3)) }))
}
