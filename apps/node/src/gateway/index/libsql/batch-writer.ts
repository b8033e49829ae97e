import { formatTerms, INDEX_DELETES, INDEX_INSERTS, indexValues, parseTerms, TERMS_DELETE, TERMS_INSERT, TERMS_SELECT, termsOf, TOKEN_SYSTEM_DELETE, TOKEN_SYSTEM_INSERT } from '@chiron/fhir'
import type { Term } from '@chiron/fhir'
import type { KeyObject } from 'node:crypto'
import { IndexError } from '../errors.ts'
import type { IndexBatch, RowName, RowUpsert } from '../port.ts'
import type { IndexDatabase, Row } from './database.ts'
import { packJson, rowDigest } from './stored-row.ts'
import { RowBuffer } from './row-buffer.ts'
import { DIRECTORY } from './schema.ts'

const RECORD_BYTES = 16
const SUBJECT_INSERT = 'INSERT OR IGNORE INTO subject (patient, rid) VALUES (?, ?)'
const RESOURCE_INSERT =
  'INSERT OR REPLACE INTO resource (rid, type, id, version, record, form, author, current, deleted, last_updated_ms, json, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
const OPENED_INSERT = 'INSERT OR IGNORE INTO opened (rid, access) VALUES (?, ?)'

/** An upsert with everything computed that needs no database. */
export interface PreparedRow {
  readonly upsert: RowUpsert
  readonly json: Buffer | null
  readonly digest: Buffer
  /** For searching; only current versions have them. */
  readonly terms: readonly Term[]
}

/** @param base the FHIR base below which absolute references are local. @throws IndexError `ERR_INDEX_INPUT` */
export function prepareRow(upsert: RowUpsert, digestKey: KeyObject, base: string | undefined): PreparedRow {
  const { resource, type } = upsert
  if (upsert.record.length !== RECORD_BYTES) throw new IndexError('ERR_INDEX_INPUT', { field: 'record' })
  if (resource !== undefined && (resource.resourceType !== type || resource.id !== upsert.id)) throw new IndexError('ERR_INDEX_INPUT', { field: 'resource' })
  const json = resource === undefined ? null : packJson(resource)
  const digest = rowDigest(digestKey, { ...upsert, deleted: resource === undefined }, json ?? undefined)
  const terms = resource === undefined || !upsert.current ? [] : termsOf(type, indexValues(resource, base === undefined ? {} : { base }))
  return { upsert, json, digest, terms }
}

/** Carries out one batch inside a transaction. */
export class BatchWriter {
  readonly #database: IndexDatabase
  readonly #buffer: RowBuffer
  readonly #accesses = new Map<string, number>()
  #nextRid: number

  constructor(database: IndexDatabase) {
    this.#database = database
    this.#buffer = new RowBuffer(database)
    this.#nextRid = this.#meta('next_rid')
  }

  /** @throws IndexError `ERR_INDEX_HEIGHT`, `ERR_INDEX_INPUT` */
  apply(batch: IndexBatch, prepared: readonly PreparedRow[]): void {
    if (batch.blocks !== undefined) this.#advance(batch.blocks)
    for (const { access, patient } of batch.accesses ?? []) this.#announce(access, patient)
    const standing = this.#standing(prepared)
    for (const row of prepared) this.#upsert(row, standing)
    this.#buffer.flush()
    for (const opening of batch.openings ?? []) this.#open(opening)
    for (const withdrawal of batch.withdrawals ?? []) this.#withdraw(withdrawal)
    for (const access of batch.closings ?? []) this.#close(access)
    for (const name of batch.erasures ?? []) for (const rid of this.#ridsOf(name)) this.#remove(rid)
    for (const { type, localId, id } of batch.aliases ?? []) this.#database.run('INSERT OR REPLACE INTO alias (type, local_id, id) VALUES (?, ?, ?)', [type, localId, id])
    this.#database.run("UPDATE meta SET value = ? WHERE name = 'next_rid'", [this.#nextRid])
  }

  #advance(blocks: NonNullable<IndexBatch['blocks']>): void {
    const height = this.#meta('height')
    if (blocks.after !== height || blocks.height <= blocks.after) throw new IndexError('ERR_INDEX_HEIGHT', { height, after: blocks.after, to: blocks.height })
    this.#database.run("UPDATE meta SET value = ? WHERE name = 'height'", [blocks.height])
  }

  #announce(access: string, patient: string): void {
    this.#database.run('INSERT OR IGNORE INTO access (id, patient) VALUES (?, ?)', [access, patient])
    if (this.#database.get('SELECT patient FROM access WHERE id = ?', access)?.['patient'] !== patient) throw new IndexError('ERR_INDEX_INPUT', { field: 'access' })
  }

  /** What there is already of what a batch brings, by type and id. */
  #standing(prepared: readonly PreparedRow[]): Map<string, Row[]> {
    const found = new Map<string, Row[]>(prepared.map(({ upsert }) => [`${upsert.type}/${upsert.id}`, []]))
    const names = JSON.stringify(prepared.map(({ upsert }) => [upsert.type, upsert.id]))
    const sql = 'SELECT DISTINCT r.rid, r.type, r.id, r.version, r.form, r.current FROM json_each(?) j CROSS JOIN resource r ON r.type = j.value ->> 0 AND r.id = j.value ->> 1'
    if (prepared.length > 0) for (const row of this.#database.all({ sql, params: [names] })) found.get(`${String(row['type'])}/${String(row['id'])}`)?.push(row)
    return found
  }

  #upsert({ upsert, json, digest, terms }: PreparedRow, standing: Map<string, Row[]>): void {
    const { type, id, version, form } = upsert
    const others = standing.get(`${type}/${id}`) as Row[]
    const stored = others.find((row) => row['version'] === version && row['form'] === form)
    const rid = stored === undefined ? this.#nextRid++ : (stored['rid'] as number)
    if (stored !== undefined) this.#forget(rid)
    if (upsert.current) {
      for (const row of others) if (row['current'] === 1 && row['version'] !== version) this.#retire(row['rid'] as number)
    }
    const left = others.filter((row) => row !== stored).map((row) => (upsert.current && row['version'] !== version ? { ...row, current: 0 } : row))
    standing.set(`${type}/${id}`, [...left, { rid, version, form, current: Number(upsert.current) }])
    this.#buffer.add(RESOURCE_INSERT, [rid, type, id, version, upsert.record, form, Number(upsert.authored), Number(upsert.current), Number(json === null), upsert.lastUpdatedMs, json, digest])
    for (const subject of upsert.subjects) this.#buffer.add(SUBJECT_INSERT, [subject, rid])
    for (const { kind, key } of terms) {
      this.#buffer.add(INDEX_INSERTS[kind], key.concat(rid))
      if (kind === 'token') this.#buffer.addOnce(TOKEN_SYSTEM_INSERT, `${String(key[0])} ${String(key[1])}`, () => key.slice(0, 2))
    }
    if (terms.length > 0) this.#buffer.add(TERMS_INSERT, [rid, formatTerms(terms)])
    for (const access of upsert.accesses ?? []) this.#buffer.add(OPENED_INSERT, [rid, this.#number(access)])
    if (upsert.directory === true) this.#buffer.add(OPENED_INSERT, [rid, DIRECTORY])
    else if (stored !== undefined) this.#database.run('DELETE FROM opened WHERE rid = ? AND access = ?', [rid, DIRECTORY])
  }

  /** A newer version has come: the row stays for reading by version and leaves searches. */
  #retire(rid: number): void {
    this.#unlist(rid)
    this.#database.run('UPDATE resource SET current = 0 WHERE rid = ?', [rid])
  }

  #open(opening: RowName & { readonly access: string }): void {
    const access = this.#number(opening.access)
    for (const rid of this.#ridsOf(opening)) this.#database.run(OPENED_INSERT, [rid, access])
  }

  #withdraw(withdrawal: RowName & { readonly access: string }): void {
    const access = this.#number(withdrawal.access)
    for (const rid of this.#ridsOf(withdrawal)) {
      this.#database.run('DELETE FROM opened WHERE rid = ? AND access = ?', [rid, access])
      if (this.#database.get('SELECT 1 AS kept FROM resource r WHERE r.rid = ? AND (r.author = 1 OR EXISTS (SELECT 1 FROM opened o WHERE o.rid = r.rid))', rid) === undefined) this.#remove(rid)
    }
  }

  #close(access: string): void {
    const number = this.#database.get('SELECT number FROM access WHERE id = ?', access)?.['number'] as number | undefined
    if (number === undefined || number === DIRECTORY) return
    const orphans = this.#database.all({
      sql: 'SELECT o.rid FROM opened o CROSS JOIN resource r ON r.rid = o.rid WHERE o.access = ? AND r.author = 0 AND NOT EXISTS (SELECT 1 FROM opened p WHERE p.rid = o.rid AND p.access <> ?)',
      params: [number, number],
    })
    for (const { rid } of orphans) this.#remove(rid as number)
    this.#database.run('DELETE FROM opened WHERE access = ?', [number])
    this.#database.run('DELETE FROM access WHERE number = ?', [number])
    this.#accesses.delete(access)
  }

  #remove(rid: number): void {
    this.#forget(rid)
    this.#database.run('DELETE FROM opened WHERE rid = ?', [rid])
    this.#database.run('DELETE FROM resource WHERE rid = ?', [rid])
  }

  #forget(rid: number): void {
    this.#unlist(rid)
    this.#database.run('DELETE FROM subject WHERE rid = ?', [rid])
  }

  /** Takes a row out of all searches. */
  #unlist(rid: number): void {
    this.#buffer.flush()
    const terms = this.#database.get(TERMS_SELECT, rid)?.['terms']
    if (typeof terms !== 'string') return
    for (const { kind, key } of parseTerms(terms)) {
      this.#database.run(INDEX_DELETES[kind], [...key, rid])
      if (kind === 'token') this.#database.run(TOKEN_SYSTEM_DELETE, key.slice(0, 2))
    }
    this.#database.run(TERMS_DELETE, [rid])
  }

  #ridsOf(name: RowName): number[] {
    const rows = this.#database.all({ sql: 'SELECT rid, version, form FROM resource WHERE record = ?', params: [name.record] })
    return rows.filter((row) => (name.version ?? row['version']) === row['version'] && (name.form ?? row['form']) === row['form']).map((row) => row['rid'] as number)
  }

  #number(access: string): number {
    const known = this.#accesses.get(access)
    if (known !== undefined) return known
    const number = access === '' ? undefined : this.#database.get('SELECT number FROM access WHERE id = ?', access)?.['number']
    if (typeof number !== 'number') throw new IndexError('ERR_INDEX_INPUT', { field: 'access' })
    this.#accesses.set(access, number)
    return number
  }

  #meta(name: string): number {
    return this.#database.get('SELECT value FROM meta WHERE name = ?', name)?.['value'] as number
  }
}
