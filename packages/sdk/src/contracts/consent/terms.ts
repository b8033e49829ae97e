import type { Action, Category, Grantee, Label, ObjectId, RecordId, RuleTerms } from '@chiron/protocol'
import type { Vocabulary } from './vocabulary.ts'

/** A rule in words. What is left out means: all purposes, all categories, no label named, all records, reading only. */
export interface RuleWords {
  readonly to: Grantee
  readonly purposes?: readonly string[]
  readonly categories?: readonly Category[]
  /** Sensitive records are covered only by a permit that names every label they have. */
  readonly labels?: readonly Label[]
  readonly records?: readonly RecordId[]
  readonly actions?: readonly Action[]
  /** Block time in Unix milliseconds from which the rule holds; 0 for at once. */
  readonly from?: number
  /** Block time at which it ends; `null` says that it has no end. */
  readonly until: number | null
  /** The denial that this narrower permit overrides. */
  readonly overrides?: ObjectId
}

/** Terms that allow. */
export function permitTerms(vocabulary: Vocabulary, words: RuleWords): RuleTerms {
  return termsOf('permit', vocabulary, words)
}

/** Terms that forbid; they win over permits, whichever came first. */
export function denyTerms(vocabulary: Vocabulary, words: Omit<RuleWords, 'overrides'>): RuleTerms {
  return termsOf('deny', vocabulary, words)
}

function termsOf(effect: RuleTerms['effect'], vocabulary: Vocabulary, words: RuleWords): RuleTerms {
  return {
    effect,
    grantee: words.to,
    purposes: [...(words.purposes ?? [])],
    categories: vocabulary.categories(words.categories ?? []),
    labels: vocabulary.labels(words.labels ?? []),
    records: [...(words.records ?? [])],
    actions: [...(words.actions ?? (['read'] as const))],
    from: words.from ?? 0,
    until: words.until,
    overrides: words.overrides ?? null,
  }
}
