import * as v from 'valibot'
import { Reader } from './read.ts'
import { compareKeys, MAX_DEPTH } from './model.ts'
import { writeCbor } from './write.ts'

/** What is not as the schema says, or not canonical. Says nothing about what is wrong. */
export const REFUSED = Symbol('refused')

/** Takes one item of a certain shape. Where it refuses or throws, the reader stands anywhere. */
type Take = (reader: Reader, depth: number) => unknown

type Schema = v.GenericSchema<unknown, unknown>

const known = new WeakMap<object, Take>()

/**
 * Reads bytes straight into the shape that a schema names: keys are compared instead of read, and what the schema asks is
 * asked of each item as it comes. What it returns is what `readCbor` and the schema would return, and it returns nothing
 * that they refuse; it may refuse what they would take, so whoever is refused asks them.
 * @throws ProtocolError as `readCbor`
 */
export function readShaped<T>(schema: v.GenericSchema<unknown, T>, bytes: Uint8Array): T | typeof REFUSED {
  const reader = new Reader(bytes)
  const value = takeOf(schema)(reader, 0)
  if (value === REFUSED) return REFUSED
  reader.end()
  return value as T
}

function takeOf(schema: Schema): Take {
  let take = known.get(schema)
  if (take === undefined) known.set(schema, (take = compile(schema)))
  return take
}

/** What the parts of valibot's schemas that are read here look like. */
interface Parts {
  readonly type: string
  readonly pipe?: readonly [Schema, ...Parts[]]
  readonly kind: string
  readonly requirement: unknown
  readonly class: unknown
  readonly check: (input: unknown) => boolean
  readonly literal: unknown
  readonly options: readonly unknown[]
  readonly wrapped: Schema
  readonly default: unknown
  readonly item: Schema
  readonly items: readonly Schema[]
  readonly entries: Readonly<Record<string, Schema>>
  readonly key: string
}

const partsOf = (schema: Schema): Parts => schema as unknown as Parts

function compile(schema: Schema): Take {
  const parts = partsOf(schema)
  if (parts.pipe !== undefined) return takePiped(schema, parts.pipe)
  switch (parts.type) {
    case 'string':
      return (reader) => reader.takeText() ?? REFUSED
    case 'number':
      return takeNumber
    case 'boolean':
      return (reader) => (reader.takeByte(0xf5) ? true : reader.takeByte(0xf4) ? false : REFUSED)
    case 'instance':
      return parts.class === Uint8Array ? (reader) => reader.takeByteString() ?? REFUSED : takeAny(schema)
    case 'custom':
      return (reader, depth) => {
        const value = reader.value(depth)
        return parts.check(value) ? value : REFUSED
      }
    case 'literal':
      return takeLiteral(parts.literal)
    case 'picklist':
      return takePicked(new Set(parts.options))
    case 'nullable':
      return takeNullable(takeOf(parts.wrapped))
    case 'array':
      return takeArray(takeOf(parts.item))
    case 'strict_tuple':
      return takeTuple(parts.items.map(takeOf))
    case 'strict_object':
      return takeObject(parts.entries)
    case 'variant':
      return takeVariant(schema, parts)
    default:
      return takeAny(schema)
  }
}

/** Any item, judged by the schema itself. */
function takeAny(schema: Schema): Take {
  return (reader, depth) => {
    const parsed = v.safeParse(schema, reader.value(depth))
    return parsed.success ? parsed.output : REFUSED
  }
}

function takeNumber(reader: Reader): unknown {
  const n = reader.takeUnsigned()
  return typeof n === 'number' ? n : REFUSED
}

function takeLiteral(literal: unknown): Take {
  const encoded = writeCbor(literal)
  return (reader) => (reader.takeBytes(encoded) ? literal : REFUSED)
}

function takePicked(options: ReadonlySet<unknown>): Take {
  return (reader, depth) => {
    const value = reader.value(depth)
    return options.has(value) ? value : REFUSED
  }
}

function takeNullable(take: Take): Take {
  return (reader, depth) => (reader.takeByte(0xf6) ? null : take(reader, depth))
}

function takeArray(take: Take): Take {
  return (reader, depth) => {
    const length = reader.takeHead(4)
    if (length === undefined || depth >= MAX_DEPTH) return REFUSED
    const items: unknown[] = []
    for (let i = 0; i < length; i++) {
      const item = take(reader, depth + 1)
      if (item === REFUSED) return REFUSED
      items.push(item)
    }
    return items
  }
}

function takeTuple(takes: readonly Take[]): Take {
  return (reader, depth) => {
    if (reader.takeHead(4) !== takes.length || depth >= MAX_DEPTH) return REFUSED
    const items: unknown[] = []
    for (let i = 0; i < takes.length; i++) {
      const item = (takes[i] as Take)(reader, depth + 1)
      if (item === REFUSED) return REFUSED
      items.push(item)
    }
    return items
  }
}

interface Field {
  readonly name: string
  readonly encoded: Uint8Array
  readonly optional: boolean
  readonly take: Take
}

function takeObject(entries: Readonly<Record<string, Schema>>): Take {
  const fields = Object.keys(entries).sort(compareKeys).map((name): Field => {
    const schema = entries[name] as Schema
    const parts = partsOf(schema)
    const optional = parts.type === 'exact_optional' && parts.pipe === undefined && parts.default === undefined
    return { name, encoded: writeCbor(name), optional, take: takeOf(optional ? parts.wrapped : schema) }
  })
  return (reader, depth) => {
    const length = reader.takeHead(5)
    if (length === undefined || depth >= MAX_DEPTH) return REFUSED
    const object: Record<string, unknown> = {}
    let left = length
    for (let i = 0; i < fields.length; i++) {
      const { name, encoded, optional, take } = fields[i] as Field
      if (left > 0 && reader.takeBytes(encoded)) {
        const value = take(reader, depth + 1)
        if (value === REFUSED) return REFUSED
        object[name] = value
        left--
      } else if (!optional) {
        return REFUSED
      }
    }
    return left === 0 ? object : REFUSED
  }
}

/** A map whose text under one key tells which of several shapes it has. */
function takeVariant(schema: Schema, { key, options }: Parts): Take {
  const takes = new Map<unknown, Take>()
  for (const option of options as readonly Schema[]) {
    const { type, entries, pipe } = partsOf(option)
    const discriminator = type === 'strict_object' && pipe === undefined ? entries[key] : undefined
    const { type: kind, literal } = discriminator === undefined ? { type: '', literal: undefined } : partsOf(discriminator)
    if (kind !== 'literal' || typeof literal !== 'string' || takes.has(literal)) return takeAny(schema)
    takes.set(literal, takeOf(option))
  }
  const encoded = writeCbor(key)
  return (reader, depth) => {
    const start = reader.position
    const take = takes.get(textUnder(encoded, reader, depth))
    if (take === undefined) return REFUSED
    reader.position = start
    return take(reader, depth)
  }
}

/** Text under a key of the map that comes next. */
function textUnder(encoded: Uint8Array, reader: Reader, depth: number): string | undefined {
  const length = reader.takeHead(5) ?? 0
  for (let i = 0; i < length; i++) {
    if (reader.takeBytes(encoded)) return reader.takeText()
    reader.value(depth + 1)
    reader.value(depth + 1)
  }
  return undefined
}

function takePiped(schema: Schema, [root, ...actions]: readonly [Schema, ...Parts[]]): Take {
  const checks = actions.map(checkOf)
  if (checks.some((check) => check === undefined)) return takeAny(schema)
  // The first part of a pipe is the schema without the pipe.
  const take = takeOf(root)
  const [first, second] = checks as ((value: never) => boolean)[]
  if (checks.length === 1 && first !== undefined) {
    return (reader, depth) => {
      const value = take(reader, depth)
      return value !== REFUSED && first(value as never) ? value : REFUSED
    }
  }
  if (checks.length === 2 && first !== undefined && second !== undefined) {
    return (reader, depth) => {
      const value = take(reader, depth)
      return value !== REFUSED && first(value as never) && second(value as never) ? value : REFUSED
    }
  }
  return (reader, depth) => {
    const value = take(reader, depth)
    if (value === REFUSED) return REFUSED
    for (let i = 0; i < checks.length; i++) if (!(checks[i] as (value: unknown) => boolean)(value)) return REFUSED
    return value
  }
}

/** What one part of a pipe asks, or undefined where it does more than ask, or is not known here. */
function checkOf({ kind, type, requirement }: Parts): ((value: never) => boolean) | undefined {
  if (kind !== 'validation') return undefined
  const limit = requirement as number
  switch (type) {
    case 'check':
    case 'safe_integer':
      return requirement as (value: never) => boolean
    case 'regex': {
      const pattern = requirement as RegExp
      return pattern.global || pattern.sticky ? undefined : (value: string) => pattern.test(value)
    }
    case 'min_value':
      return (value: number) => value >= limit
    case 'max_value':
      return (value: number) => value <= limit
    case 'min_length':
      return (value: { readonly length: number }) => value.length >= limit
    case 'max_length':
      return (value: { readonly length: number }) => value.length <= limit
    default:
      return undefined
  }
}
