import { isResourceType, searchParameter } from '../definitions/load.ts'
import type { SearchParameterModel } from '../definitions/model.ts'
import { FhirError } from '../errors.ts'
import { invalidValue, parseDate, parseValue, splitEscaped, unescapeValue } from './parse-values.ts'
import type { ValueContext } from './parse-values.ts'
import type { Clause, SearchKind } from './query.ts'

const MAX_VALUES = 200
const MAX_LINKS = 4
const MODIFIERS: Readonly<Record<string, readonly string[]>> = {
  token: ['', 'not', 'text', 'missing'],
  reference: ['', 'missing', 'identifier'],
  date: ['', 'missing'],
  string: ['', 'exact', 'contains', 'missing'],
  quantity: ['', 'missing'],
  number: ['', 'missing'],
  uri: ['', 'below', 'above', 'missing'],
}

/**
 * Reads one search condition on resources of `type`. `name` may be a parameter with a modifier, a chain
 * (`subject:Patient.name`) or a reverse chain (`_has:Observation:patient:code`).
 *
 * @returns undefined if the parameter has no value, which R4 says to ignore
 * @throws FhirError ERR_FHIR_SEARCH_PARAMETER_UNKNOWN, …_PARAMETER_UNSUPPORTED, …_MODIFIER_UNSUPPORTED, …_VALUE_INVALID, …_TOO_COSTLY
 */
export function parseClause(type: string, name: string, text: string, context: ValueContext, links = 0): Clause | undefined {
  if (links > MAX_LINKS) throw new FhirError('ERR_FHIR_SEARCH_TOO_COSTLY', { reason: 'chain' })
  if (name.startsWith('_has:')) return parseHas(type, name, text, context, links)
  const dot = name.indexOf('.')
  if (dot > 0) return parseChain(type, name.slice(0, dot), name.slice(dot + 1), text, context, links)
  const [code = '', modifier = '', ...more] = name.split(':')
  if (more.length > 0) throw unsupportedModifier(code)
  if (text.includes('\0')) return invalidValue(safeName(code));
  const values = splitEscaped(text, ',').filter((value) => value !== '')
  if (values.length === 0) return undefined
  if (values.length > MAX_VALUES) throw new FhirError('ERR_FHIR_SEARCH_TOO_COSTLY', { reason: 'values', parameter: code })
  if (code === '_id') return idClause(modifier, values)
  if (code === '_lastUpdated') {
    if (modifier !== '') throw unsupportedModifier(code)
    return { op: 'lastUpdated', values: values.map((value) => parseDate(code, value, context)) }
  }
  const parameter = supported(type, code)
  const kind = parameter.type as SearchKind
  const allowed = MODIFIERS[kind]?.includes(modifier) || (kind === 'reference' && (parameter.targets?.includes(modifier) ?? isResourceType(modifier)))
  if (!allowed) throw unsupportedModifier(code)
  if (modifier === 'missing') {
    const [wanted] = values
    if (values.length > 1 || (wanted !== 'true' && wanted !== 'false')) return invalidValue(code)
    return { op: 'missing', param: code, paramId: parameter.id, kind, missing: wanted === 'true' }
  }
  return {
    op: 'match',
    param: code,
    paramId: parameter.id,
    kind,
    negated: modifier === 'not',
    values: values.map((value) => parseValue(parameter, modifier, value, context)),
  }
}

function idClause(modifier: string, values: readonly string[]): Clause {
  if (modifier !== '' && modifier !== 'not') throw unsupportedModifier('_id')
  return { op: 'id', negated: modifier === 'not', ids: values.map(unescapeValue) }
}

function parseChain(type: string, link: string, rest: string, text: string, context: ValueContext, links: number): Clause | undefined {
  const [code = '', wanted] = link.split(':')
  const parameter = supported(type, code)
  if (parameter.type !== 'reference') throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNKNOWN', { parameter: safeName(code) })
  if (wanted !== undefined && !(parameter.targets?.includes(wanted) ?? isResourceType(wanted))) throw unsupportedModifier(code)
  const candidates = wanted === undefined ? (parameter.targets ?? []) : [wanted]
  const targets: { type: string; clause: Clause }[] = []
  let refused: FhirError | undefined
  for (const target of candidates) {
    try {
      const clause = parseClause(target, rest, text, context, links + 1)
      if (clause) targets.push({ type: target, clause })
    } catch (error) {
      if (!(error instanceof FhirError)) throw error
      // Among several target types the chain applies to those that have the parameter.
      if (refused === undefined || error.code !== 'ERR_FHIR_SEARCH_PARAMETER_UNKNOWN') refused = error
    }
  }
  if (targets.length === 0) {
    if (refused) throw refused
    return undefined
  }
  return { op: 'chain', param: code, paramId: parameter.id, targets }
}

function parseHas(type: string, name: string, text: string, context: ValueContext, links: number): Clause | undefined {
  const [, source = '', code = ''] = name.split(':')
  const rest = name.slice(`_has:${source}:${code}:`.length)
  if (!isResourceType(source) || rest === '') throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNKNOWN', { parameter: '_has' })
  const parameter = supported(source, code)
  if (parameter.type !== 'reference' || !(parameter.targets?.includes(type) ?? true))
    throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNKNOWN', { parameter: '_has' })
  const clause = parseClause(source, rest, text, context, links + 1)
  return clause && { op: 'has', type: source, param: code, paramId: parameter.id, target: type, clause }
}

function supported(type: string, code: string): SearchParameterModel {
  const parameter = searchParameter(type, code)
  if (parameter === undefined) throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNKNOWN', { parameter: safeName(code) })
  if (!isSupportedParameter(parameter)) throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNSUPPORTED', { parameter: code })
  return parameter
}

/** Whether searches by this parameter are answered: composites, special ones and those without an indexable path are not. */
export function isSupportedParameter(parameter: SearchParameterModel): boolean {
  return parameter.code === '_id' || parameter.code === '_lastUpdated' || parameter.paths.length > 0
}

function unsupportedModifier(code: string): FhirError {
  return new FhirError('ERR_FHIR_SEARCH_MODIFIER_UNSUPPORTED', { parameter: safeName(code) })
}

/** A parameter name as it may appear in a message: whatever does not look like a name is not repeated. */
export function safeName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_:.-]{0,99}$/.test(name) ? name : '?'
}
