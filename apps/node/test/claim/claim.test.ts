import { identity } from '@chiron/ledger'
import { consent, SdkError } from '@chiron/sdk'
import { verifyDocument } from '@chiron/sdk/audit'
import { rotateKeys } from '@chiron/sdk/patient'
import { toHex } from '@chiron/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestNode, type TestNode } from '../gateway/harness.ts'
import { observation } from '../gateway/resources.ts'
import { admit, claim, clientOf, KeptWallet, offer } from './claimed.ts'

let started: TestNode
beforeAll(async () => {
  started = await startTestNode({ keyholders: 4 })
})
afterAll(async () => {
  expect(started.failures).toEqual([])
  await started.close()
})

const copiesOf = async (did: Parameters<typeof started.node.copies.list>[0]) => await started.node.copies.list(did)

describe('a patient who claims', () => {
  it('reads past and new records, exports and proves with nothing but the wallet; all of it stands in the list', async () => {
    const id = await admit(started)
    const code = await offer(started, id)
    const wallet = await claim(started, code, 'lakeside')
    const client = clientOf(started, wallet, 'lakeside')
    expect(identity.document(started.node.engine.state, wallet.did)).toMatchObject({ controller: null, currentKey: { id: 'k2' } })
    expect(await copiesOf(wallet.did)).toEqual([])

    expect(await client.sealCopies()).toEqual({ sealed: 3, released: 3, without: 0 })
    expect(await client.sealCopies()).toEqual({ sealed: 0, released: 0, without: 0 })
    const hospital = await started.as('riverside', 'physician')
    ;(await hospital.create(observation(id, 'vital-signs'))).expect(201)
    expect(await copiesOf(wallet.did)).toHaveLength(4)

    const released = (await client.audit()).rows.filter(({ fields }) => fields.what.startsWith('opened access')).length
    const chart = await client.chart()
    const opened = await client.open(chart, chart.entries)
    expect(opened.map(({ resource }) => resource['resourceType']).toSorted()).toEqual(['Observation', 'Observation', 'Observation', 'Patient'])
    const { rows, lists } = await client.audit()
    expect(rows.filter(({ fields }) => fields.what.startsWith('opened access'))).toHaveLength(released)
    expect(lists[0]?.size).toBe(rows.length)
    const who = `patient (${wallet.did})`
    expect(rows.map(({ fields }) => [fields.who, fields.what.replace(/\d{4}-.*?Z/g, 'TIME'), fields.purpose, fields.rule]).slice(0, 4)).toEqual([
      [who, 'access ended TIME: the patient closed it', 'PATRQT', 'own records'],
      [who, 'opened access to read, until TIME at the latest', 'PATRQT', 'own records'],
      [who, 'took over the identity from riverside, which had signed for the patient until then; passed on by lakeside', '', ''],
      ['riverside', 'gave out a code to claim the identity with, good until TIME', '', ''],
    ])

    const document = JSON.stringify(await client.export())
    const statement = await verifyDocument(document, started.trust)
    expect(statement.proven[0]).toContain('the 4 resources are the newest versions')
    expect(statement.notProven.join()).not.toContain('further records')
    await expect(verifyDocument(document, { ...started.trust, chainId: 'other-1' })).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_PROOF_/) })
  })

  it('decides alone from then on: gives and ends a consent; what the custodian granted before is marked', async () => {
    const id = await admit(started, 0)
    const grantee = started.gateway('lakeside').services.organisation.did
    await started.node.desk.grant(id, { effect: 'permit', grantee: { kind: 'organisation', did: grantee }, purposes: ['TREAT'], categories: ['imaging'], labels: [], records: [], actions: ['read'], forMs: 3_600_000, overrides: null })
    const wallet = await claim(started, await offer(started, id))
    const client = clientOf(started, wallet)
    const me = await client.ledger.patient()
    const terms = consent.permitTerms(new consent.Vocabulary(me.tagKey), { to: consent.organisation(grantee), categories: ['laboratory'], purposes: ['TREAT'], until: Date.now() + 3_600_000 })
    await client.submit(consent.grant({ patient: me.handle, terms }))
    const rules = await client.ledger.rules()
    expect(rules.map(({ categories, inCustody, status }) => [categories, inCustody, status])).toEqual(
      expect.arrayContaining([[['laboratory'], false, 'in-force'], [['imaging'], true, 'in-force']]),
    )
    for (const { rule } of rules) await client.submit(consent.revoke({ patient: me.handle, rule: Uint8Array.from(Buffer.from(rule, 'hex')) as never }))
    expect((await client.ledger.rules()).map(({ status }) => status)).toEqual(['revoked', 'revoked'])
    await expect(started.node.desk.revoke(id, Uint8Array.from(Buffer.from(rules[0]?.rule ?? '', 'hex')) as never)).rejects.toMatchObject({ code: 'ERR_GATEWAY_NOT_FOUND' })
  })

  it('rotates: copies are sealed anew without any release, also what was interrupted, and the old key opens nothing', async () => {
    const id = await admit(started)
    const kept = new KeptWallet()
    const wallet = await claim(started, await offer(started, id), 'riverside', kept)
    await clientOf(started, wallet).sealCopies()
    const before = await copiesOf(wallet.did)
    const options = { base: `${started.url}/riverside`, trust: started.trust }
    const cut = new SdkError('ERR_SDK_WALLET', 'the machine was switched off')
    // Once before the ledger hears of it, once after.
    for (const failsAt of [1, 2]) {
      let step = 0
      const keep = async (each: typeof wallet): Promise<void> => {
        step++
        if (step === failsAt) throw cut
        await kept.keep(each)
      }
      await expect(rotateKeys({ ...options, wallet: kept.latest as typeof wallet }, keep)).rejects.toBe(cut)
    }
    expect(kept.latest?.pending).toBeDefined()
    expect(identity.document(started.node.engine.state, wallet.did)?.currentKey.id).toBe('k3')
    const rotated = await rotateKeys({ ...options, wallet: kept.latest as typeof wallet }, kept.keep)
    expect(rotated.current.keyId).toBe('k3')
    await expect(clientOf(started, wallet).chart()).rejects.toMatchObject({ code: 'ERR_SDK_UNAUTHORIZED' })

    const client = clientOf(started, rotated)
    expect(await client.sealCopies()).toEqual({ sealed: 3, released: 0, without: 0 })
    const after = await copiesOf(wallet.did)
    expect(after).toHaveLength(before.length)
    const last = clientOf(started, rotated.withoutOldKeys())
    const chart = await last.chart()
    const openings = (await last.audit()).rows.filter(({ fields }) => fields.what.startsWith('opened access')).length
    expect(await last.open(chart, chart.entries)).toHaveLength(3)
    expect((await last.audit()).rows.filter(({ fields }) => fields.what.startsWith('opened access'))).toHaveLength(openings)
  })

  it('resumes a claim whose answer was lost, with the keys that were kept', async () => {
    const id = await admit(started, 0)
    const code = await offer(started, id)
    const kept = new KeptWallet()
    const first = await claim(started, code, 'riverside', kept)
    kept.latest = kept.steps[0]
    expect(kept.latest?.isClaimed).toBe(false)
    const again = await claim(started, code, 'lakeside', kept)
    expect(again.format()).toEqual(first.format())
    expect((await claim(started, code, 'lakeside', kept)).format()).toEqual(first.format())
  })

  it('who claims while something is being written has a copy of it when it is acknowledged', async () => {
    const id = await admit(started, 0)
    const code = await offer(started, id)
    const { custodian } = started.gateway('riverside').services
    const keep = custodian.keep.bind(custodian)
    let wallet: Awaited<ReturnType<typeof claim>> | undefined
    vi.spyOn(custodian, 'keep').mockImplementationOnce(async (...asked) => {
      const kept = await keep(...asked)
      wallet = await claim(started, code)
      return kept
    })
    ;(await (await started.as('riverside', 'physician')).create(observation(id, 'laboratory'))).expect(201)
    expect(await copiesOf((wallet as NonNullable<typeof wallet>).did)).toHaveLength(1)
  })

  it('makes no copy before the claim, nor of records about several patients', async () => {
    const id = await admit(started, 1)
    const did = identity.handleOwner(started.node.engine.state, started.node.desk.handle(id)) as Parameters<typeof copiesOf>[0]
    expect(await copiesOf(did)).toEqual([])
    const other = await admit(started, 0)
    const wallet = await claim(started, await offer(started, id))
    const client = clientOf(started, wallet)
    await client.sealCopies()
    const others = await claim(started, await offer(started, other))
    const count = (await copiesOf(did)).length
    const hospital = await started.as('riverside', 'physician')
    const shared = observation(id, 'laboratory', { performer: [{ reference: `Patient/${other}` }], focus: [{ reference: `Patient/${other}` }] })
    ;(await hospital.create(shared)).expect(201)
    const chart = await client.chart()
    const several = chart.entries.filter(({ isAlone }) => !isAlone)
    expect(several).toHaveLength(1)
    expect(await copiesOf(did)).toHaveLength(count)
    expect(await copiesOf(others.did)).toEqual([])
    expect(await client.open(chart, several)).toEqual([])
    expect(await client.sealCopies()).toEqual({ sealed: 0, released: 0, without: 1 })
    expect(toHex(chart.entries[0]?.handle as Uint8Array)).toBe(toHex((await client.ledger.patient()).handle))
  })
})
