import { BrokenProperty } from './errors.ts'
import { splice } from './mutate-bytes.ts'
import type { Target } from './target.ts'

export interface Finding {
  readonly kind: 'threw' | 'slow' | 'memory'
  /** The same for what seems to be the same fault. */
  readonly key: string
  readonly message: string
  /** Base64. */
  readonly input: string
}

export interface Verdict {
  readonly outcome: string
  readonly isNotable: boolean
  readonly finding?: Finding
}

const MAX_MS = 100
/** Memory that one input may take, in bytes, besides what is proportional to it. */
const MAX_MEMORY = 96 * 1024 * 1024
/** What takes less is not measured. */
const NOTABLE_MS = 4
const SHRINK_TRIES = 600

/** Runs one input once and says how it ended. `isNotable`: it took so long that {@link measure} should look at it. */
export function runOnce(target: Target, input: Uint8Array): Verdict | Promise<Verdict> {
  const began = performance.now()
  const ended = (outcome: string): Verdict => ({ outcome, isNotable: performance.now() - began >= NOTABLE_MS })
  try {
    const outcome = target.run(input)
    return outcome instanceof Promise ? outcome.then(ended, (error: unknown) => threw(input, error)) : ended(outcome)
  } catch (error) {
    return threw(input, error)
  }
}

/** Runs one input and says what is wrong with how it went. */
export async function judge(target: Target, input: Uint8Array): Promise<Finding | undefined> {
  const { finding, isNotable } = await runOnce(target, input)
  return isNotable ? await measure(target, input) : finding
}

/** What took long is run again, so that a machine that is busy with others is not taken for a slow input. */
export async function measure(target: Target, input: Uint8Array): Promise<Finding | undefined> {
  const limit = target.maxMs ?? MAX_MS
  let least = Infinity
  for (let again = 0; again < 3; again++) {
    const memory = process.memoryUsage()
    const processor = process.cpuUsage()
    await target.run(input)
    const { user, system } = process.cpuUsage(processor)
    const after = process.memoryUsage()
    const grown = after.arrayBuffers - memory.arrayBuffers + Math.max(0, after.heapUsed - memory.heapUsed)
    if (grown > MAX_MEMORY) return found('memory', 'memory', `${Math.round(grown / 2 ** 20)} MiB for ${input.length} bytes`, input)
    least = Math.min(least, (user + system) / 1000)
    if (least < limit) return undefined
  }
  return found('slow', 'slow', `${Math.round(least)} ms for ${input.length} bytes`, input)
}

function threw(input: Uint8Array, error: unknown): Verdict {
  const { name, message, stack = '' } = error instanceof Error ? error : new BrokenProperty('threw what is no error')
  const frames = stack.split('\n').filter((line) => line.trim().startsWith('at '))
  const place = frames.find((line) => line.includes('.ts:'))?.trim().replace(/^.*\//, '') ?? ''
  return { outcome: `threw ${name}`, isNotable: false, finding: found('threw', `${name} ${place}`, `${name}: ${message} ${frames.slice(0, 4).map((line) => line.trim().replace(/\(.*\/(?=[^/]+\/[^/]+$)/, '(')).join(' ')}`, input) }
}

function found(kind: Finding['kind'], key: string, message: string, input: Uint8Array): Finding {
  return { kind, key, message, input: Buffer.from(input).toString('base64') }
}

/** A shorter input that shows the same, if one is found soon. */
export async function shrink(target: Target, input: Uint8Array, finding: Finding): Promise<Finding> {
  if (finding.kind !== 'threw') return finding
  let shortest = { input, finding }
  for (let chunk = input.length >> 1, tries = 0; chunk > 0 && tries < SHRINK_TRIES; chunk >>= 1) {
    for (let at = 0; at < shortest.input.length && tries < SHRINK_TRIES; tries++) {
      const shorter = splice(shortest.input, at, chunk, new Uint8Array(0))
      const verdict = await runOnce(target, shorter)
      if (verdict.finding?.key === finding.key) shortest = { input: shorter, finding: verdict.finding }
      else at += chunk
    }
  }
  return shortest.finding
}
