import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ControlDouble } from './testing/control-double.ts'

const ID = '3f1c2b9e-5f0a-4a55-9d5a-0a4f1c2b9e5f'
const RULE = '0123456789abcdef0123456789abcdef'
const HASH = 'ab'.repeat(32)
const PARENT = `did:chiron:${'a'.repeat(32)}`

let node: ControlDouble
beforeEach(() => {
  node = new ControlDouble()
})
afterEach(() => node.close())

interface Line {
  readonly line: string
  readonly sends: { readonly method: string; readonly url: string; readonly body?: unknown }
  readonly answer: unknown
  readonly prints: string
}

const JUDGEMENT = import.meta.filename
const JUDGEMENT_HASH = createHash('sha256').update(readFileSync(JUDGEMENT)).digest('hex')
const order = {
  order: RULE, isAboutAll: false, authority: 'lakeside', effect: 'deny', to: 'riverside', purposes: [], categories: ['laboratory'], labels: [], records: [], limits: [], actions: ['read'],
  fromMs: 0, untilMs: null, status: 'in-force', basis: HASH,
}
const delegation = { delegation: RULE, delegate: PARENT, actions: ['read'], categories: [], labels: [], sinceMs: 0, untilMs: 1000, status: 'in-force' }
const emergency = { emergency: RULE, patient: null, who: 'physician of lakeside', organisation: 'lakeside', reason: 'danger-to-life', declaredMs: 0, untilMs: 5, status: 'unconfirmed', confirmedBy: null, review: 'waiting', reviewedBy: null, contested: false }

const LINES: Line[] = [
  {
    line: `delegate appoint --patient ${ID} --delegate ${PARENT} --category medications --label hiv --for P30D`,
    sends: { method: 'POST', url: '/delegate', body: { patient: ID, delegate: PARENT, actions: ['read'], categories: ['medications'], labels: ['hiv'], forMs: 30 * 86_400_000 } },
    answer: delegation,
    prints: '1970-01-01T00:00:01.000Z\n',
  },
  {
    line: `delegate appoint --patient ${ID} --delegate parent-1 --json`,
    sends: { method: 'POST', url: '/delegate', body: { patient: ID, delegate: 'parent-1', actions: ['read'], categories: [], labels: [], forMs: 365 * 86_400_000 } },
    answer: delegation,
    prints: `${JSON.stringify(delegation, null, 2)}\n`,
  },
  { line: `delegate dismiss --patient ${ID} --delegate parent-1`, sends: { method: 'POST', url: '/delegate/dismiss', body: { patient: ID, delegate: 'parent-1' } }, answer: { delegate: PARENT, atMs: 5 }, prints: `${PARENT}\n` },
  {
    line: `delegate list --patient ${ID}`,
    sends: { method: 'GET', url: `/delegate?patient=${ID}` },
    answer: { delegates: [delegation] },
    prints: [
      'DELEGATE                                     CATEGORIES  LABELS  SINCE                     UNTIL                     STATUS',
      `${PARENT}  all         none    1970-01-01T00:00:00.000Z  1970-01-01T00:00:01.000Z  in-force\n`,
    ].join('\n'),
  },
  {
    line: `emergency confirm --org lakeside --user nurse ${RULE}`,
    sends: { method: 'POST', url: `/emergency/${RULE}/confirm`, body: { organisation: 'lakeside', user: 'nurse' } },
    answer: { ...emergency, status: 'confirmed', confirmedBy: 'nurse of lakeside', untilMs: 1000 },
    prints: '1970-01-01T00:00:01.000Z\n',
  },
  {
    line: `emergency review --org riverside --user admin ${RULE} --outcome unjustified`,
    sends: { method: 'POST', url: `/emergency/${RULE}/review`, body: { organisation: 'riverside', user: 'admin', outcome: 'unjustified' } },
    answer: { ...emergency, status: 'ended', review: 'unjustified', reviewedBy: 'admin of riverside' },
    prints: `${RULE}\n`,
  },
  { line: `emergency contest --patient ${ID} ${RULE}`, sends: { method: 'POST', url: `/emergency/${RULE}/contest`, body: { patient: ID } }, answer: { ...emergency, contested: true }, prints: `${RULE}\n` },
  { line: `emergency list --patient ${ID} --json`, sends: { method: 'GET', url: `/emergency/of-patient?patient=${ID}` }, answer: { emergencies: [] }, prints: '[]\n' },
  {
    line: 'emergency list --org riverside',
    sends: { method: 'GET', url: '/emergency?organisation=riverside' },
    answer: { emergencies: [{ ...emergency, status: 'ended', review: 'justified', reviewedBy: 'admin of riverside', contested: true }] },
    prints: [
      'EMERGENCY                         WHO                    REASON          DECLARED                  UNTIL                     STATUS  CONFIRMED BY  REVIEW',
      `${RULE}  physician of lakeside  danger-to-life  1970-01-01T00:00:00.000Z  1970-01-01T00:00:00.005Z  ended   nobody        justified, says admin of riverside; the patient contested it\n`,
    ].join('\n'),
  },
  {
    line: `access endorse --org lakeside --user nurse --reader physician --patient ${ID} --for PT4H`,
    sends: { method: 'POST', url: '/endorsement', body: { organisation: 'lakeside', user: 'nurse', reader: 'physician', patient: ID, purpose: 'TREAT', forMs: 4 * 3_600_000 } },
    answer: { reader: 'physician of lakeside', endorsedBy: 'nurse of lakeside', organisation: 'lakeside', purpose: 'TREAT', untilMs: 1000 },
    prints: '1970-01-01T00:00:01.000Z\n',
  },
  {
    line: `order make --org lakeside --patient ${ID} --to riverside --deny --category laboratory --no-end --basis ${JUDGEMENT}`,
    sends: {
      method: 'POST', url: '/order',
      body: { organisation: 'lakeside', patient: ID, effect: 'deny', to: { kind: 'organisation', organisation: 'riverside' }, purposes: [], categories: ['laboratory'], labels: [], records: [], actions: ['read'], forMs: null, basis: JUDGEMENT_HASH },
    },
    answer: order,
    prints: `${RULE}\n`,
  },
  { line: `order lift --org lakeside --everybody ${RULE}`, sends: { method: 'POST', url: `/order/${RULE}/lift`, body: { organisation: 'lakeside', patient: null } }, answer: { order: RULE, atMs: 5 }, prints: `${RULE}\n` },
  { line: 'order list --json', sends: { method: 'GET', url: '/order' }, answer: { orders: [] }, prints: '[]\n' },
  {
    line: `order list --patient ${ID}`,
    sends: { method: 'GET', url: `/order?patient=${ID}` },
    answer: { orders: [order] },
    prints: [
      'ORDER                             AUTHORITY  EFFECT  TO         CATEGORIES  PURPOSES  UNTIL   STATUS    LIMITS',
      `${RULE}  lakeside   deny    riverside  laboratory  any       no end  in-force\n`,
    ].join('\n'),
  },
  {
    line: 'order authorise --org lakeside --role regulator --for P30D',
    sends: { method: 'POST', url: '/order/authority', body: { organisation: 'lakeside', role: 'regulator', forMs: 30 * 86_400_000 } },
    answer: { organisation: 'lakeside', untilMs: 1000 },
    prints: '1970-01-01T00:00:01.000Z\n',
  },
]

describe('command lines about delegates, emergencies, orders and endorsements', () => {
  it.each(LINES)('chiron $line', async ({ line, sends, answer, prints }) => {
    await node.listen(() => ({ json: answer }))
    expect(await node.chiron(line.split(' '))).toEqual({ code: 0, stdout: prints, stderr: '' })
    expect(node.seen).toEqual([{ body: undefined, ...sends }])
  })

  it('says with a declared emergency how long it lasts and how to read', async () => {
    await node.listen(() => ({ json: { ...emergency, patient: ID } }))
    const declared = await node.chiron(['emergency', 'declare', '--org', 'lakeside', '--user', 'physician', '--patient', ID, '--reason', 'danger-to-life'])
    expect(declared).toMatchObject({ code: 0, stdout: `${RULE}\n` })
    expect(declared.stderr).toMatch(/^ends 1970-01-01T00:00:00\.005Z unless a second clinician confirms it; read with: chiron token --org lakeside --user physician --purpose BTG\n$/)
    expect(node.seen).toEqual([{ method: 'POST', url: '/emergency', body: { organisation: 'lakeside', user: 'physician', patient: ID, reason: 'danger-to-life' } }])
  })

  it.each([
    [`delegate appoint --patient ${ID}`, /--delegate/],
    [`delegate appoint --patient ${ID} --delegate did:web:x`, /or a DID/],
    [`emergency declare --org lakeside --user physician --patient ${ID}`, /--reason/],
    [`emergency declare --org lakeside --user physician --patient ${ID} --reason curiosity`, /danger-to-life/],
    [`emergency review --org riverside --user admin ${RULE}`, /--outcome/],
    ['emergency list', /either --patient, or --org/],
    [`emergency list --org riverside --patient ${ID}`, /either --patient, or --org/],
    [`order make --org lakeside --to riverside --deny --no-end --basis ${JUDGEMENT}`, /either --patient or --everybody/],
    [`order make --org lakeside --everybody --patient ${ID} --to riverside --deny --no-end --basis ${JUDGEMENT}`, /either --patient or --everybody/],
    [`order make --org lakeside --everybody --to riverside --deny --no-end`, /--basis/],
    ['order authorise --org lakeside --role nurse', /regulator/],
  ])('refuses %s with a reason and exit code 2, and asks no node', async (line, reason) => {
    await node.listen(() => ({ json: {} }))
    const { code, stdout, stderr } = await node.chiron(line.split(' '))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(reason)
    expect(node.seen).toEqual([])
  })
})
