import { describe, expect, it } from 'vitest'
import { MAX_TRANSACTION_ENTRIES, readDocument } from './document.ts'

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const bundle = (type: string, ...entry: readonly unknown[]): Uint8Array => bytes({ resourceType: 'Bundle', type, entry })
const patient = { resourceType: 'Patient', id: 'p' }

function itemsOf(content: Uint8Array) {
  const document = readDocument(content)
  if (document.kind !== 'items') throw new TypeError('a transaction')
  return document
}

describe('readDocument', () => {
  it('takes the hash of the bytes', () => {
    expect(readDocument(bytes('{"resourceType":"Patient"}')).hash).toBe('b6cd92f25733dc6efed4ca9541f59545c63a39c6310d3b873363f970c6f7e0c3')
    expect(readDocument(bytes('{"resourceType":"Patient"}')).hash).not.toBe(readDocument(bytes('{"resourceType": "Patient"}')).hash)
  })

  it.each<[string, Uint8Array, object]>([
    ['a resource with an id', bytes(patient), { kind: 'put', id: 'p' }],
    ['a resource without one', bytes({ resourceType: 'Patient' }), { kind: 'create' }],
    ['an array of resources', bytes([patient]), { kind: 'put', id: 'p' }],
    ['a collection', bundle('collection', { resource: patient }), { kind: 'put', id: 'p' }],
    ['a creation of a batch, whatever id it carries', bundle('batch', { resource: patient, request: { method: 'POST', url: 'Patient' } }), { kind: 'create' }],
    ['an update of a batch', bundle('batch', { resource: patient, request: { method: 'PUT', url: 'Patient/p', ifMatch: 'W/"1"' } }), { kind: 'put', id: 'p', ifMatch: 'W/"1"' }],
    ['a conditional creation', bundle('batch', { resource: patient, request: { method: 'POST', url: 'Patient', ifNoneExist: 'a=b' } }), { kind: 'request', request: { method: 'POST', url: 'Patient', ifNoneExist: 'a=b' } }],
    ['a conditional update', bundle('batch', { resource: patient, request: { method: 'PUT', url: 'Patient?a=b' } }), { kind: 'request', request: { method: 'PUT', url: 'Patient?a=b' } }],
  ])('reads %s', (_title, content, write) => {
    expect(itemsOf(content)).toMatchObject({ items: [{ index: 0, type: 'Patient', write }], refused: [] })
  })

  it('leaves out what a search says about itself', () => {
    const { items, refused } = itemsOf(bundle('searchset', { resource: { resourceType: 'OperationOutcome' }, search: { mode: 'outcome' } }, { resource: patient, search: { mode: 'match' } }))
    expect(items.map(({ type }) => type)).toEqual(['Patient'])
    expect(refused).toEqual([])
  })

  it.each<[string, unknown]>([
    ['an entry without resource', { request: { method: 'POST', url: 'Patient' } }],
    ['no object', 7],
    ['a bundle in a bundle', { resource: { resourceType: 'Bundle' }, request: { method: 'POST', url: 'Bundle' } }],
    ['a deletion', { resource: patient, request: { method: 'DELETE', url: 'Patient/p' } }],
    ['an address of another type', { resource: patient, request: { method: 'POST', url: 'Group' } }],
    ['an address of another id', { resource: patient, request: { method: 'PUT', url: 'Patient/q' } }],
    ['no request', { resource: patient }],
  ])('refuses one entry of a batch by itself: %s', (_title, entry) => {
    const { items, refused } = itemsOf(bundle('batch', entry, { resource: patient, request: { method: 'POST', url: 'Patient' } }))
    expect(items.map(({ index }) => index)).toEqual([1])
    expect(refused.map(({ index }) => index)).toEqual([0])
  })

  it.each<[string, Uint8Array, string]>([
    ['what is not JSON', bytes('{'), 'ERR_IMPORT_DOCUMENT'],
    ['what is not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'ERR_IMPORT_DOCUMENT'],
    ['what is no resource', bytes({ a: 1 }), 'ERR_IMPORT_DOCUMENT'],
    ['a history', bundle('history'), 'ERR_IMPORT_DOCUMENT'],
    ['entries that are no list', bytes({ resourceType: 'Bundle', type: 'batch', entry: {} }), 'ERR_IMPORT_DOCUMENT'],
    ['a transaction with something else than objects', bundle('transaction', 7), 'ERR_IMPORT_DOCUMENT'],
    ['a transaction that is too large', bundle('transaction', ...Array.from({ length: MAX_TRANSACTION_ENTRIES + 1 }, () => ({}))), 'ERR_IMPORT_TOO_LARGE'],
  ])('refuses %s', (_title, content, code) => {
    expect(() => readDocument(content)).toThrow(expect.objectContaining({ code }))
  })

  it('takes a transaction of the greatest size', () => {
    expect(readDocument(bundle('transaction', ...Array.from({ length: MAX_TRANSACTION_ENTRIES }, () => ({}))))).toMatchObject({ kind: 'transaction' })
  })
})
