import { readFileSync } from 'node:fs'
import { encodeCanonical, toHex } from '@chiron/protocol'
import { encodeReceipt, entryReceipt, listReceipt, parseTrust, receiptToJson, toBase64url, txReceipt } from '@chiron/ledger/proofs'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildAuditList, verifyAuditList, verifyDocument, verifyRecords, type AuditRow } from '../src/audit/index.ts'
import { formatTime } from '../src/audit/rows.ts'
import { AuditNetwork } from '@chiron/testkit/audit'

type Json = { [key: string]: unknown }

const network = new AuditNetwork()
let rule: string
let rows: AuditRow[]
beforeAll(() => {
  rule = toHex(network.live())
  rows = buildAuditList(network.reader, network.head, network)
})

/** The list as it comes out of a file, changed. */
function changed(change: (rows: Json[]) => void): Json[] {
  const copy = JSON.parse(JSON.stringify(rows)) as Json[]
  change(copy)
  return copy
}

const at = (list: Json[], index: number): Json => list[index] as Json
const verify = (list: unknown[]) => verifyAuditList(list, network.trust)

describe("a patient's list", () => {
  it('says who did what, for which organisation, for what purpose and under which rule, newest first', () => {
    const who = `physician (${network.people.physician})`
    const patient = `patient (${network.people.ada})`
    expect(rows.map(({ who: w, organisation, what, purpose, rule: r }) => [w, organisation, what.replace(/\d{4}-.*?Z/g, 'TIME').replace(/request [0-9a-f]+/, 'request ID'), purpose, r])).toEqual([
      [who, 'lakeside', 'was refused 3 times to read', 'TREAT', ''],
      [who, 'lakeside', 'access ended TIME: no rule allows it any more', 'TREAT', rule],
      [patient, '', 'ended a rule', '', rule],
      [who, 'lakeside', 'was shown laboratory (4)', 'TREAT', rule],
      [who, 'lakeside', 'opened access to read, until TIME at the latest', 'TREAT', rule],
      [patient, '', 'approved request ID', '', rule],
      [patient, '', 'made a rule: permit', '', rule],
      [who, 'lakeside', 'asked for access (request ID)', '', ''],
      ['riverside', 'riverside', 'stated that it treats the patient, until TIME', '', ''],
    ])
  })

  it('verifies after a way through a file, and says up to when it is complete', async () => {
    const list = verify(changed(() => {}))
    expect(list.lists).toEqual([{ handle: toHex(network.handle), size: rows.length }])
    const statement = await verifyDocument(JSON.stringify(rows, null, 2), network.trust)
    expect(statement.kind).toBe('list')
    expect(statement.proven[0]).toMatch(new RegExp(`complete up to block ${list.height} .*: ${rows.length} rows`))
  })

  it.each(['who', 'organisation', 'what', 'when', 'purpose', 'rule'])('is refused when %s of a row was changed', (field) => {
    for (let index = 0; index < rows.length; index++) {
      const list = changed((copy) => {
        at(copy, index)[field] = `${String(at(copy, index)[field])}x`
      })
      expect(() => verify(list)).toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_MISMATCH', message: expect.stringContaining(`row ${index + 1} shows another '${field}'`) }))
    }
  })

  it('is refused when any row is missing, twice, or in another place', () => {
    for (let index = 0; index < rows.length; index++) {
      expect(() => verify(rows.toSpliced(index, 1))).toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_INCOMPLETE' }))
      expect(() => verify(rows.toSpliced(index, 0, rows[index] as AuditRow))).toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_INCOMPLETE' }))
    }
    expect(() => verify(rows.toReversed())).toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_INCOMPLETE' }))
    expect(() => verify([])).toThrow(/an empty list carries no proof/)
  })

  it('is made with as much reading as it is long, not with its square: else a long one would hold up the node', () => {
    const busy = new AuditNetwork()
    busy.register()
    for (let again = 0; again < 300; again++) busy.refuse()
    let reads = 0
    const counting: typeof busy.reader = Object.create(busy.reader, {
      get: { value: (...of: Parameters<typeof busy.reader.get>) => (reads++, busy.reader.get(...of)) },
      range: { value: function* (...of: Parameters<typeof busy.reader.range>) { for (const each of busy.reader.range(...of)) { reads++; yield each } } },
    }) as typeof busy.reader
    const list = buildAuditList(counting, busy.head, busy)
    expect(list).toHaveLength(301)
    expect(reads).toBeLessThan(301 * 40)
    const receipt = entryReceipt(busy.reader, busy.head, 'accesses', busy.handle, 77)
    expect(list.at(-78)?.receipt.entry).toEqual(receiptToJson(receipt))
  })

  it('says so where the organisation may not name whom it refused', () => {
    const nameless = new AuditNetwork()
    nameless.register()
    nameless.refuse(false)
    const list = buildAuditList(nameless.reader, nameless.head, { handle: nameless.other, tagKey: nameless.otherTagKey })
    expect(list[0]).toMatchObject({ who: 'somebody whom lakeside may not name', organisation: 'lakeside', what: 'was refused once to read', purpose: 'TREAT', rule: '' })
    expect(verifyAuditList(list, nameless.trust).rows).toHaveLength(2)
    const named = JSON.parse(JSON.stringify(list).replace('somebody whom lakeside may not name', `physician (${nameless.people.physician})`)) as Json[]
    expect(() => verifyAuditList(named, nameless.trust)).toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_MISMATCH' }))
  })

  it('is refused when rows come from different states', () => {
    const later = new AuditNetwork()
    later.live()
    later.refuse()
    const mixed = [...buildAuditList(later.reader, later.head, later).slice(0, 1), ...rows]
    expect(() => verify(mixed)).toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_INCOMPLETE' }))
  })

  it('is refused with a changed proof, another opening, another tag key, or fields that do not belong', () => {
    const report = rows.findIndex(({ what }) => what.startsWith('was shown'))
    const receipt = (copy: Json[], index: number): Json => at(copy, index)['receipt'] as Json
    const flipped = changed((copy) => {
      const entry = receipt(copy, 0)['entry'] as { entry: string }
      entry.entry = `${entry.entry.slice(0, -1)}${entry.entry.endsWith('A') ? 'Q' : 'A'}`
    })
    expect(() => verify(flipped)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_PROOF_/) }))
    expect(() => verify(changed((copy) => (receipt(copy, report)['opening'] = null)))).toThrow(/lacks the opening/)
    expect(() => verify(changed((copy) => (receipt(copy, report)['opening'] = receipt(copy, 0)['entry'])))).toThrow(/another access/)
    expect(() => verify(changed((copy) => (receipt(copy, report)['tagKey'] = toBase64url(new Uint8Array(32)))))).toThrow(/'what'/)
    expect(() => verify(changed((copy) => (receipt(copy, 0)['names'] = [])))).toThrow(/'who'/)
    expect(() => verify(changed((copy) => (at(copy, 0)['note'] = 'x')))).toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_FORMAT' }))
  })

  it('is refused under the trust of another network', () => {
    const other = { ...network.trust, chainId: 'other-1' }
    expect(() => verifyAuditList(rows, other)).toThrow(expect.objectContaining({ code: 'ERR_PROOF_CHAIN' }))
    const stranger = { ...network.trust, signers: [{ did: network.signer, publicKey: network.tagKey }] }
    expect(() => verifyAuditList(rows, stranger)).toThrow(expect.objectContaining({ code: 'ERR_PROOF_SIGNATURE' }))
  })
})

describe('other documents', () => {
  it('are recognised: a receipt as JSON and as header, a row, the receipt of a row', async () => {
    const receipt = txReceipt(network.reader, network.head, 1)
    const asJson = await verifyDocument(JSON.stringify(receiptToJson(receipt)), network.trust)
    expect(asJson.proven[0]).toMatch(/transaction [0-9a-f]{64} is number 1 of the ledger and took effect/)
    expect(await verifyDocument(`${toBase64url(encodeReceipt(receipt))}\n`, network.trust)).toEqual(asJson)
    expect(await verifyDocument(JSON.stringify(rows[0]), network.trust)).toEqual(await verifyDocument(JSON.stringify(rows[0]?.receipt), network.trust))
    expect((await verifyDocument(JSON.stringify(rows[0]), network.trust)).notProven[0]).toMatch(/whole list/)
  })

  it('are recognised: an export, whose lists must be of one patient', async () => {
    const records = (handle = network.handle) => receiptToJson(listReceipt(network.reader, network.head, 'records', handle))
    const document = { format: 'chiron/export/v1', patient: 'p', bundle: {}, proofs: [], audit: rows, records: records() }
    expect((await verifyDocument(JSON.stringify(document), network.trust)).kind).toBe('export')
    const other = { ...document, records: records(network.other) }
    await expect(verifyDocument(JSON.stringify(other), network.trust)).rejects.toThrow(/different patients/)
    await expect(verifyDocument(JSON.stringify({ ...document, audit: rows.slice(1) }), network.trust)).rejects.toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_INCOMPLETE' }))
  })

  it('are read also where they tell of kinds of entries and times that are not known here', async () => {
    const [vector] = (JSON.parse(readFileSync(new URL('../../../spec/vectors/proofs-receipts.json', import.meta.url), 'utf8')) as {
      cases: { name: string; trust: unknown; receipt: { kind: string; list?: string } }[]
    }).cases.filter(({ receipt }) => receipt.kind === 'entry' && receipt.list === 'accesses')
    const statement = await verifyDocument(JSON.stringify(vector?.receipt), parseTrust(vector?.trust))
    expect(statement.proven[0]).toContain('an entry of a kind that is not known here')
    expect([formatTime(0), formatTime(2 ** 53 - 1)]).toEqual(['1970-01-01T00:00:00.000Z', '9007199254740991 ms after 1970'])
  })

  it('are refused as an export with a key or an envelope of another length', async () => {
    const chart = new AuditNetwork()
    chart.register()
    const resource = { resourceType: 'Observation', id: 'o1' }
    const proof = await chart.write(resource)
    const entries = listReceipt(chart.reader, chart.head, 'records', chart.other).entries
    const verified = async (changed: object) => await verifyRecords({ bundle: { entry: [{ resource }] }, proofs: [{ ...proof, ...changed }] }, chart.trust.chainId, chart.other, entries)
    expect(await verified({})).toEqual({ proven: 1, left: 0 })
    for (const changed of [{ key: '' }, { key: proof.key.slice(4) }, { key: `${proof.key}AAAA` }, { envelope: '' }, { envelope: proof.envelope.slice(4) }]) {
      await expect(verified(changed)).rejects.toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_MISMATCH' }))
    }
  })

  it('are refused as no export when subjects are no handles, or the list holds what is not known here', async () => {
    const [id, hash] = [new Uint8Array(16), new Uint8Array(32)]
    const entry = encodeCanonical([id, 1, 0, new Uint8Array(20), null, new Uint8Array(8), hash, 300, hash, hash, [], 1, 5])
    const document = { bundle: { entry: [{ resource: {} }] }, proofs: [{ index: 0, subjects: ['zz'], envelope: '', key: '' }] }
    const format = expect.objectContaining({ code: 'ERR_SDK_AUDIT_FORMAT' })
    await expect(verifyRecords(document, 'audit-1', network.handle, [entry])).rejects.toThrow(format)
    await expect(verifyRecords(document, 'audit-1', network.handle, [Uint8Array.of(1)])).rejects.toThrow(format)
  })

  it.each(['', '{}', '{', '[1]', 'null', '"x"', '42', 'not a receipt!', '{"format":"chiron/export/v1"}', '{"format":"chiron/receipt/v1"}'])('are refused: %j', async (text) => {
    await expect(verifyDocument(text, network.trust)).rejects.toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_(SDK_AUDIT|PROOF)_FORMAT$/) }))
  })
})
