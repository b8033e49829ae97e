import type { Action, Category, Grantee, Label, ObjectId, RecordId, RuleTerms } from '@chiron/protocol'
import { SdkError } from '../../errors.ts'
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

/** A request as the patient's node lists it. */
export interface Asked {
  readonly grantee: Grantee
  readonly purposes: readonly string[]
  readonly categories: readonly string[]
  readonly labels: readonly string[]
  readonly actions: readonly Action[]
  readonly forMs: number
}

/**
 * Terms that approve a request as asked, or less: some of its categories, or a shorter time. `blockTimeMs` is the newest
 * block's time: the rule ends that much later, which is never later than the contract allows.
 * @throws SdkError `ERR_SDK_MESSAGE` for categories that were not asked for
 */
export function approvalTerms(
  vocabulary: Vocabulary,
  asked: Asked,
  options: { readonly blockTimeMs: number; readonly categories?: readonly Category[]; readonly forMs?: number },
): RuleTerms {
  const categories = options.categories ?? (asked.categories as readonly Category[])
  const wider = asked.categories.length > 0 && (categories.length === 0 || categories.some((name) => !asked.categories.includes(name)))
  if (wider) throw new SdkError('ERR_SDK_MESSAGE', 'an approval is never wider than the request')
  return permitTerms(vocabulary, {
    to: asked.grantee,
    purposes: asked.purposes,
    categories,
    labels: asked.labels as readonly Label[],
    actions: asked.actions,
    from: options.blockTimeMs,
    until: options.blockTimeMs + Math.min(options.forMs ?? asked.forMs, asked.forMs),
  })
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
