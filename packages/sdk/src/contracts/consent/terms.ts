import type { Action, Category, Grantee, Label, MessageOf, ObjectId, RecordId, RuleCondition, RuleTerms } from '@chiron/protocol'
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
  /** Only what was measured, said or done on these dates (`YYYY-MM-DD`): from the first, up to and without the last. */
  readonly data?: { readonly from?: string; readonly until?: string }
  /** Only through organisations under (`within`), or not under, the law of these countries (ISO 3166-1 alpha-2). */
  readonly countries?: { readonly within: boolean; readonly of: readonly string[] }
}

export interface PermitWords extends RuleWords {
  /** The denial that this narrower permit overrides. */
  readonly overrides?: ObjectId
  /** Only while a second professional of the organisation stands by. */
  readonly secondPerson?: boolean
  /** Only through organisations that accepted the terms of use with this SHA-256 (32 bytes). */
  readonly acceptedTerms?: Uint8Array
  /** What binds whoever sees something: codes of HL7's ObligationPolicy or RefrainPolicy. */
  readonly obligations?: readonly string[]
}

export interface DenialWords extends RuleWords {
  /** Whether it also stands in an emergency. */
  readonly evenInEmergency?: boolean
}

/** Terms that allow. */
export function permitTerms(vocabulary: Vocabulary, words: PermitWords): RuleTerms {
  const { secondPerson = false, acceptedTerms, obligations = [], overrides = null } = words
  return {
    ...termsOf('permit', vocabulary, words, [
      ...(secondPerson ? [{ kind: 'second-person' } as const] : []),
      ...(acceptedTerms === undefined ? [] : [{ kind: 'terms', hash: acceptedTerms } as const]),
    ]),
    overrides,
    ...(obligations.length > 0 ? { obligations: [...obligations] } : {}),
  }
}

/** Terms that forbid; they win over permits, whichever came first. */
export function denyTerms(vocabulary: Vocabulary, words: DenialWords): RuleTerms {
  return { ...termsOf('deny', vocabulary, words, []), ...(words.evenInEmergency === true ? { absolute: true } : {}) }
}

/** What a delegate may do, in words. What is left out means: reading only, all categories, nothing that is labelled. */
export interface DelegateWords {
  readonly actions?: readonly Action[]
  readonly categories?: readonly Category[]
  readonly labels?: readonly Label[]
}

export function delegateScope(vocabulary: Vocabulary, words: DelegateWords = {}): Pick<MessageOf<'consent.appointDelegate'>, 'actions' | 'categories' | 'labels'> {
  return {
    actions: [...(words.actions ?? (['read'] as const))],
    categories: vocabulary.categories(words.categories ?? []),
    labels: vocabulary.labels(words.labels ?? []),
  }
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

/** What a patient may add to what was asked: each of it narrows. */
type Limits = Pick<PermitWords, 'data' | 'countries' | 'secondPerson' | 'acceptedTerms' | 'obligations'>

/**
 * Terms that approve a request as asked, or less: some of its categories, a shorter time, further limits. `blockTimeMs` is the newest
 * block's time: the rule ends that much later, which is never later than the contract allows.
 * @throws SdkError `ERR_SDK_MESSAGE` for categories that were not asked for
 */
export function approvalTerms(
  vocabulary: Vocabulary,
  asked: Asked,
  options: Limits & { readonly blockTimeMs: number; readonly categories?: readonly Category[]; readonly forMs?: number },
): RuleTerms {
  const { blockTimeMs, forMs = asked.forMs, categories: chosen, ...limits } = options
  const categories = chosen ?? (asked.categories as readonly Category[])
  const wider = asked.categories.length > 0 && (categories.length === 0 || categories.some((name) => !asked.categories.includes(name)))
  if (wider) throw new SdkError('ERR_SDK_MESSAGE', 'an approval is never wider than the request')
  return permitTerms(vocabulary, {
    ...limits,
    to: asked.grantee,
    purposes: asked.purposes,
    categories,
    labels: asked.labels as readonly Label[],
    actions: asked.actions,
    from: blockTimeMs,
    until: blockTimeMs + Math.min(forMs, asked.forMs),
  })
}

function termsOf(effect: RuleTerms['effect'], vocabulary: Vocabulary, words: RuleWords, further: readonly RuleCondition[]): RuleTerms {
  const { data, countries } = words
  const conditions: RuleCondition[] = [...(countries === undefined ? [] : [{ kind: 'jurisdiction', within: countries.within, of: [...countries.of] } satisfies RuleCondition]), ...further]
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
    overrides: null,
    ...(data === undefined ? {} : { data: { from: dayOrNull(vocabulary, data.from), until: dayOrNull(vocabulary, data.until) } }),
    ...(conditions.length > 0 ? { conditions } : {}),
  }
}

function dayOrNull(vocabulary: Vocabulary, isoDate: string | undefined): number | null {
  return isoDate === undefined ? null : vocabulary.day(isoDate)
}
