import { SeededRandom } from '../simulation/random.ts'
import type { Window } from './coverage.ts'
import { FuzzError } from './errors.ts'
import { mutateBytes, type Mutator } from './mutate-bytes.ts'
import { mutateCbor } from './mutate-cbor.ts'
import { mutateJson, mutateText } from './mutate-text.ts'
import { measure, runOnce, shrink, type Finding } from './judge.ts'
import type { Target } from './target.ts'

export interface FuzzOptions {
  readonly seed: string
  readonly executions?: number
  /** Ends after so many milliseconds. */
  readonly milliseconds?: number
  /** Ends after so many milliseconds of the processor, which a busy machine does not shorten. */
  readonly processorMilliseconds?: number
  /** Ends after so many different findings; 5 unless said. */
  readonly findings?: number
  /** Told every input before it runs, so that one that never ends is known. */
  readonly onInput?: (input: Uint8Array) => void
  /** Without: inputs are kept for nothing, as a generator without feedback would. */
  readonly guided?: boolean
}

export interface FuzzReport {
  readonly target: string
  readonly executions: number
  readonly milliseconds: number
  /** Of the processor, all threads of the process together. */
  readonly processorMilliseconds: number
  readonly accepted: number
  readonly counters: number
  readonly covered: number
  readonly corpus: number
  readonly findings: readonly Finding[]
}

interface Kept {
  readonly input: Uint8Array
  picked: number
}

const MAX_BYTES = 8192
const CHECK_EVERY = 64

/** Feeds a target with inputs, keeps those that reach what none before reached, and goes on from them. */
export class Fuzzer {
  readonly #target: Target
  readonly #window: Window
  readonly #corpus: Kept[] = []
  readonly #outcomes = new Set<string>()

  /** @throws FuzzError `ERR_FUZZ_TARGET` without a seed */
  constructor(target: Target, window: Window) {
    if (target.seeds.length === 0) throw new FuzzError('ERR_FUZZ_TARGET', `${target.name} has no seed`)
    this.#target = target
    this.#window = window
  }

  async run(options: FuzzOptions): Promise<FuzzReport> {
    const { executions = Infinity, milliseconds = Infinity, processorMilliseconds = Infinity, findings: enough = 5, onInput, guided = true } = options
    const target = this.#target
    const random = new SeededRandom(`${options.seed}/${target.name}`)
    const mutate = this.#mutator()
    const findings = new Map<string, Finding>()
    const maxBytes = target.maxBytes ?? MAX_BYTES
    const began = performance.now()
    const processor = process.cpuUsage()
    const progress = { executions: 0, accepted: 0 }
    const isTimeOver = (): boolean => {
      const { user, system } = process.cpuUsage(processor)
      return performance.now() - began >= milliseconds || (user + system) / 1000 >= processorMilliseconds
    }
    const isOver = (): boolean => progress.executions >= executions || findings.size >= enough || (progress.executions % CHECK_EVERY === 0 && isTimeOver())
    const once = async (input: Uint8Array): Promise<void> => {
      onInput?.(input)
      this.#window.clear()
      const running = runOnce(target, input)
      const { outcome, finding, isNotable } = running instanceof Promise ? await running : running
      const isNewOutcome = !this.#outcomes.has(outcome)
      if (isNewOutcome) this.#outcomes.add(outcome)
      if (this.#window.takeNews() || isNewOutcome) this.#corpus.push({ input, picked: 0 })
      progress.executions++
      if (outcome === 'accepted') progress.accepted++
      if (finding === undefined && !isNotable) return
      const found = isNotable ? await measure(target, input) : finding
      if (found !== undefined && !findings.has(found.key)) findings.set(found.key, await shrink(target, input, found))
    }
    for (const seed of target.seeds) await once(seed)
    while (!isOver()) {
      const kept = guided ? this.#pick(random) : { input: random.pick(target.seeds), picked: 0 }
      const other = guided ? (random.pick(this.#corpus)?.input ?? kept.input) : random.pick(target.seeds)
      const input = mutate(kept.input, random, other)
      kept.picked++
      await once(input.length > maxBytes ? input.slice(0, maxBytes) : input)
    }
    const { user, system } = process.cpuUsage(processor)
    return {
      processorMilliseconds: Math.round((user + system) / 1000), target: target.name, milliseconds: Math.round(performance.now() - began), ...progress, counters: this.#window.counters,
      covered: this.#window.covered, corpus: this.#corpus.length, findings: [...findings.values()],
    }
  }

  /** Of what was kept, as little as reaches all that was reached and that the `given` inputs do not reach, smallest first. */
  async minimise(given: readonly Uint8Array[] = []): Promise<Uint8Array[]> {
    const seen = new Set<number>()
    for (const input of given) {
      this.#window.clear()
      await runOnce(this.#target, input)
      for (const feature of this.#window.features()) seen.add(feature)
    }
    const held: { input: Uint8Array; features: number[] }[] = []
    for (const { input } of this.#corpus) {
      this.#window.clear()
      await runOnce(this.#target, input)
      held.push({ input, features: this.#window.features() })
    }
    return held.sort((a, b) => a.input.length - b.input.length).filter(({ features }) => {
      const before = seen.size
      for (const feature of features) seen.add(feature)
      return seen.size > before
    }).map(({ input }) => input)
  }

  /** The one of two that was picked less often, rather one of the newest. */
  #pick(random: SeededRandom): Kept {
    const newest = Math.max(0, this.#corpus.length - 16)
    const one = random.chance(0.3) ? this.#corpus[random.between(newest, this.#corpus.length - 1)] as Kept : random.pick(this.#corpus)
    const two = random.pick(this.#corpus)
    return one.picked <= two.picked ? one : two
  }

  #mutator(): Mutator {
    const { form, words = [] } = this.#target
    const all = [...new Set([...words, ...this.#window.literals])]
    const encoder = new TextEncoder()
    const dictionary = all.map((word) => encoder.encode(String(word)))
    if (form === 'bytes') return mutateBytes(dictionary)
    if (form === 'cbor') return mutateCbor(dictionary, all)
    return form === 'json' ? mutateJson(dictionary, all) : mutateText(dictionary, all, form.separators)
  }
}
