import { dateOf, fromHex, toHex, type Action, type Category, type Grantee, type Handle, type Label, type ObjectId, type RuleCondition, type RuleTerms } from '@chiron/protocol'
import type { Vocabulary } from '../gateway/vocabulary.ts'

/** What limits a rule further, in names. Dates are `YYYY-MM-DD`: from the first, up to and without the last. */
export interface LimitsInNames {
  readonly data?: { readonly from?: string | undefined; readonly until?: string | undefined } | undefined
  /** Of the reader's organisation; ISO 3166-1 alpha-2. */
  readonly countries?: { readonly within: boolean; readonly of: readonly string[] } | undefined
  readonly secondPerson?: boolean | undefined
  /** SHA-256 of terms of use that the organisation accepted, in hexadecimal. */
  readonly acceptedTerms?: string | undefined
  readonly obligations?: readonly string[] | undefined
  /** Of a denial: it stands in an emergency, too. */
  readonly absolute?: boolean | undefined
}

/** Terms of a new rule, in names. */
export interface TermsInNames extends LimitsInNames {
  readonly effect: 'permit' | 'deny'
  readonly grantee: Grantee
  readonly purposes: readonly string[]
  readonly categories: readonly Category[]
  readonly labels: readonly Label[]
  /** Record ids in hexadecimal. */
  readonly records: readonly string[]
  readonly actions: readonly Action[]
  /** Milliseconds; null has no end. */
  readonly forMs: number | null
  readonly overrides: ObjectId | null
}

/** Terms as the ledger has them, in force in [from, until). */
export function termsOf(vocabulary: Vocabulary, handle: Handle, terms: TermsInNames, from: number, until: number | null): RuleTerms {
  const { data, countries, secondPerson = false, acceptedTerms, obligations = [], absolute = false } = terms
  const conditions: RuleCondition[] = []
  if (countries !== undefined) conditions.push({ kind: 'jurisdiction', within: countries.within, of: [...countries.of] })
  if (secondPerson) conditions.push({ kind: 'second-person' })
  if (acceptedTerms !== undefined) conditions.push({ kind: 'terms', hash: fromHex(acceptedTerms) })
  const day = (date: string | undefined): number | null => (date === undefined ? null : vocabulary.day(handle, date))
  return {
    effect: terms.effect,
    grantee: terms.grantee,
    purposes: [...terms.purposes],
    categories: terms.categories.map((name) => vocabulary.category(handle, name)),
    labels: terms.labels.map((name) => vocabulary.label(handle, name)),
    records: terms.records.map((record) => fromHex(record) as RuleTerms['records'][number]),
    actions: [...terms.actions],
    from,
    until,
    overrides: terms.overrides,
    ...(data === undefined ? {} : { data: { from: day(data.from), until: day(data.until) } }),
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(obligations.length > 0 ? { obligations: [...obligations] } : {}),
    ...(absolute ? { absolute: true } : {}),
  }
}

/** What limits a rule further, each in a few words; none for a rule that says nothing of it. */
export function limitsOf(vocabulary: Vocabulary, handle: Handle, { data, conditions = [], obligations = [], absolute, overrides }: RuleTerms): string[] {
  const date = (day: number): string => dateOf(vocabulary.tagKey(handle), day)
  return [
    ...(data === undefined || data.from === null ? [] : [`only what dates from ${date(data.from)} on`]),
    ...(data === undefined || data.until === null ? [] : [`only what dates from before ${date(data.until)}`]),
    ...conditions.map(conditionWords),
    ...obligations.map((code) => `obliges to ${code}`),
    ...(absolute === undefined ? [] : ['also in an emergency']),
    ...(overrides === null ? [] : [`overrides ${toHex(overrides)}`]),
  ]
}

function conditionWords(condition: RuleCondition): string {
  switch (condition.kind) {
    case 'jurisdiction':
      return `only through organisations ${condition.within ? 'in' : 'outside'} ${condition.of.join(', ')}`
    case 'second-person':
      return 'only while a second professional stands by'
    case 'terms':
      return `only through organisations that accepted the terms ${toHex(condition.hash)}`
  }
}
