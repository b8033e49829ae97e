import { SeededRandom } from '@chiron/testkit/simulation'
import { draw, oracleAtStart, type Drawn } from './draw.ts'
import { typeOfKey } from './bodies.ts'
import type { RecordKey, RecordWords } from './model.ts'
import type { Oracle } from './oracle.ts'
import { get, type Asked } from './asked.ts'
import { Probes } from './probes.ts'
import { Requests } from './requests.ts'
import { idsFor, moveTime } from './stopped-time.ts'
import { inBoth, STEP_MS, Twin, writerOf } from './twin.ts'
import { copyWorld, PUBLIC_URL, type HttpAnswer, type HttpRequest } from './world.ts'

export interface Finding {
  readonly kind: 'differs' | 'canary' | 'count' | 'failure'
  readonly what: string
}

export interface SeedReport {
  readonly seed: number
  readonly reader: string
  readonly requests: number
  readonly hidden: number
  readonly differences: number
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
}

const MOST_FINDINGS = 8

/** Runs one seed in two worlds, until so much was found. */
export async function runSeed(seed: number, template: string, mostFindings = MOST_FINDINGS): Promise<SeedReport> {
  const drawn = draw(seed)
  const { scenario, others, differences } = drawn
  const first = new Twin(await copyWorld(template), scenario.records, new Map())
  const second = new Twin(await copyWorld(template), others, differences)
  try {
    return await new Run(drawn, first, second, mostFindings).run()
  } finally {
    await first.world.close()
    await second.world.close()
  }
}

class Run {
  readonly #mostFindings: number
  readonly #drawn: Drawn
  readonly #twins: readonly [Twin, Twin]
  readonly #oracle: Oracle
  readonly #records: ReadonlyMap<RecordKey, RecordWords>
  readonly #findings: Finding[] = []
  readonly #statuses: Record<string, number> = {}
  /** What the reader wrote may come back. */
  #written = ''
  #requests = 0
  #links: (string | undefined)[] = []

  constructor(drawn: Drawn, first: Twin, second: Twin, mostFindings: number) {
    this.#mostFindings = mostFindings
    this.#drawn = drawn
    this.#twins = [first, second]
    this.#oracle = oracleAtStart(drawn.scenario.reader, drawn.scenario.records)
    this.#records = new Map(drawn.scenario.records.map((record) => [record.key, record]))
  }

  async run(): Promise<SeedReport> {
    const { scenario, differences, hidden } = this.#drawn
    await this.#begin()
    const random = new SeededRandom(`leaks/${scenario.seed}/requests`)
    const names = this.#twins[0].names(scenario.reader.organisation, this.#records)
    const requests = new Requests(random, scenario, hidden, names)
    const probes = new Probes(random.split('probes'), scenario, this.#drawn, names)
    for (const [index, { sayings }] of scenario.epochs.entries()) {
      for (const saying of sayings) {
        this.#oracle.hear(saying)
        if (saying.say === 'wait') moveTime(saying.ms)
        await inBoth(this.#twins, async (twin) => await twin.say(saying))
      }
      await this.#others(random.split(`others ${index}`))
      const first = index === 0
      for (const asked of [...(first ? probes.unopened() : []), ...probes.lists('p0'), ...(first ? probes.across() : []), ...probes.reads(first ? 4 : 1)]) await this.#ask(asked)
      await this.#disturb(random.split(`disturb ${index}`))
      for (const asked of requests.reads(first ? 0.7 : 0.3)) await this.#ask(asked)
      if (this.#findings.length >= this.#mostFindings) break
    }
    for (const asked of [...probes.writes(4), ...requests.writes()]) await this.#ask(asked)
    for (const { what, request, follow } of requests.reads(0.2)) await this.#ask({ what, request, ...(follow === undefined ? {} : { follow }) })
    for (const { world } of this.#twins) for (const failure of world.failures) this.#find('failure', `in the background: ${String((failure as { error?: unknown }).error ?? failure)}`)
    return {
      seed: scenario.seed, reader: scenario.reader.kind, requests: this.#requests, hidden: hidden.size, differences: differences.size,
      statuses: this.#statuses, findings: this.#findings,
    }
  }

  /** Everything that is written before the reader comes. */
  async #begin(): Promise<void> {
    const { records } = this.#drawn.scenario
    const patients = records.filter(({ type }) => type === 'Patient')
    for (const { key } of patients) await inBoth(this.#twins, async (twin) => await twin.write(key))
    for (const patient of patients) {
      await inBoth(this.#twins, async (twin) => {
        if (twin.has(patient.key)) await twin.world.send(twin.askerOf({ kind: 'patient', organisation: this.#drawn.scenario.reader.organisation, patient: patient.patients[0] as string, purpose: 'PATRQT', scopes: ['patient/*.rs'] }), { method: 'GET', path: 'fhir/metadata' })
      })
    }
    await inBoth(this.#twins, async (twin) => await twin.say({ say: 'treat', patient: 'p0', organisation: 'lakeside' }))
    for (const { key, type } of records) if (type !== 'Patient') await inBoth(this.#twins, async (twin) => await twin.write(key))
    for (const record of records) {
      await inBoth(this.#twins, async (twin) => {
        if (twin.isDeleted(record.key)) await twin.delete(record.key)
      })
    }
  }

  /** Others who see more look at the same things before, so that what the gateway remembers of them is there; so does a patient elsewhere. */
  async #others(random: SeededRandom): Promise<void> {
    const { reader } = this.#drawn.scenario
    const { organisation, patient } = reader
    const p0 = this.#twins[0].names(organisation, this.#records).idOf('Patient-p0')
    const elsewhere = organisation === 'riverside' ? 'lakeside' : 'riverside'
    for (const path of ['fhir/Observation?_count=200', `fhir/Observation?patient=${p0}&_include=*`, `fhir/Patient/${p0}/$everything`, 'fhir/Encounter?_revinclude=Observation:encounter']) {
      if (random.chance(0.25)) continue
      await inBoth(this.#twins, async (twin) => {
        for (const asker of [writerOf(organisation), writerOf('riverside'), ...(patient === undefined ? [] : [twin.askerOf({ ...reader, organisation: elsewhere })])]) await twin.world.send(asker, { method: 'GET', path })
      })
    }
  }

  /** Something hidden is written in the first world alone, and the reader asks before it is in the index, and after. */
  async #disturb(random: SeededRandom): Promise<void> {
    const { differences, scenario } = this.#drawn
    const [first] = this.#twins
    const keys = [...differences].flatMap(([key, difference]) => (difference === 'rest' || difference === 'labels' || key.startsWith('Patient') || key.startsWith('Provenance') || first.isDeleted(key) ? [] : [key]))
    const names = first.names(scenario.reader.organisation, this.#records)
    moveTime(STEP_MS)
    for (let i = 0; i < 2 && keys.length > 0; i++) {
      const key = random.pick(keys)
      const asked = [get('meanwhile', `${typeOfKey(key)}?_count=200`), get('meanwhile', `${typeOfKey(key)}/${names.idOf(key)}`)]
      const ask = async (): Promise<void> => {
        for (const one of asked) await this.#ask(one, 'at once')
      }
      await first.writeVersionAround(key, ask)
      await ask()
    }
    moveTime(STEP_MS)
    for (const { world } of this.#twins) await world.settle()
  }

  async #ask(asked: Asked, rest: 'at once' | 'settled' = 'settled'): Promise<void> {
    if (this.#findings.length >= this.#mostFindings) return
    if (asked.follow === true && this.#links.every((link) => link === undefined)) return
    moveTime(STEP_MS)
    this.#requests += 1
    const answers: HttpAnswer[] = []
    const texts: string[] = []
    for (const [index, twin] of this.#twins.entries()) {
      idsFor(`request ${this.#requests}`)
      const link = this.#links[index]
      const request = asked.follow === true ? { ...asked.request, path: link ?? 'fhir/Observation?_cursor=none' } : asked.request
      const answer = await twin.world.send(twin.askerOf(this.#drawn.scenario.reader), request)
      answers.push(answer)
      texts.push(normalised(answer, twin))
      this.#canaries(asked, request, answer, twin, index)
    }
    const [answer] = answers as [HttpAnswer, HttpAnswer]
    this.#statuses[String(answer.status)] = (this.#statuses[String(answer.status)] ?? 0) + 1
    // A patient's own list has every access, also to what is about others as well; and receipts.
    const ofOwnKeys = this.#drawn.scenario.reader.patient !== undefined && /^chiron\/|AuditEvent/.test(asked.request.path)
    if (ofOwnKeys ? answers[0]?.status !== answers[1]?.status : texts[0] !== texts[1]) this.#find('differs', `${describe(asked)}\n${difference(texts[0] as string, texts[1] as string)}`)
    for (const one of answers) if (one.status >= 500) this.#find('failure', `${describe(asked)}: ${one.status} ${one.text.slice(0, 300)}`)
    if (asked.empty === true) for (const one of answers) if (one.status === 200 && (JSON.parse(one.text) as { total?: number }).total !== 0) this.#find('count', `${describe(asked)}: only what is hidden matches, and the answer is not empty`)
    if (asked.counts !== undefined && answer.status === 200) this.#count(asked, answer)
    if (asked.follow === true || /_count=/.test(asked.request.path)) this.#links = answers.map(nextLink)
    else this.#links = [undefined, undefined]
    moveTime(STEP_MS)
    if (rest === 'settled') for (const { world } of this.#twins) await world.settle()
  }

  /** Nothing of a record that is not covered now stands anywhere in an answer. */
  #canaries(asked: Asked, request: HttpRequest, answer: HttpAnswer, twin: Twin, index: number): void {
    const sent = decodeURIComponent(`${request.path} ${request.body ?? ''} ${JSON.stringify(request.headers ?? {})}`.replace(/%(?![0-9a-fA-F]{2})/g, '%25'))
    if (request.method !== 'GET') this.#written += sent
    const text = `${JSON.stringify(answer.headers)} ${answer.text}`
    const names = twin.names(this.#drawn.scenario.reader.organisation, this.#records)
    const referred = new Set([...this.#records.values()].filter(({ key }) => this.#oracle.covers(key)).flatMap(({ references, patients }) => [...references.map(({ to }) => to), ...patients.map((patient) => `Patient-${patient}`)]))
    const { reader } = this.#drawn.scenario
    for (const { key, author, localId } of this.#records.values()) {
      if (!twin.has(key)) continue
      // What a client of one organisation called a record is no other's to know.
      if (localId !== undefined && author !== reader.organisation && text.includes(localId) && !this.#written.includes(localId)) this.#find('canary', `${describe(asked)} (world ${index}): ${localId}, a name of another organisation\n${excerpt(text, localId)}`)
      const { covered, identityOnly } = this.#oracle.decide(key)
      const { words, cities } = twin.canariesOf(key)
      const hidden = covered ? (identityOnly && key.startsWith('Patient') ? cities : []) : [...words, ...cities, ...(referred.has(key) || this.#written.includes(names.idOf(key)) ? [] : [names.idOf(key)]), twin.ledgerName(key)]
      const seen = hidden.find((word) => text.includes(word) && !sent.includes(word))
      if (seen !== undefined) this.#find('canary', `${describe(asked)} (world ${index}): ${seen} of ${key}\n${excerpt(text, seen)}`)
    }
  }

  /** As many as the oracle says, and those. What is about several patients comes once all their charts are open. */
  #count({ request, counts }: Asked, answer: HttpAnswer): void {
    const { type, patient } = counts as NonNullable<Asked['counts']>
    const { reader } = this.#drawn.scenario
    const names = this.#twins[0].names(reader.organisation, this.#records)
    const covered = [...this.#records.values()].filter((record) => record.type === type && isFoundBy(record, patient) && !this.#twins[0].isDeleted(record.key) && this.#oracle.covers(record.key))
    const shared = new Set(covered.filter(({ patients }) => patients.length > 1).map(({ key }) => names.idOf(key)))
    const expected = covered.map(({ key }) => names.idOf(key)).filter((id) => !shared.has(id)).sort()
    const bundle = JSON.parse(answer.text) as { total?: number; entry?: { resource?: { id?: string }; search?: { mode?: string } }[] }
    const found = (bundle.entry ?? []).filter(({ search }) => search?.mode === 'match').map(({ resource }) => resource?.id ?? '').sort()
    const single = found.filter((id) => !shared.has(id))
    if (bundle.total !== found.length || single.join() !== expected.join()) this.#find('count', `${request.path}: total ${bundle.total}, found ${found.join()}, expected ${expected.join()}`)
  }

  #find(kind: Finding['kind'], what: string): void {
    if (this.#findings.length < this.#mostFindings) this.#findings.push({ kind, what })
  }
}

/** A search by `patient` finds what names the patient as its subject. */
function isFoundBy(record: RecordWords, patient: string): boolean {
  return record.patients[0] === patient
}

/** Without what differs between any two worlds: the time of the transport, what a ledger's receipt proves, sealed cursors but for their
 * length, keys of this world, block time within a step (a block
 * more or less before the same event), the opaque names of entries in a list. */
function normalised(answer: HttpAnswer, twin: Twin): string {
  const headers = answer.headers.filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${name === 'chiron-receipt' ? '‹receipt›' : value}`)
  let text = `${answer.status}\n${headers.join('\n')}\n\n${answer.text}`
  text = text.replace(/("recorded":"[^"]*\.)(\d{3})Z/g, (_, before: string, ms: string) => `${before}${Math.floor(Number(ms) / STEP_MS)}`).replace(/(AuditEvent\/|"id":")([0-9a-f-]{36})\.[0-9a-f]{24}/g, '$1$2.‹entry›').replace(/_cursor=([A-Za-z0-9_-]+)/g, (_, sealed: string) => `_cursor=‹${sealed.length} characters›`)
  for (const [own, common] of twin.ownNames()) text = text.replaceAll(own, common)
  return text
}

function nextLink(answer: HttpAnswer): string | undefined {
  if (answer.status !== 200 || !answer.text.startsWith('{"resourceType":"Bundle"')) return undefined
  const url = (JSON.parse(answer.text) as { link?: { relation: string; url: string }[] }).link?.find(({ relation }) => relation === 'next')?.url
  return url?.slice(url.indexOf('/', PUBLIC_URL.length + 1) + 1)
}

function describe({ what, request }: Asked): string {
  return `${what}: ${request.method} ${request.path}${request.headers === undefined || Object.keys(request.headers).length === 0 ? '' : ` ${JSON.stringify(request.headers)}`}${request.body === undefined ? '' : ` ${request.body.slice(0, 700)}`}`
}

function difference(whole: string, otherWhole: string): string {
  // A length says the least: what is longer says more.
  const [one, other] = [whole, otherWhole].map((text) => text.replace(/content-length: \d+/, '')) as [string, string]
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  const show = (text: string): string => `${text.slice(0, 3)} … ${text.slice(Math.max(0, at - 80), at + 200)}`
  return `first world:  ${show(one)}\nsecond world: ${show(other)}`
}

function excerpt(text: string, word: string): string {
  const at = text.indexOf(word)
  return text.slice(Math.max(0, at - 120), at + 120)
}
