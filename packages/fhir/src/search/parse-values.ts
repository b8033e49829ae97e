import { isResourceType } from '../definitions/load.ts'
import type { SearchParameterModel } from '../definitions/model.ts'
import { FhirError } from '../errors.ts'
import { parseReference } from '../references/parse.ts'
import { parseDateRange } from './dates.ts'
import { foldContact } from './leaves.ts'
import { normalizeText } from './normalize.ts'
import type { Comparator, DateValue, NumberValue, QuantityValue, ReferenceValue, SearchValue, StringValue, TokenValue, UriValue } from './query.ts'

/** What reading values depends on besides the text. */
export interface ValueContext {
  readonly base?: string
  /** Block or wall time for `ap`; without it `ap` widens nothing. */
  readonly nowMs?: number
}

const COMPARATOR = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[+\-\d.])/
const DECIMAL = /^[+-]?\d+(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/

/** Refuses a value, naming the parameter only. */
export function invalidValue(parameter: string): never {
  throw new FhirError('ERR_FHIR_SEARCH_VALUE_INVALID', { parameter })
}

/** Splits at `separator` where it is not escaped with a backslash; escapes are kept. */
export function splitEscaped(text: string, separator: string): string[] {
  const parts: string[] = []
  let part = ''
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index)
    if (char === '\\' && index + 1 < text.length) part += char + text.charAt(++index)
    else if (char === separator) {
      parts.push(part)
      part = ''
    } else part += char
  }
  parts.push(part)
  return parts
}

/** Removes the escapes of R4 search.html#escaping. */
export function unescapeValue(text: string): string {
  return text.replaceAll(/\\([\\,|$])/g, '$1')
}

/** Reads one value of a parameter. @throws FhirError ERR_FHIR_SEARCH_VALUE_INVALID */
export function parseValue(parameter: SearchParameterModel, modifier: string, text: string, context: ValueContext): SearchValue {
  switch (parameter.type) {
    case 'token':
      return modifier === 'text' ? { kind: 'text', normalized: normalizeText(unescapeValue(text)) } : parseToken(parameter, text)
    case 'reference':
      return modifier === 'identifier' ? parseToken(parameter, text) : parseReferenceValue(parameter, modifier, unescapeValue(text), context)
    case 'date':
      return parseDate(parameter.code, text, context)
    case 'number':
      return { kind: 'number', ...parseNumber(parameter.code, text) }
    case 'quantity':
      return parseQuantity(parameter.code, text)
    case 'string':
      return parseString(modifier, unescapeValue(text))
    case 'uri':
      return { kind: 'uri', match: modifier === 'below' || modifier === 'above' ? modifier : 'exact', uri: unescapeValue(text) } satisfies UriValue
    default:
      throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNSUPPORTED', { parameter: parameter.code })
  }
}

function parseToken(parameter: SearchParameterModel, text: string): TokenValue {
  const parts = splitEscaped(text, '|').map(unescapeValue)
  const contact = parameter.paths.length > 0 && parameter.paths.every((path) => path.leaf === 'ContactPoint')
  const code = (raw: string): string => (contact ? foldContact(raw) : raw)
  if (parts.length === 1) return { kind: 'token', code: code(parts[0] ?? '') }
  const [system = '', raw = ''] = parts
  if (parts.length > 2 || (system === '' && raw === '')) return invalidValue(parameter.code)
  return raw === '' ? { kind: 'token', system } : { kind: 'token', system, code: code(raw) }
}

function parseReferenceValue(parameter: SearchParameterModel, modifier: string, text: string, context: ValueContext): ReferenceValue {
  const wanted = isResourceType(modifier) ? modifier : undefined
  if (parameter.paths.some((path) => path.leaf === 'canonical' || path.leaf === 'uri') && /^[a-z][a-z0-9+.-]*:/i.test(text))
    return { kind: 'reference', type: '', id: text }
  if (/^[A-Za-z0-9\-.]{1,64}$/.test(text)) {
    const only = parameter.targets?.length === 1 ? parameter.targets[0] : undefined
    const type = wanted ?? only
    return { kind: 'reference', id: text, ...(type === undefined ? {} : { type }) }
  }
  const parsed = parseReference(text, context.base)
  if (parsed.form === 'relative' || parsed.form === 'local') {
    if (wanted !== undefined && wanted !== parsed.type) return invalidValue(parameter.code)
    return { kind: 'reference', type: parsed.type, id: parsed.id }
  }
  if (parsed.form === 'absolute') return { kind: 'reference', type: '', id: parsed.url }
  if (parsed.form === 'urn') return { kind: 'reference', type: '', id: parsed.urn }
  return invalidValue(parameter.code)
}

/** Reads a date value with its comparator. @throws FhirError ERR_FHIR_SEARCH_VALUE_INVALID */
export function parseDate(parameter: string, text: string, context: ValueContext): DateValue {
  const [comparator, rest] = splitComparator(text)
  // A plus sign that was not percent-encoded arrives as a space.
  const range = parseDateRange(rest.replace(/T([\d:.]+) (\d\d:\d\d)$/, 'T$1+$2'))
  if (range === undefined) return invalidValue(parameter)
  if (comparator !== 'ap' || context.nowMs === undefined) return { kind: 'date', comparator, ...range }
  const slack = Math.round(Math.abs(context.nowMs - range.lowMs) / 10)
  return { kind: 'date', comparator, lowMs: range.lowMs - slack, highMs: range.highMs + slack }
}

function splitComparator(text: string): [Comparator, string] {
  const match = COMPARATOR.exec(text)
  return match === null ? ['eq', text] : [match[1] as Comparator, text.slice(2)]
}

function parseNumber(parameter: string, text: string): Omit<NumberValue, 'kind'> {
  const [comparator, rest] = splitComparator(text)
  const match = DECIMAL.exec(rest)
  const value = Number(rest)
  if (match === null || !Number.isFinite(value)) return invalidValue(parameter)
  const decimals = match[1]?.length ?? 0
  // R4 gives [95, 105) for 1e2: an exponent counts as written with at least one decimal.
  const half = 0.5 * 10 ** (match[2] === undefined ? -decimals : Number(match[2]) - Math.max(decimals, 1))
  const slack = comparator === 'ap' ? Math.max(half, Math.abs(value) * 0.1) : half
  return { comparator, value, low: value - slack, high: value + slack }
}

function parseQuantity(parameter: string, text: string): QuantityValue {
  const [number = '', system, code, ...more] = splitEscaped(text, '|').map(unescapeValue)
  if (more.length > 0 || (system !== undefined && code === undefined)) return invalidValue(parameter)
  return {
    kind: 'quantity',
    ...parseNumber(parameter, number),
    ...(system ? { system } : {}),
    ...(code ? { code } : {}),
  }
}

function parseString(modifier: string, text: string): StringValue {
  if (modifier === 'exact') return { kind: 'string', match: 'exact', text }
  return { kind: 'string', match: modifier === 'contains' ? 'contains' : 'starts', text: normalizeText(text) }
}
