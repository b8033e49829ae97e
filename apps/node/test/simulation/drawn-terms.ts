import { fromHex, sha256, utf8, type DataInterval, type Grantee, type Handle, type ObjectId, type RecordId, type RuleCondition, type RuleTerms } from '@chiron/protocol'
import type { SeededRandom } from '@chiron/testkit/simulation'
import { DAY_MS, type Acting } from './acting.ts'
import { COUNTRIES } from './config.ts'
import { dateOfDay, DAYS } from './intents.ts'

/** Terms of use that organisations accept at some time, and those that nobody ever does. */
export const TERMS_HASHES: readonly Uint8Array[] = ['of use', 'of nobody'].map((name) => sha256(utf8(`terms ${name}`)))

/** What a patient says in a rule, drawn at random. */
export function drawTerms(acting: Acting, random: SeededRandom, handle: Handle, effect: 'permit' | 'deny'): RuleTerms {
  const from = acting.timeMs + (random.chance(0.15) ? random.between(0, 8_000) : 0)
  const records = [...acting.model.records.keys()]
  const conditions = random.chance(0.35) ? [drawCondition(random, effect)] : []
  return {
    effect,
    grantee: drawGrantee(acting, random, effect),
    purposes: random.chance(0.7) ? [] : ['TREAT'],
    categories: acting.categories(random, handle),
    labels: effect === 'permit' || random.chance(0.3) ? acting.labels(random, handle) : [],
    records: records.length > 0 && random.chance(0.15) ? [fromHex(random.pick(records)) as RecordId] : [],
    actions: random.chance(0.2) ? ['read', 'write'] : ['read'],
    from,
    until: random.chance(0.5) ? null : from + random.pick([1_500, 6_000, 20_000, DAY_MS]),
    overrides: null,
    ...(random.chance(0.25) ? { data: drawInterval(acting, random, handle) } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(effect === 'deny' && random.chance(0.4) ? { absolute: true as const } : {}),
  }
}

/** A permit that names a denial and is narrower, or as wide, and so refused. */
export function drawOverride(acting: Acting, random: SeededRandom, handle: Handle, denial: { readonly id: string; readonly terms: RuleTerms }): RuleTerms {
  const { absolute: _absolute, ...terms } = denial.terms
  const way = random.weighted({ grantee: 4, category: 3, purpose: 2, days: 2, same: 1 })
  const narrowed =
    way === 'grantee' ? { grantee: narrowerGrantee(acting, random, terms.grantee) }
    : way === 'category' ? { categories: terms.categories.length > 0 ? terms.categories.slice(0, 1) : [acting.vocabulary.category(handle, random.pick(['laboratory', 'medications']))] }
    : way === 'purpose' ? { purposes: ['TREAT'] }
    : way === 'days' && terms.data === undefined ? { data: drawInterval(acting, random, handle) }
    : {}
  return {
    ...terms,
    ...narrowed,
    effect: 'permit',
    labels: terms.labels.length > 0 ? terms.labels : acting.labels(random, handle),
    from: acting.timeMs,
    until: random.chance(0.3) ? null : acting.timeMs + random.pick([3_000, 10_000, DAY_MS]),
    overrides: fromHex(denial.id) as ObjectId,
  }
}

function drawGrantee(acting: Acting, random: SeededRandom, effect: 'permit' | 'deny'): Grantee {
  const organisation = acting.organisation(random)
  switch (random.weighted({ person: 4, organisation: 5, role: 2, roleThere: 2, treating: 2, anyone: effect === 'deny' ? 2 : 0.5 })) {
    case 'person':
      return { kind: 'person', did: random.pick(organisation.practitioners).did }
    case 'organisation':
      return { kind: 'organisation', did: organisation.did }
    case 'role':
      return { kind: 'role', role: random.pick(['physician', 'nurse']) }
    case 'roleThere':
      return { kind: 'role', role: random.pick(['physician', 'nurse']), organisation: organisation.did }
    case 'treating':
      return { kind: 'anyone-treating' }
    case 'anyone':
      return { kind: 'anyone' }
  }
}

function narrowerGrantee(acting: Acting, random: SeededRandom, grantee: Grantee): Grantee {
  const organisation = grantee.kind === 'organisation' ? acting.world.cast.organisations.find(({ did }) => did === grantee.did) : acting.organisation(random)
  if (organisation === undefined || grantee.kind === 'person') return grantee
  if (random.chance(0.5)) return { kind: 'person', did: random.pick(organisation.practitioners).did }
  return { kind: 'role', role: grantee.kind === 'role' ? grantee.role : 'physician', organisation: organisation.did }
}

function drawInterval(acting: Acting, random: SeededRandom, handle: Handle): DataInterval {
  const day = acting.vocabulary.day(handle, dateOfDay(random.below(DAYS)))
  return random.pick<DataInterval>([{ from: day, until: null }, { from: null, until: day + 1 }, { from: day, until: day + random.between(1, 4) }])
}

/** Denials carry no conditions but countries. */
function drawCondition(random: SeededRandom, effect: 'permit' | 'deny'): RuleCondition {
  const kind = effect === 'deny' ? 'jurisdiction' : random.pick(['jurisdiction', 'second-person', 'second-person', 'terms'] as const)
  if (kind === 'second-person') return { kind }
  if (kind === 'terms') return { kind, hash: random.pick(TERMS_HASHES) }
  return { kind, within: random.chance(0.6), of: random.some(COUNTRIES, 0.4).concat([random.pick(COUNTRIES)]) }
}
