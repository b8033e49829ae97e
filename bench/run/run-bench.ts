import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { measureDecide } from '../decide/decide-cost.ts'
import { openCharts } from '../gateway/chart.ts'
import { CHIRON, compareServers, type OnStep } from '../gateway/compare.ts'
import { readSources, SAMPLE_PATIENTS } from '../gateway/samples.ts'
import { startNodeProcess } from '../gateway/start-node.ts'
import { runLedgerApart } from '../ledger/own-process.ts'
import { describeMachine } from '../machine/machine.ts'
import { measureNoise } from '../machine/noise.ts'
import { startHapi } from '../peers/hapi.ts'
import { startMedplum } from '../peers/medplum.ts'
import { PeerMissing, type Peer, type Say } from '../peers/peer.ts'
import { figuresOf } from '../report/figures.ts'
import { benchResult, type BenchResult, type GatewayResult } from '../report/result.ts'
import type { BenchOptions, PeerName } from './options.ts'
import { WORK } from './sizes.ts'

const START: Readonly<Record<PeerName, { readonly name: string; start(say: Say): Promise<Peer> }>> = {
  hapi: { name: 'HAPI', start: startHapi },
  medplum: { name: 'Medplum in memory', start: startMedplum },
}

/** What runs and must be ended, also when the run is broken off. */
export type Closers = Set<() => Promise<void>>

/**
 * Measures what the options name; one part after the other, so that none disturbs another.
 * @throws Error when Chiron fails, or any server gives a wrong answer
 */
export async function runBench(options: BenchOptions, onStep: OnStep, closers: Closers): Promise<BenchResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'chiron-bench-run-'))
  const clean = async (): Promise<void> => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 })
  closers.add(clean)
  try {
    return await run(options, scratch, onStep, closers)
  } finally {
    await clean()
    closers.delete(clean)
  }
}

async function run({ parts, size, peers }: BenchOptions, scratch: string, onStep: OnStep, closers: Closers): Promise<BenchResult> {
  const startedAt = new Date().toISOString()
  const commit = commitOf()
  const started = performance.now()
  const work = WORK[size]
  const machine = describeMachine(scratch)
  const before = measureNoise()
  const step = (part: string): OnStep => (name, done, total) => onStep(`${part} · ${name}`, done, total)
  const wants = (part: (typeof parts)[number]): boolean => parts.includes(part)

  const ledger = wants('ledger') ? await runLedgerApart({ directory: scratch, ...work.ledger }, step('ledger'), closers) : null
  if (wants('decide')) onStep('decide()', 0, 1)
  const decide = wants('decide') ? measureDecide(work.decide) : null
  const chart = wants('chart') ? await openCharts({ ...work.chart, parent: scratch, data: SAMPLE_PATIENTS, stages: true }, (done) => onStep('chart · opening', done, work.chart.charts)) : null
  const { gateway, servers } = wants('gateway') ? await measureGateway(peers, work.gateway, scratch, step('gateway'), closers) : { gateway: null, servers: [] }

  const measured = { ledger, decide, gateway, chart }
  return v.parse(benchResult, {
    format: 1, startedAt, seconds: Math.round((performance.now() - started) / 1000), size, parts: [...parts], commit, machine,
    noise: { before, after: measureNoise() }, servers, figures: figuresOf(measured as BenchResult), ...measured,
  })
}

type Servers = BenchResult['servers']

async function measureGateway(wanted: readonly PeerName[], work: (typeof WORK)[keyof typeof WORK]['gateway'], scratch: string, onStep: OnStep, closers: Closers): Promise<{ gateway: GatewayResult; servers: Servers }> {
  const servers: Servers = [{ name: CHIRON, description: 'one node, one keyholder, all in one process; tokens, validation, encryption, ledger and lists of accesses on' }]
  const running: Peer[] = []
  const missing: { name: string; why: string }[] = []
  const stopAll = async (): Promise<void> => {
    for (const peer of running.splice(0)) await peer.stop()
  }
  closers.add(stopAll)
  const node = await startNodeProcess({ parent: scratch })
  const stopNode = (): Promise<void> => node.stop()
  closers.add(stopNode)
  try {
    for (const which of wanted) {
      const { name, start } = START[which]
      try {
        const peer = await start((what) => onStep(`${name}: ${what}`, 0, 1))
        running.push(peer)
        servers.push({ name, description: peer.description })
      } catch (error) {
        if (!(error instanceof PeerMissing)) throw error
        servers.push({ name, missing: error.message })
        missing.push({ name, why: error.message })
      }
    }
    const gateway = await compareServers(node, running, missing, { ...work, sources: readSources(SAMPLE_PATIENTS) }, onStep)
    return { gateway, servers }
  } finally {
    await stopAll()
    closers.delete(stopAll)
    await stopNode()
    closers.delete(stopNode)
  }
}

function commitOf(): string | null {
  const git = (...args: string[]): string | undefined => {
    const { status, stdout } = spawnSync('git', args, { cwd: fileURLToPath(new URL('../..', import.meta.url)), encoding: 'utf8' })
    return status === 0 ? stdout.trim() : undefined
  }
  const commit = git('rev-parse', '--short=12', 'HEAD')
  if (commit === undefined) return null
  return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}+`
}
