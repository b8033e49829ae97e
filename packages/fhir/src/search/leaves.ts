import type { SearchPath } from '../definitions/model.ts'
import type { JsonObject } from '../json.ts'
import { isObject, listOf, objectsOf, textOf } from '../json.ts'
import { parseReference } from '../references/parse.ts'
import { parseDateRange, periodRange, timingRange } from './dates.ts'
import { normalizeText } from './normalize.ts'
import type { IndexRow } from './rows.ts'

/** Collects the rows of one search parameter. */
export type Emit = (row: IndexRow) => void

const NAME_PARTS = ['text', 'family', 'given', 'prefix', 'suffix']
const ADDRESS_PARTS = ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country']
const ISO_4217 = 'urn:iso:std:iso:4217'

/** Index rows of one value of type `path.leaf`, for a parameter of the given kind. */
export function emitLeaf(kind: string, param: string, value: unknown, path: SearchPath, base: string | undefined, emit: Emit): void {
  switch (kind) {
    case 'token':
      return emitToken(param, value, path, emit)
    case 'reference':
      return emitReference(param, value, path, base, emit)
    case 'date':
      return emitDate(param, value, path.leaf, emit)
    case 'string':
      return emitString(param, value, path.leaf, emit)
    case 'quantity':
      return emitQuantity(param, value, path.leaf, emit)
    case 'uri':
      return emitUri(param, value, emit)
    case 'number':
      if (typeof value === 'number') emit({ param, kind: 'number', value })
      else if (isObject(value))
        for (const end of [...objectsOf(value['low']), ...objectsOf(value['high'])]) emitLeaf(kind, param, end['value'], path, base, emit)
  }
}

function emitToken(param: string, value: unknown, path: SearchPath, emit: Emit): void {
  if (typeof value === 'boolean') return emit({ param, kind: 'token', system: '', code: String(value) })
  if (typeof value === 'string') return emit({ param, kind: 'token', system: path.system ?? '', code: value })
  if (!isObject(value)) return
  if (path.leaf === 'CodeableConcept') {
    emitText(param, value['text'], emit)
    for (const coding of objectsOf(value['coding'])) emitCoding(param, coding, emit)
  } else if (path.leaf === 'Coding') {
    emitCoding(param, value, emit)
  } else if (path.leaf === 'Identifier') {
    const code = textOf(value['value'])
    if (code !== undefined) emit({ param, kind: 'token', system: textOf(value['system']) ?? '', code })
    for (const type of objectsOf(value['type'])) emitText(param, type['text'], emit)
  } else if (path.leaf === 'ContactPoint') {
    const code = textOf(value['value'])
    if (code !== undefined) emit({ param, kind: 'token', system: '', code: foldContact(code) })
  }
}

/** Telephone numbers and mail addresses are compared without case. */
export function foldContact(value: string): string {
  return value.trim().toLowerCase()
}

function emitCoding(param: string, coding: JsonObject, emit: Emit): void {
  const code = textOf(coding['code'])
  const system = textOf(coding['system']) ?? ''
  if (code !== undefined || system !== '') emit({ param, kind: 'token', system, code: code ?? '' })
  emitText(param, coding['display'], emit)
}

function emitText(param: string, value: unknown, emit: Emit): void {
  if (typeof value === 'string') emit({ param, kind: 'text', normalized: normalizeText(value) })
}

function emitReference(param: string, value: unknown, path: SearchPath, base: string | undefined, emit: Emit): void {
  if (typeof value === 'string') return emitCanonical(value, (uri) => emit({ param, kind: 'reference', targetType: '', targetId: uri }))
  if (!isObject(value)) return
  const text = textOf(value['reference'])
  const parsed = text === undefined ? undefined : parseReference(text, base)
  let type = textOf(value['type'])
  if (parsed?.form === 'relative' || parsed?.form === 'local') {
    type = parsed.type
    if (path.resolves === undefined || path.resolves === type) emit({ param, kind: 'reference', targetType: type, targetId: parsed.id })
  } else if (parsed?.form === 'absolute') {
    type = parsed.type ?? type
    if (path.resolves === undefined || path.resolves === type) emit({ param, kind: 'reference', targetType: '', targetId: parsed.url })
  } else if (parsed !== undefined && text !== undefined && (path.resolves === undefined || path.resolves === type)) {
    // Contained and unresolved targets lead nowhere, but the parameter is not missing.
    emit({ param, kind: 'reference', targetType: '', targetId: text })
  }
  if (path.resolves !== undefined && type !== undefined && path.resolves !== type) return
  for (const identifier of objectsOf(value['identifier'])) {
    const code = textOf(identifier['value'])
    if (code !== undefined) emit({ param, kind: 'token', system: textOf(identifier['system']) ?? '', code })
  }
}

function emitCanonical(value: string, emit: (uri: string) => void): void {
  emit(value)
  const bar = value.indexOf('|')
  if (bar > 0) emit(value.slice(0, bar))
}

function emitDate(param: string, value: unknown, leaf: string, emit: Emit): void {
  const range = leaf === 'Period' ? periodRange(value) : leaf === 'Timing' ? timingRange(value) : typeof value === 'string' ? parseDateRange(value) : undefined
  if (range) emit({ param, kind: 'date', ...range })
}

function emitString(param: string, value: unknown, leaf: string, emit: Emit): void {
  if (typeof value === 'string') return emit({ param, kind: 'string', normalized: normalizeText(value), exact: value })
  if (!isObject(value)) return
  const parts = leaf === 'HumanName' ? NAME_PARTS : leaf === 'Address' ? ADDRESS_PARTS : ['text']
  for (const part of parts) {
    for (const text of listOf(value[part])) {
      if (typeof text === 'string') emit({ param, kind: 'string', normalized: normalizeText(text), exact: text })
    }
  }
}

function emitQuantity(param: string, value: unknown, leaf: string, emit: Emit): void {
  if (!isObject(value)) return
  if (leaf === 'Range') {
    for (const end of [...objectsOf(value['low']), ...objectsOf(value['high'])]) emitQuantity(param, end, 'Quantity', emit)
    return
  }
  const amount = value['value']
  if (typeof amount !== 'number') return
  const money = leaf === 'Money'
  const system = (money ? ISO_4217 : textOf(value['system'])) ?? ''
  const code = textOf(value[money ? 'currency' : 'code']) ?? ''
  const unit = textOf(value['unit']) ?? ''
  emit({ param, kind: 'quantity', value: amount, system, code })
  if (unit !== '' && unit !== code) emit({ param, kind: 'quantity', value: amount, system: '', code: unit })
}

function emitUri(param: string, value: unknown, emit: Emit): void {
  if (typeof value === 'string') emitCanonical(value, (uri) => emit({ param, kind: 'uri', uri }))
}
