import { rmSync } from 'node:fs'
import { parseSearch } from '@chiron/fhir'
import type { PageStart } from '@chiron/fhir'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RowUpsert } from '../port.ts'
import { KEY, loadTestDefinitions, observationRow, organizationRow, patientRow, temporaryDirectory } from '../testing/samples.ts'
import type { Visibility } from '../visibility.ts'
import { openIndexStore } from './open.ts'

const root = temporaryDirectory()
beforeAll(loadTestDefinitions)
afterAll(() => rmSync(root, { recursive: true, force: true }))

const PATIENTS = ['p0', 'p1', 'p2']
const ACCESSES = PATIENTS.flatMap((patient, index) => [{ access: `${index}a`.repeat(16), patient }, { access: `${index}b`.repeat(16), patient }])
const accessKeys = fc.subarray(ACCESSES.map(({ access }) => access))

interface Sample {
  readonly upsert: RowUpsert
  readonly accesses: readonly string[]
}

const observation = fc.record({ authored: fc.boolean(), subjects: fc.subarray(PATIENTS), accesses: accessKeys })
const patientForm = fc.record({ authored: fc.boolean(), accesses: accessKeys })
const world = fc.record({
  observations: fc.array(observation, { maxLength: 12 }),
  patients: fc.array(fc.tuple(fc.option(patientForm), fc.option(patientForm)), { minLength: 3, maxLength: 3 }),
  organizations: fc.array(fc.boolean(), { maxLength: 3 }),
  closed: accessKeys,
})
const reader: fc.Arbitrary<Visibility> = fc.record({
  accesses: accessKeys,
  authored: fc.oneof(fc.constant('all' as const), fc.constant('none' as const), fc.record({ subjects: fc.subarray(PATIENTS) })),
  narrowed: fc.record({ records: fc.subarray(Array.from({ length: 12 }, (_, index) => index)).map((list) => list.map((index) => observationRow(`o${index}`, 'p0', 'x').record)), subjects: fc.subarray(PATIENTS) }),
  directory: fc.boolean(),
  patients: fc.subarray(PATIENTS, { minLength: 1 }),
}).chain((full) => fc.boolean().map((restrict) => {
  const { patients, ...rest } = full
  return restrict ? { ...rest, patients } : rest
}))

function samplesOf(model: typeof world extends fc.Arbitrary<infer World> ? World : never): Sample[] {
  const samples: Sample[] = model.observations.map(({ authored, subjects, accesses }, index) => ({
    upsert: observationRow(`o${index}`, subjects[0] ?? 'none', 'x', { authored, subjects, accesses }),
    accesses,
  }))
  model.patients.forEach((forms, index) => forms.forEach((form, number) => {
    if (form !== null) samples.push({ upsert: patientRow(`p${index}`, 'Ann', { ...form, form: number as 0 | 1 }), accesses: form.accesses })
  }))
  model.organizations.forEach((directory, index) => samples.push({ upsert: organizationRow(`g${index}`, { authored: true, directory }), accesses: [] }))
  return samples
}

/** The rule in plain words, over plain arrays. */
function isVisible(sample: Sample, samples: readonly Sample[], visibility: Visibility, closed: readonly string[]): boolean {
  const { upsert } = sample
  const subjects = upsert.subjects
  if (visibility.patients !== undefined && subjects.length > 0 && !subjects.some((subject) => visibility.patients?.includes(subject))) return false
  const narrowed = visibility.narrowed?.records?.some((record) => Buffer.from(record).equals(upsert.record)) === true || subjects.some((subject) => visibility.narrowed?.subjects?.includes(subject))
  const { authored } = visibility
  const mine = authored === 'all' || (authored !== 'none' && subjects.length > 0 && subjects.every((subject) => authored.subjects.includes(subject)))
  const through = sample.accesses.filter((access) => visibility.accesses.includes(access) && !closed.includes(access))
  const covered = new Set(ACCESSES.filter(({ access }) => through.includes(access)).map(({ patient }) => patient))
  const opened = (through.length > 0 || (upsert.directory === true && visibility.directory)) && subjects.every((subject) => covered.has(subject))
  if (!(upsert.authored && mine && !narrowed) && !opened) return false
  if (upsert.form === 0) return true
  const whole = samples.find((other) => other.upsert.type === 'Patient' && other.upsert.id === upsert.id && other.upsert.form === 0)
  return whole === undefined || !isVisible(whole, samples, visibility, closed)
}

test('a reader finds exactly the rows the rule allows, over any pages, with their true total', async () => {
  const { store } = openIndexStore({ directory: root, key: KEY })
  await fc.assert(
    fc.asyncProperty(world, fc.array(reader, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 5 }), async (model, readers, count) => {
      await store.clear()
      const samples = samplesOf(model)
      await store.apply({ accesses: ACCESSES, upserts: samples.map(({ upsert }) => upsert) })
      await store.apply({ closings: model.closed })
      for (const visibility of readers) {
        for (const type of ['Observation', 'Patient', 'Organization']) {
          const expected = samples.filter(({ upsert }) => upsert.type === type).filter((sample) => isVisible(sample, samples, visibility, model.closed))
          const names = expected.map(({ upsert }) => `${upsert.id}/${upsert.form}`)
          for (const sort of ['', '_sort=-_id']) {
            const found: string[] = []
            let start: PageStart = { by: 'row', afterRid: 0 }
            for (let more = true; more; ) {
              const query = parseSearch(type, `_count=${count}&_total=accurate&${sort}`)
              const answer = await store.search(found.length === 0 ? query : { ...query, start }, visibility, { maxIncluded: 0 })
              expect(answer.total).toBe(expected.length)
              found.push(...answer.rows.map((row) => `${row.id}/${row.form}`))
              more = answer.next !== undefined
              start = answer.next ?? start
            }
            expect(found.toSorted()).toEqual(names.toSorted())
          }
          for (const { upsert } of samples) {
            if (upsert.type !== type) continue
            const form = expected.find((sample) => sample.upsert.id === upsert.id)?.upsert.form
            expect((await store.read(type, upsert.id, visibility))?.form).toBe(form)
          }
        }
        for (const patient of PATIENTS) {
          const expected = samples.filter(({ upsert }) => upsert.subjects.includes(patient)).filter((sample) => isVisible(sample, samples, visibility, model.closed))
          const page = await store.everything(patient, visibility, { count: 100 })
          expect(page.rows.map((row) => `${row.id}/${row.form}`).toSorted()).toEqual(expected.map(({ upsert }) => `${upsert.id}/${upsert.form}`).toSorted())
        }
      }
    }),
    { numRuns: 40 },
  )
  await store.close()
})
