import { randomBytes } from 'node:crypto'
import { access } from '@chiron/ledger'
import type { Did, Handle, Message } from '@chiron/protocol'
import { verifyAuditList } from '@chiron/sdk/audit'
import { webRandom } from '@chiron/vault'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../src/engine/errors.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { DisplayLog } from '../../src/gateway/access/displays.ts'
import { RefusalLog } from '../../src/gateway/access/refusals.ts'
import { Reporter } from '../../src/gateway/access/reporter.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../src/ledger/submitter.ts'
import type { Client } from './client.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { patient } from './resources.ts'

let started: TestNode
let hospital: Client
let ada: string
let ben: string

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  ;[ada, ben] = [(await hospital.create(patient())).expect(201).resource.id, (await hospital.create(patient())).expect(201).resource.id]
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

const handleOf = (id: string): Handle => started.gateway('lakeside').services.vocabulary.patientHandle(id)
const refusalsOf = (id: string) => [...access.accessEntries(started.node.engine.state, handleOf(id))].flatMap(([, entry]) => (entry.kind === 'refusal' ? [entry] : []))
const organisation = (): Signer => started.node.identities.organisations.get('lakeside') as Signer
const signerOf = async (id: string): Promise<Signer> => (await started.node.wallets.signerFor(id)) as Signer

describe('a patient who signs in where nobody speaks for them', () => {
  it('is listed in the own list with the name, in others’ without it, and both lists prove that they are whole', async () => {
    const own = await started.asPatient(ada)
    const elsewhere = started.anonymous('lakeside', own.token)
    ;(await elsewhere.get(`Patient/${ben}`)).expect(403)
    ;(await elsewhere.get(`Patient/${ben}`)).expect(403)
    ;(await elsewhere.get(`Patient/${ada}`)).expect(403)
    await started.flush()
    const { did } = await signerOf(ada)
    const by = { organisation: organisation().did, purpose: 'PATRQT', action: 'read' }
    expect(refusalsOf(ben)).toMatchObject([{ ...by, reader: null, count: 2 }])
    expect(refusalsOf(ada)).toMatchObject([{ ...by, reader: did, count: 1 }])
    for (const [id, who] of [[ben, 'somebody whom lakeside may not name'], [ada, `patient (${did})`]] as const) {
      const reader = await started.asPatient(id)
      const rows = JSON.parse((await reader.send('GET', 'chiron/audit', undefined, {})).expect(200).text) as { readonly who: string; readonly what: string }[]
      expect(verifyAuditList(rows, started.trust).rows).toHaveLength(rows.length)
      expect(rows.filter(({ what }) => what.startsWith('was refused')).map((row) => row.who)).toEqual([who])
    }
    const events = (await (await started.asPatient(ben)).get('AuditEvent')).expect(200).matches()
    expect(events.filter((event) => JSON.stringify(event).includes('"not named"'))).toHaveLength(1)
  })
})

describe('reports that the ledger refuses', () => {
  let refusals: RefusalLog
  let told: unknown[]
  beforeEach(() => {
    refusals = new RefusalLog()
    told = []
  })

  /** A reporter of lakeside; `before` is called with each submission's number, from 1. */
  function reporterWith(before: (submission: number) => Promise<void> | void): { reporter: Reporter; submissions: () => number } {
    let submissions = 0
    const { engine } = started.node
    const watched = {
      status: () => engine.status(),
      get state() {
        return engine.state
      },
      submit: async (tx: Uint8Array) => {
        await before(++submissions)
        return await engine.submit(tx)
      },
    } as unknown as Engine
    const reporter = new Reporter({ engine: watched, signer: organisation(), refusals, displays: new DisplayLog(webRandom), now: () => Date.now(), random: webRandom, keepDetails: async () => undefined, onFailure: (error) => told.push(error) })
    return { reporter, submissions: () => submissions }
  }

  const physician = (): Did => started.node.identities.users.find((user) => user.organisation === 'lakeside' && user.user === 'physician')?.did as Did
  const countsOf = (id: string, purpose: string) => refusalsOf(id).filter((entry) => entry.purpose === purpose).map(({ reader, count }) => [reader, count])

  it('do not keep back the others, are counted and told once, and are not tried again', async () => {
    const { reporter, submissions } = reporterWith(() => undefined)
    for (let purpose = 0; purpose < 9; purpose++) refusals.add(handleOf(ada), physician(), 'ETREAT', 'read')
    for (const purpose of ['HOPERAT', 'HPAYMT', 'HMARKT']) refusals.add(handleOf(ada), physician(), purpose, 'read')
    // No contract takes an attempt that was made no time.
    refusals.add(handleOf(ada), physician(), 'HSYSADMIN', 'read', 0)
    refusals.add(handleOf(ben), physician(), 'HSYSADMIN', 'read', 0)
    await reporter.report()
    expect(['ETREAT', 'HOPERAT', 'HPAYMT', 'HMARKT', 'HSYSADMIN'].map((purpose) => countsOf(ada, purpose))).toEqual([[[physician(), 9]], [[physician(), 1]], [[physician(), 1]], [[physician(), 1]], []])
    expect(reporter.unlisted).toEqual({ refusals: 2, displays: 0 })
    expect(told).toMatchObject([{ code: 'ERR_GATEWAY_UNLISTED', cause: { codespace: 'access', code: 10 } }])
    const before = submissions()
    await reporter.report()
    expect([submissions(), told.length]).toEqual([before, 1])
  })

  it('because a reader left in between are listed without the name', async () => {
    const { did } = await signerOf(ben)
    const speak = async (message: Message): Promise<void> => void (await submitMessages(started.node.engine, await signerOf(ben), [message], validUntilFrom(started.node.engine, Date.now())))
    await speak({ type: 'identity.delegate', salt: randomBytes(16), to: organisation().did, purposes: [], until: Date.now() + 3_600_000 })
    const leaves = async (submission: number): Promise<void> => {
      if (submission === 2) await speak({ type: 'identity.revokeDelegation', salt: randomBytes(16), to: organisation().did })
    }
    const { reporter } = reporterWith(leaves)
    refusals.add(handleOf(ada), did, 'FAMRQT', 'read', 4)
    await reporter.report()
    refusals.add(handleOf(ada), did, 'FAMRQT', 'read', 5)
    refusals.add(handleOf(ada), physician(), 'FAMRQT', 'read', 6)
    await reporter.report()
    expect(countsOf(ada, 'FAMRQT')).toEqual([[did, 4], [null, 5], [physician(), 6]])
    expect([reporter.unlisted.refusals, told]).toEqual([0, []])
  })

  it('wait, each once, when the ledger fails in the middle', async () => {
    let fails = true
    const { reporter } = reporterWith((submission) => {
      if (fails && submission === 3) throw new EngineError('ERR_ENGINE_BUSY', 'try again')
    })
    const purposes = ['BIORCH', 'CLINTRCH', 'DISASTER', 'FRAUD', 'LEGAL']
    for (const [at, purpose] of purposes.entries()) refusals.add(handleOf(ada), physician(), purpose, 'read', 4 - at)
    await expect(reporter.report()).rejects.toThrow('try again')
    fails = false
    await reporter.report()
    expect(purposes.map((purpose) => countsOf(ada, purpose))).toEqual(purposes.map((_, at) => (at === 4 ? [] : [[physician(), 4 - at]])))
    expect(reporter.unlisted.refusals).toBe(1)
  })
})
