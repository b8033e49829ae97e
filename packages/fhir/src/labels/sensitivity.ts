import { clinicalDays } from '../dates/clinical-days.ts'
import type { JsonObject } from '../json.ts'
import { isObject, textOf } from '../json.ts'
import { parseDateRange } from '../search/dates.ts'
import { authorMarks } from './author-marks.ts'
import { codeMatcher, type CodeMatcher } from './match-codes.ts'
import { SENSITIVITY_LABELS, type LabelValueSet, type SensitivityLabel } from './value-set.ts'
import { LABEL_VALUE_SETS } from './value-sets/index.ts'

/** Why a resource carries a label: the author's mark, or a code in the label's value set. */
export interface LabelReason {
  readonly label: SensitivityLabel
  readonly by: 'author' | 'code'
  /** The coding that did it, `system|code`. */
  readonly rule: string
  /** Version of the value set, for a code. */
  readonly version?: number
}

/** What is known beside the resource itself. */
export interface LabelContext {
  /** The patient's birth date as FHIR has it, or undefined when it is not known. */
  readonly birthDate?: string | undefined
  /** Today (`YYYY-MM-DD`), for a service that has no date. */
  readonly today: string
}

/** The version of all value sets together: one number for each, in the order of the labels. */
export const LABELS_VERSION: string = LABEL_VALUE_SETS.map(({ version }) => version).join('.')

const current = codeMatcher(LABEL_VALUE_SETS)

/** Whether a code of the resource counts only for minors, so that the patient's birth date has to be known. */
export function dependsOnAge(resource: object, matches: CodeMatcher = current): boolean {
  return codesOf(resource).some(({ system, code }) => matches(system, code).some((set) => set.below !== undefined))
}

/**
 * Each label that a resource carries by itself, with everything that put it on: the author's marks and all codes in it,
 * wherever they stand. What it inherits from other resources is not among them.
 */
export function labelReasons(resource: object, context: LabelContext, matches: CodeMatcher = current): LabelReason[] {
  const reasons = new Map<string, LabelReason>()
  const add = (reason: LabelReason): void => {
    const key = `${reason.label} ${reason.by} ${reason.rule}`
    if (!reasons.has(key)) reasons.set(key, reason)
  }
  for (const { labels, rule } of authorMarks(resource)) for (const label of labels) add({ label, by: 'author', rule })
  for (const { system, code } of codesOf(resource)) {
    for (const set of matches(system, code)) {
      if (isMeant(set, resource, context)) add({ label: set.label, by: 'code', rule: `${system}|${code}`, version: set.version })
    }
  }
  return [...reasons.values()]
}

/** The labels that a resource carries by itself, in alphabetical order. */
export function sensitivityOf(resource: object, context: LabelContext, matches: CodeMatcher = current): SensitivityLabel[] {
  const found = new Set(labelReasons(resource, context, matches).map(({ label }) => label))
  return SENSITIVITY_LABELS.filter((label) => found.has(label)).sort()
}

function isMeant(set: LabelValueSet, resource: object, { birthDate, today }: LabelContext): boolean {
  if (set.below === undefined) return true
  if (birthDate === undefined || parseDateRange(birthDate) === undefined) return true
  const [year, month, day] = latestDayOf(birthDate).split('-') as [string, string, string]
  const comingOfAge = `${String(Number(year) + set.below).padStart(4, '0')}-${month}-${day}`
  return (clinicalDays(resource)?.from ?? today) < comingOfAge
}

/** Of a year or a month the last day: whose birth date is not known to the day counts as the youngest they may be. */
function latestDayOf(date: string): string {
  return new Date(parseDateRange(date)?.highMs ?? 0).toISOString().slice(0, 10)
}

interface Code {
  readonly system: string
  readonly code: string
}

function codesOf(resource: object): Code[] {
  const found: Code[] = []
  collect(resource as JsonObject, found)
  return found
}

/** Anything with a system and a code, but for what is said about the resource in its `meta`. */
function collect(value: JsonObject | readonly unknown[], found: Code[]): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) if (typeof item === 'object' && item !== null) collect(item as JsonObject, found)
    return
  }
  const source = value as JsonObject
  const system = textOf(source['system'])
  const code = textOf(source['code'])
  if (system !== undefined && code !== undefined) found.push({ system, code })
  for (const key of Object.keys(source)) {
    const inner = source[key]
    if (key !== 'meta' && (isObject(inner) || Array.isArray(inner))) collect(inner, found)
  }
}
