import { stripTypeScriptTypes } from 'node:module'
import { parseAst } from 'rolldown/parseAst'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../simulation/random.ts'
import { Coverage } from './coverage.ts'
import { BrokenProperty } from './errors.ts'
import { Fuzzer } from './fuzzer.ts'
import { instrument, type SyntaxNode } from './instrument.ts'
import { judge } from './judge.ts'
import { readLoosely, writeLoosely } from './loose-cbor.ts'
import { mutateCbor } from './mutate-cbor.ts'
import { mutateJson, mutateText } from './mutate-text.ts'
import { mutateTree } from './mutate-tree.ts'
import type { Target } from './target.ts'

const parse = (source: string): SyntaxNode => parseAst(source, { lang: 'ts' }) as unknown as SyntaxNode
const coverage = new Coverage()
let modules = 0

/** A function of the source `export function run(...)`, with counters. */
function load<T>(source: string): { readonly run: T; readonly url: string } {
  const url = `fuzzed-${++modules}.ts`
  const counted = stripTypeScriptTypes(coverage.add(url, source, parse(source)))
  return { run: new Function(`${counted.replace('export function', 'return function')}`)() as T, url }
}

const EVERYTHING = `export function run(a: number, b?: string): string {
  let said = ''
  const twice = (x: number): number => x > 0 ? x * 2 : -x
  const list = (x: number): readonly number[] => [x] as const
  const object = () => ({ a: a && 1 })
  if (a > 1) said += 'more'
  else if (a > 0) { said += 'one' } else said += 'none'
  if (a > 5) if (a > 6) said += '!'; else said += '?'
  for (let i = 0; i < a; i++) said += twice(i)
  for (const each of list(a)) said += String(each satisfies number)
  do said += '.'; while (said.length < 3)
  switch (a) { case 1: case 2: said += 'few'; break; default: said += 'many' }
  try { if (b === undefined) throw new TypeError('b') } catch { said += b ?? 'no b' }
  return said + (b?.length || 0) + JSON.stringify(object())
}`

describe('counters', () => {
  it('change nothing that a program does', () => {
    const plain = new Function(stripTypeScriptTypes(EVERYTHING).replace('export function', 'return function'))() as (a: number, b?: string) => string
    const { run } = load<typeof plain>(EVERYTHING)
    for (const a of [-1, 0, 1, 2, 5, 6, 7]) for (const b of [undefined, '', 'text']) expect(run(a, b)).toBe(plain(a, b))
  })

  it('tell every branch from every other, also where an else is missing', () => {
    const { run, url } = load<(a: number) => number>('export function run(a: number): number { if (a > 3) a++; return a }')
    const window = coverage.of([url])
    const news = (a: number): boolean => {
      window.clear()
      run(a)
      return window.takeNews()
    }
    expect([news(1), news(2), news(4), news(5)]).toEqual([true, false, true, false])
    expect(window.covered).toBe(3)
  })

  it('gather what a program compares with', () => {
    expect(instrument('if (x === "magic" || y === 77) z("import")', parse('if (x === "magic" || y === 77) z("import")'), 0).literals).toEqual(['magic', 77, 'import'])
  })
})

/** Takes four steps, each of which only the next input can build on, to where a mistake is. */
const STEPS = `export function run(b) {
  if (b[0] === 0x5a) { if (b[1] === 0xc3) { if (b[2] === b[3] + 7) { if (b[4] > 0xf0 && b.length === 9) { throw new RangeError('the planted mistake') } } } }
  return 'refused'
}`

function stepTarget(): { target: Target; url: string } {
  const { run, url } = load<(input: Uint8Array) => string>(STEPS)
  return { url, target: { name: 'steps', form: 'bytes', modules: [url], seeds: [new Uint8Array(6)], run } }
}

const held: unknown[] = []

/** Takes so many milliseconds of processor time. */
function spin(ms: number): string {
  const began = process.threadCpuUsage()
  for (;;) {
    const { user, system } = process.threadCpuUsage(began)
    if (user + system > ms * 1000) return 'slow'
    held.push(Array.from({ length: 1000 }, String).join(''))
  }
}

describe('fuzzing', () => {
  const budget = { seed: 'steps', executions: 120_000, findings: 1 }

  it('finds by coverage what neither blind mutation nor fast-check finds in as many tries', async () => {
    const guided = stepTarget()
    const report = await new Fuzzer(guided.target, coverage.of(guided.target.modules)).run(budget)
    expect(report.findings.map(({ kind, message }) => [kind, message.slice(0, 31)])).toEqual([['threw', 'RangeError: the planted mistake']])
    expect(report.executions).toBeLessThan(budget.executions)
    const blind = stepTarget()
    expect((await new Fuzzer(blind.target, coverage.of(blind.target.modules)).run({ ...budget, guided: false })).findings).toEqual([])
    const property = fc.property(fc.uint8Array({ maxLength: 16 }), (input) => blind.target.run(input) === 'refused')
    expect(fc.check(property, { numRuns: budget.executions, seed: 7 }).failed).toBe(false)
  })

  it('gives the same report for the same seed', async () => {
    const report = async () => {
      const { target } = stepTarget()
      const { milliseconds: _, processorMilliseconds: _p, counters: _c, findings, ...same } = await new Fuzzer(target, coverage.of(target.modules)).run({ seed: 'again', executions: 5000 })
      return { ...same, inputs: findings.map(({ input }) => input) }
    }
    expect(await report()).toEqual(await report())
  })

  it('keeps the least that reaches what was reached', async () => {
    const { target, url } = stepTarget()
    const fuzzer = new Fuzzer(target, coverage.of([url]))
    const { corpus } = await fuzzer.run({ seed: 'least', executions: 20_000 })
    const least = await fuzzer.minimise()
    expect(least.length).toBeGreaterThan(0)
    expect(least.length).toBeLessThanOrEqual(corpus)
    const again = coverage.of([url])
    for (const input of least) {
      again.clear()
      await judge(target, input)
      again.takeNews()
    }
    expect(again.covered).toBeGreaterThanOrEqual(6)
  })

  it.each([
    ['slow', () => spin(25)],
    ['memory', () => { held.push(new Uint8Array(200 * 2 ** 20).fill(1)); return 'large' }],
    ['threw', (): string => { throw new BrokenProperty('no') }],
    ['threw', async (): Promise<string> => { await Promise.resolve(); throw new BrokenProperty('no') }],
  ] as readonly (readonly [string, Target['run']])[])('finds what is %s', async (kind, run) => {
    const target: Target = { name: kind, form: 'bytes', modules: [], seeds: [], maxMs: 8, run }
    expect((await judge(target, new Uint8Array(1)))?.kind).toBe(kind)
    held.length = 0
  })
})

describe('mutations', () => {
  const random = new SeededRandom('mutations')
  const tree = { v: 1, list: [new Uint8Array([1, 2]), null, true, -7, 'text', 2n ** 63n], inside: writeLoosely({ a: [1] }) }

  it('read and write CBOR on their own', () => {
    expect(readLoosely(writeLoosely(tree))).toEqual(tree)
    expect(readLoosely(Uint8Array.of(0x61))).toBeUndefined()
  })

  it('leave the words alone that they take, which would hold themselves else', () => {
    const word = [null, {}]
    for (let again = 0; again < 300; again++) JSON.stringify(mutateTree([1, { a: [2] }], random, null, () => word, (leaf) => leaf))
    expect(word).toEqual([null, {}])
  })

  it('make other documents of CBOR and of JSON, and other texts, most of them well-formed', () => {
    const bytes = writeLoosely(tree)
    const json = new TextEncoder().encode('{"a":[1,{"b":"c"}],"d":null}')
    const query = new TextEncoder().encode('code=a|b&date=ge2020&_sort=-date')
    const cbor = Array.from({ length: 400 }, () => mutateCbor([], ['word'])(bytes, random, bytes))
    expect(new Set(cbor.map(String)).size).toBeGreaterThan(200)
    expect(cbor.filter((each) => readLoosely(each) !== undefined).length).toBeGreaterThan(200)
    const texts = Array.from({ length: 400 }, () => mutateJson([], [])(json, random, json)).filter((each) => {
      try {
        JSON.parse(new TextDecoder().decode(each))
        return true
      } catch {
        return false
      }
    })
    expect(texts.length).toBeGreaterThan(200)
    const queries = Array.from({ length: 400 }, () => mutateText([], ['_include'], /([&=|])/)(query, random, query))
    expect(queries.some((each) => new TextDecoder().decode(each).includes('_include'))).toBe(true)
  })
})
