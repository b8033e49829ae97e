// Runs in the page: a patient's browser, with the sdk and nothing else.
import { access, consent, days, parseTrust, type Trust } from '@chiron/sdk'
import { verifyDocument, type Statement } from '@chiron/sdk/audit'
import { claimIdentity, openWallet, PatientClient, rotateKeys, sealWallet, type PatientWallet, type SealedCopies } from '@chiron/sdk/patient'
import { fromHex } from '@chiron/protocol'

export interface Visit {
  readonly base: string
  readonly trust: unknown
  readonly code: string
  readonly passphrase: string
  /** Whom to give a consent, by name. */
  readonly member: string
}

export interface Seen {
  readonly keyIds: readonly string[]
  /** What the browser keeps, as text. */
  readonly stored: string
  readonly past: SealedCopies
  readonly anew: SealedCopies
  readonly types: readonly unknown[]
  readonly one: unknown
  readonly rules: readonly (readonly [string, boolean])[]
  readonly openings: number
  readonly subtle: boolean
}

declare global {
  var chiron: { visit(visit: Visit): Promise<Seen>; later(visit: Visit): Promise<number>; verifyOffline(trust: unknown): Promise<Statement[]>; tamper(trust: unknown): Promise<string> }
}

const STORED = 'chiron-wallet'
const DOCUMENTS = 'chiron-documents'

/** Keeps the wallet in the browser under the passphrase. */
function keeper(passphrase: string) {
  return async (wallet: PatientWallet): Promise<void> => localStorage.setItem(STORED, JSON.stringify(await sealWallet(wallet, passphrase)))
}

async function stored(passphrase: string): Promise<PatientWallet> {
  return await openWallet(JSON.parse(localStorage.getItem(STORED) ?? 'null'), passphrase)
}

async function visit({ base, trust: json, code, passphrase, member }: Visit): Promise<Seen> {
  const trust = parseTrust(json)
  const keep = keeper(passphrase)
  await claimIdentity({ base, trust, code }, keep)
  const first = await stored(passphrase)
  const client = new PatientClient({ base, trust, wallet: first })
  const past = await client.sealCopies()
  await share(client, member)
  const wallet = await rotateKeys({ base, trust, wallet: first }, keep)
  const rotated = new PatientClient({ base, trust, wallet })
  const anew = await rotated.sealCopies()
  await keep(wallet.withoutOldKeys())

  const chart = await rotated.chart()
  const opened = await rotated.open(chart, chart.entries)
  const newest = chart.entries.find((each) => each.isNewest)
  const one = newest === undefined ? undefined : await rotated.read(chart, newest)
  localStorage.setItem(DOCUMENTS, JSON.stringify([await rotated.ledger.audit(), await rotated.export()]))
  const { rows } = await rotated.audit()
  return {
    keyIds: [first.current.keyId, wallet.current.keyId],
    stored: localStorage.getItem(STORED) ?? '',
    past,
    anew,
    types: opened.map(({ resource }) => resource['resourceType']),
    one: one?.resource['resourceType'],
    rules: (await rotated.ledger.rules()).map(({ to, status }) => [to, status === 'revoked'] as const),
    openings: rows.filter(({ fields }) => fields.what.startsWith('opened access')).length,
    subtle: typeof crypto.subtle === 'object' && typeof access.open === 'function',
  }
}

/** Gives a consent for a day and ends it. */
async function share(client: PatientClient, member: string): Promise<void> {
  const [network, me] = [await client.ledger.network(), await client.ledger.patient()]
  const to = network.members.find(({ name }) => name === member)
  if (to === undefined) throw new TypeError('no such member')
  const terms = consent.permitTerms(new consent.Vocabulary(me.tagKey), { to: consent.organisation(to.did), categories: ['laboratory'], purposes: ['TREAT'], until: network.blockTimeMs + days(1) })
  await client.submit(consent.grant({ patient: me.handle, terms }))
  for (const { rule } of await client.ledger.rules()) await client.submit(consent.revoke({ patient: me.handle, rule: fromHex(rule) as Parameters<typeof consent.revoke>[0]['rule'] }))
}

/** Another day: the stored wallet alone reads everything. */
async function later({ base, trust, passphrase }: Visit): Promise<number> {
  const client = new PatientClient({ base, trust: parseTrust(trust), wallet: await stored(passphrase) })
  const chart = await client.chart()
  return (await client.open(chart, chart.entries)).length
}

function documents(): unknown[] {
  return JSON.parse(localStorage.getItem(DOCUMENTS) ?? '[]') as unknown[]
}

async function verifyOffline(json: unknown): Promise<Statement[]> {
  const trust: Trust = parseTrust(json)
  return await Promise.all(documents().map(async (document) => await verifyDocument(JSON.stringify(document), trust)))
}

/** The access list without its newest row: what a node that hides something would send. */
async function tamper(json: unknown): Promise<string> {
  const [audit] = documents() as [unknown[]]
  try {
    await verifyDocument(JSON.stringify(audit.slice(1)), parseTrust(json))
    return 'verified'
  } catch (error) {
    return String((error as { code?: unknown }).code)
  }
}

globalThis.chiron = { visit, later, verifyOffline, tamper }
