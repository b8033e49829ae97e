import { parseSearch } from '@chiron/fhir'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { IndexStore, RowUpsert } from '../port.ts'
import type { Visibility } from '../visibility.ts'
import { EVERYTHING, loadTestDefinitions, observationRow, organizationRow, patientRow, recordOf, tombstoneOf } from './samples.ts'

export interface IndexDriver {
  /** An empty index. */
  open(): Promise<IndexStore>
  /** The index that was closed last, again. */
  reopen(): Promise<IndexStore>
}

const A = 'aa'.repeat(16)
const B = 'bb'.repeat(16)

function guest(...accesses: string[]): Visibility {
  return { accesses, authored: 'none', directory: true }
}

function manyRows(prefix: string): RowUpsert[] {
  return Array.from({ length: 60 }, (_, index) => observationRow(`${prefix}-${index}`, 'p1', 'many'))
}

/** What every driver of {@link IndexStore} must do. */
export function indexStoreCompliance(name: string, driver: IndexDriver): void {
  describe(`index store: ${name}`, () => {
    let store: IndexStore
    beforeAll(loadTestDefinitions)
    beforeEach(async () => {
      store = await driver.open()
    })
    afterEach(() => store.close())

    const find = async (type: string, query: string, visibility = EVERYTHING) => {
      const answer = await store.search(parseSearch(type, `${query}&_total=accurate`), visibility, { maxIncluded: 10 })
      return { ids: answer.rows.map((row) => row.id), total: answer.total, included: answer.included.map((row) => row.id), cut: answer.includedCut, next: answer.next }
    }

    test('reads back what was stored, and searches it', async () => {
      const row = observationRow('o1', 'p1', '718-7')
      await store.apply({ upserts: [patientRow('p1', 'Ann'), row] })
      const read = await store.read('Observation', 'o1', EVERYTHING)
      expect(JSON.parse(read?.json ?? '')).toEqual(row.resource)
      expect(read).toMatchObject({ version: '1', form: 0, authored: true, current: true, deleted: false, lastUpdatedMs: 1_000 })
      expect(Buffer.from(read?.record ?? [])).toEqual(Buffer.from(recordOf('o1')))
      expect((await find('Observation', 'code=718-7')).ids).toEqual(['o1'])
      expect((await find('Observation', 'code=718-8')).ids).toEqual([])
      expect(await find('Observation', 'patient=p1&_include=Observation:subject')).toMatchObject({ ids: ['o1'], included: ['p1'], cut: false })
      expect((await store.byReference({ type: 'Patient', id: 'p1' }, [{ type: 'Observation', code: 'subject' }], EVERYTHING, { count: 5 })).rows.map((found) => found.id)).toEqual(['o1'])
    })

    test('a new version takes the place of the old one, which stays readable by version', async () => {
      await store.apply({ upserts: [observationRow('o1', 'p1', 'one')] })
      await store.apply({ upserts: [observationRow('o1', 'p1', 'two', { version: '2', lastUpdatedMs: 2_000 })] })
      expect(await find('Observation', 'code=one')).toMatchObject({ ids: [], total: 0 })
      expect(await find('Observation', 'code=two')).toMatchObject({ ids: ['o1'], total: 1 })
      expect((await store.version('Observation', 'o1', '1', EVERYTHING))?.json).toContain('one')
      const first = await store.history('Observation', 'o1', EVERYTHING, { count: 1 })
      expect(first).toMatchObject({ rows: [{ version: '2' }], next: 1 })
      expect(await store.history('Observation', 'o1', EVERYTHING, { count: 1, after: 1 })).toMatchObject({ rows: [{ version: '1' }] })
      expect(await store.status()).toMatchObject({ rows: 2, currentRows: 1 })
    })

    test('says which versions of records are here, and in which form', async () => {
      await store.apply({ upserts: [patientRow('p1', 'Ann'), observationRow('o1', 'p1', 'one'), observationRow('o2', 'p1', 'one')] })
      await store.apply({ upserts: [observationRow('o1', 'p1', 'two', { version: '2', lastUpdatedMs: 2_000 }), { ...patientRow('p1', 'Ann'), form: 1, authored: false }] })
      const held = await store.versionsOf([recordOf('o1'), recordOf('p1'), recordOf('o1'), recordOf('absent')])
      const sorted = (id: string): string[] => (held.get(Buffer.from(recordOf(id)).toString('hex')) ?? []).map(({ version, form }) => `${version}/${form}`).sort()
      expect(sorted('o1')).toEqual(['1/0', '2/0'])
      expect(sorted('p1')).toEqual(['1/0', '1/1'])
      expect(sorted('o2')).toEqual([])
      expect(sorted('absent')).toEqual([])
      expect(await store.versionsOf([])).toEqual(new Map())
    })

    test('an older version that arrives late does not take the place of the newest', async () => {
      await store.apply({ upserts: [observationRow('o1', 'p1', 'two', { version: '2', lastUpdatedMs: 2_000 })] })
      await store.apply({ upserts: [observationRow('o1', 'p1', 'one', { current: false })] })
      expect((await store.read('Observation', 'o1', EVERYTHING))?.version).toBe('2')
      expect((await find('Observation', 'code=one')).ids).toEqual([])
    })

    test('a tombstone leaves searches and is read as deleted', async () => {
      const row = observationRow('o1', 'p1', 'one')
      await store.apply({ upserts: [row] })
      await store.apply({ upserts: [tombstoneOf(row, '2')] })
      expect((await find('Observation', 'code=one')).total).toBe(0)
      expect(await store.read('Observation', 'o1', EVERYTHING)).toMatchObject({ deleted: true, version: '2' })
    })

    test('storing the same version again changes nothing', async () => {
      const batch = { upserts: [patientRow('p1', 'Ann'), observationRow('o1', 'p1', 'one')] }
      await store.apply(batch)
      const before = await store.read('Observation', 'o1', EVERYTHING)
      await store.apply(batch)
      expect(await store.read('Observation', 'o1', EVERYTHING)).toEqual(before)
      expect(await find('Observation', 'code=one')).toMatchObject({ total: 1 })
    })

    test('heights go on without a gap, together with their rows, or not at all', async () => {
      await store.apply({ blocks: { after: 0, height: 3 }, upserts: [patientRow('p1', 'Ann')] })
      for (const blocks of [{ after: 4, height: 5 }, { after: 0, height: 3 }, { after: 3, height: 3 }]) {
        await expect(store.apply({ blocks, upserts: [patientRow('p2', 'Bo')] })).rejects.toMatchObject({ code: 'ERR_INDEX_HEIGHT' })
      }
      await expect(store.apply({ blocks: { after: 3, height: 4 }, upserts: [patientRow('p2', 'Bo', { accesses: [A] })] })).rejects.toMatchObject({ code: 'ERR_INDEX_INPUT' })
      expect(await store.status()).toMatchObject({ height: 3, rows: 1 })
      expect(await find('Patient', 'name=bo')).toMatchObject({ total: 0 })
      await store.apply({ blocks: { after: 3, height: 4 } })
      expect((await store.status()).height).toBe(4)
      expect(await store.height()).toBe(4)
    })

    test('batches given at once are applied one after the other, in their order', async () => {
      const batches = Array.from({ length: 20 }, (_, index) => ({
        blocks: { after: index, height: index + 1 },
        upserts: [observationRow('o1', 'p1', `c${index}`, { version: String(index), lastUpdatedMs: index }), ...manyRows(`x${index}`)],
      }))
      await Promise.all(batches.map((batch) => store.apply(batch)))
      expect(await store.status()).toMatchObject({ height: 20, rows: 20 * 61 })
      expect(await find('Observation', 'code=c19')).toMatchObject({ ids: ['o1'] })
      expect(await find('Observation', 'code=many&_count=0')).toMatchObject({ total: 1_200 })
    })

    test('one failing batch does not hold up the next', async () => {
      const failing = store.apply({ blocks: { after: 9, height: 10 } })
      const next = store.apply({ upserts: [patientRow('p1', 'Ann')] })
      await expect(failing).rejects.toMatchObject({ code: 'ERR_INDEX_HEIGHT' })
      await next
      expect((await store.status()).rows).toBe(1)
    })

    test('an access shows what it opened, to whoever may use it, until it ends', async () => {
      await store.apply({
        accesses: [{ access: A, patient: 'p1' }, { access: B, patient: 'p1' }],
        upserts: [patientRow('p1', 'Ann', { authored: false, accesses: [A, B] }), observationRow('o1', 'p1', 'one', { authored: false, accesses: [A] }), observationRow('o2', 'p1', 'one')],
      })
      expect((await find('Observation', 'code=one', guest(A))).ids).toEqual(['o1'])
      expect((await find('Observation', 'code=one', guest(B))).ids).toEqual([])
      expect((await find('Observation', 'code=one', guest())).ids).toEqual([])
      expect((await find('Observation', 'code=one', { ...guest(A), authored: 'all' })).ids).toEqual(['o1', 'o2'])
      expect(await store.openAccesses()).toEqual([{ access: A, patient: 'p1', rows: 2 }, { access: B, patient: 'p1', rows: 1 }])
      await store.dropAccess(A)
      expect((await find('Observation', 'code=one', guest(A, B))).ids).toEqual([])
      expect(await store.read('Patient', 'p1', guest(B))).toBeDefined()
      expect(await store.rowsOf({ record: recordOf('o1') })).toEqual([])
      expect((await store.status()).rows).toBe(2)
      await store.dropAccess(A)
    })

    test('openings and withdrawals of single records', async () => {
      await store.apply({ accesses: [{ access: A, patient: 'p1' }], upserts: [observationRow('o1', 'p1', 'one', { authored: false, accesses: [A] }), observationRow('o2', 'p1', 'one')] })
      await store.apply({ openings: [{ access: A, record: recordOf('o2') }, { access: A, record: recordOf('absent') }] })
      expect((await find('Observation', 'code=one', guest(A))).ids).toEqual(['o1', 'o2'])
      await store.apply({ withdrawals: [{ access: A, record: recordOf('o1') }, { access: A, record: recordOf('o2') }] })
      expect((await find('Observation', 'code=one', guest(A))).ids).toEqual([])
      expect((await store.status()).rows).toBe(1)
    })

    test('a row about two patients needs both covered', async () => {
      const shared = observationRow('o1', 'p1', 'one', { authored: false, subjects: ['p1', 'p2'], accesses: [A, B] })
      await store.apply({ accesses: [{ access: A, patient: 'p1' }, { access: B, patient: 'p2' }], upserts: [shared] })
      expect((await find('Observation', 'code=one', guest(A))).ids).toEqual([])
      expect((await find('Observation', 'code=one', guest(A, B))).ids).toEqual(['o1'])
      expect((await find('Observation', 'code=one', { ...EVERYTHING, directory: false, authored: { subjects: ['p1'] } })).ids).toEqual([])
    })

    test('an identity form gives way to the whole resource', async () => {
      await store.apply({
        accesses: [{ access: A, patient: 'p1' }, { access: B, patient: 'p1' }],
        upserts: [patientRow('p1', 'Whole', { authored: false, accesses: [A] }), patientRow('p1', 'Part', { authored: false, form: 1, accesses: [B] })],
      })
      expect((await store.read('Patient', 'p1', guest(A)))?.json).toContain('Whole')
      expect((await store.read('Patient', 'p1', guest(B)))?.json).toContain('Part')
      expect((await store.read('Patient', 'p1', guest(A, B)))?.json).toContain('Whole')
      expect(await find('Patient', 'name=whole', guest(B))).toMatchObject({ total: 0 })
      expect(await find('Patient', 'family=example', guest(A, B))).toMatchObject({ ids: ['p1'], total: 1 })
      expect((await store.history('Patient', 'p1', guest(A, B), { count: 9 })).rows).toHaveLength(1)
    })

    test('the directory, and rows of nobody', async () => {
      await store.apply({ upserts: [organizationRow('org'), organizationRow('internal', { authored: true, directory: false })] })
      expect((await find('Organization', 'name=clinic', guest())).ids).toEqual(['org'])
      expect((await find('Organization', 'name=clinic', { ...guest(), directory: false })).ids).toEqual([])
      expect((await find('Organization', 'name=clinic', EVERYTHING)).ids).toEqual(['org', 'internal'])
      await store.apply({ upserts: [organizationRow('org', { directory: false })] })
      expect((await find('Organization', 'name=clinic', guest())).ids).toEqual([])
    })

    test('erasure removes every version, or one', async () => {
      await store.apply({ upserts: [observationRow('o1', 'p1', 'one'), observationRow('o1', 'p1', 'two', { version: '2' }), observationRow('o2', 'p1', 'one')] })
      await store.apply({ erasures: [{ record: recordOf('o1'), version: '1' }] })
      expect(await store.version('Observation', 'o1', '1', EVERYTHING)).toBeUndefined()
      expect(await store.version('Observation', 'o1', '2', EVERYTHING)).toBeDefined()
      await store.apply({ erasures: [{ record: recordOf('o1') }] })
      expect((await find('Observation', 'patient=p1')).ids).toEqual(['o2'])
    })

    test('everything about a patient comes in pages, in a stable order', async () => {
      const upserts = [patientRow('p1', 'Ann'), ...Array.from({ length: 7 }, (_, index) => observationRow(`o${index}`, 'p1', 'one', { lastUpdatedMs: index * 100 })), observationRow('z', 'p2', 'one')]
      await store.apply({ upserts })
      const ids: string[] = []
      let after: number | undefined
      do {
        const page = await store.everything('p1', EVERYTHING, { count: 3, ...(after === undefined ? {} : { after }) })
        ids.push(...page.rows.map((row) => row.id))
        after = page.next
      } while (after !== undefined)
      expect(ids).toEqual(['p1', 'o0', 'o1', 'o2', 'o3', 'o4', 'o5', 'o6'])
      expect((await store.everything('p1', EVERYTHING, { count: 9, types: ['Observation'], sinceMs: 500 })).rows.map((row) => row.id)).toEqual(['o5', 'o6'])
    })

    test('aliases lead both ways', async () => {
      await store.apply({ aliases: [{ type: 'Patient', localId: 'mrn-1', id: 'p1' }] })
      expect(await store.canonicalId('Patient', 'mrn-1')).toBe('p1')
      expect(await store.localId('Patient', 'p1')).toBe('mrn-1')
      expect(await store.canonicalId('Observation', 'mrn-1')).toBeUndefined()
    })

    test('input that would be cut or cannot be meant is refused', async () => {
      await expect(store.read('Patient', 'p1\0', EVERYTHING)).rejects.toMatchObject({ code: 'ERR_INDEX_INPUT' })
      await expect(store.apply({ upserts: [patientRow('p1', 'Ann', { id: 'other' })] })).rejects.toMatchObject({ code: 'ERR_INDEX_INPUT' })
      await expect(store.apply({ upserts: [patientRow('p1', 'Ann', { record: new Uint8Array(3) })] })).rejects.toMatchObject({ code: 'ERR_INDEX_INPUT' })
    })

    test('closing keeps everything, clearing nothing', async () => {
      await store.apply({ blocks: { after: 0, height: 8 }, upserts: [patientRow('p1', 'Ann'), observationRow('o1', 'p1', 'one')] })
      await store.close()
      await expect(store.status()).rejects.toMatchObject({ code: 'ERR_INDEX_CLOSED' })
      store = await driver.reopen()
      expect(await store.status()).toMatchObject({ height: 8, rows: 2 })
      await store.verify()
      const last = (await store.read('Observation', 'o1', EVERYTHING))?.rid
      await store.clear()
      expect(await store.status()).toMatchObject({ height: 0, rows: 0 })
      await store.apply({ blocks: { after: 0, height: 1 }, upserts: [patientRow('p1', 'Ann')] })
      expect(await find('Patient', 'name=ann')).toMatchObject({ total: 1 })
      expect(last).toBe(2)
    })

    test('row numbers are not used again', async () => {
      await store.apply({ upserts: [observationRow('o1', 'p1', 'one')] })
      const before = (await store.read('Observation', 'o1', EVERYTHING))?.rid ?? 0
      await store.apply({ erasures: [{ record: recordOf('o1') }] })
      await store.apply({ upserts: [observationRow('o2', 'p1', 'one')] })
      expect((await store.read('Observation', 'o2', EVERYTHING))?.rid).toBeGreaterThan(before)
    })
  })
}
